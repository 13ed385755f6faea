/**
 * What a simulated node does all the time: calls, messages, names that come and go, monitors, procedures, services that
 * crash. Everything that is begun is written into the ledger, with what came of it. Between a life and the ledger; the
 * rates are in bounds.ts.
 */
import type { RegistryKey } from '../../cluster/index.ts';
import { formatKey } from '../../cluster/index.ts';
import type { Ref } from '../../runtime/index.ts';
import {
  actionEveryMs,
  calmActionEveryMs,
  calmLoadShares,
  keptRefShare,
  type LoadAction,
  loadShares,
  namesPerNode,
  servicesPerNode,
  sharedNames,
  simPartition,
} from './bounds.ts';
import { insidesOf } from './insides.ts';
import { type CallRecord, lossesOf, type MonitorRecord } from './ledger.ts';
import type { Life } from './life.ts';
import {
  services,
  type WatcherProtocol,
  type WorkerProbe,
  type WorkerProtocol,
  watcher,
  worker,
} from './worker.ts';
import type { World } from './world.ts';

const tenants = ['platform', 'acme', 'globex', 'initech'];

/** What is done how often. */
interface Pace {
  readonly everyMs: number;
  readonly actions: readonly LoadAction[];
  /** Of each action and those before it. */
  readonly sharesUpTo: readonly number[];
}

function paceOf(everyMs: number, shares: { readonly [action in LoadAction]?: number }): Pace {
  const actions = Object.keys(shares) as LoadAction[];
  let upTo = 0;
  const sharesUpTo = actions.map((action) => {
    upTo += shares[action]!;
    return upTo;
  });
  return { everyMs, actions, sharesUpTo };
}

const fullPace = paceOf(actionEveryMs, loadShares);
const calmPace = paceOf(calmActionEveryMs, calmLoadShares);

const changesNames: ReadonlySet<LoadAction> = new Set(['register', 'release', 'update', 'crash', 'monitor']);

export function serviceKey(site: string, place: string): RegistryKey {
  return { tenant: 'platform', partition: simPartition, kind: 'service', id: `${site}/${place}` };
}

export function startLoad(world: World, life: Life): void {
  new Load(world, life).begin();
}

class Load {
  private readonly world: World;
  private readonly life: Life;
  private readonly probe: WorkerProbe;
  private readonly watcher: Ref<WatcherProtocol>;
  private readonly monitors: MonitorRecord[] = [];
  private readonly serviceKeys: RegistryKey[];
  private readonly pace: Pace;
  private numbers = 0;

  constructor(world: World, life: Life) {
    this.world = world;
    this.pace = world.isCalm ? calmPace : fullPace;
    this.life = life;
    this.probe = probeOf(world, life, (ref, role) => this.serviceStarted(ref, role));
    this.watcher = life.node.system.spawn(watcher, (monitor, ref, reason) =>
      this.wentDown(monitor, ref, reason),
    );
    this.serviceKeys = world.sites.flatMap(({ name }) =>
      Array.from({ length: servicesPerNode }, (_, at) => serviceKey(name, `service_${at}`)),
    );
  }

  begin(): void {
    const { node } = this.life;
    node.declare('sim_echo', { access: 'read', run: (value: number) => value });
    node.system.spawn(services(this.probe, servicesPerNode));
    this.later();
  }

  private later(): void {
    this.life.clock.timer(this.pace.everyMs * (0.5 + this.world.random.next()), () => {
      const action = this.chosen();
      if (!this.world.isStill || !changesNames.has(action)) this.act(action);
      this.later();
    });
  }

  private chosen(): LoadAction {
    const { actions, sharesUpTo } = this.pace;
    const at = this.world.random.next() * sharesUpTo.at(-1)!;
    let action = 0;
    while (at >= sharesUpTo[action]!) action += 1;
    return actions[action]!;
  }

  private act(action: LoadAction): void {
    switch (action) {
      case 'call':
        this.callSomebody();
        return;
      case 'tell':
        this.tellSomebody();
        return;
      case 'register':
        this.register();
        return;
      case 'release':
        this.release();
        return;
      case 'update':
        this.update();
        return;
      case 'monitor':
        this.monitorSomebody();
        return;
      case 'procedure':
        this.askProcedure();
        return;
      case 'crash': {
        const [service] = this.life.services.values();
        if (service !== undefined) this.life.node.system.cast(service as Ref<WorkerProtocol>).crash();
        return;
      }
    }
  }

  /** Mostly by name; now and then by a ref that was kept, perhaps of an earlier life. */
  private somebody(): Ref<WorkerProtocol> | null {
    if (this.world.chance(keptRefShare)) {
      const [kept] = this.world.pick(this.world.lives).services.values();
      return (kept as Ref<WorkerProtocol> | undefined) ?? null;
    }
    return this.life.node.names.lookup<WorkerProtocol>(this.world.pick(this.serviceKeys));
  }

  private callSomebody(): void {
    const { world, life } = this;
    const ref = this.somebody();
    if (ref === null) return;
    const timeoutMs = 200 + world.below(2_000);
    const value = ++this.numbers;
    const record = this.asked('call to', ref, ref.node, timeoutMs);
    const methods = life.node.system.call(ref, timeoutMs);
    const answer = world.chance(0.1)
      ? methods.late(ref, value, world.below(2_000))
      : methods.echo(ref, value);
    answer.then(
      (got) => {
        if (got !== value) world.fail(`${life.name} asked ${ref} for ${value} and was answered ${got}`);
        this.ended(record, true);
      },
      () => this.ended(record, false),
    );
  }

  private askProcedure(): void {
    const { world, life } = this;
    const { name } = world.pick(world.sites);
    const link = insidesOf(life.node).mesh.linkTo(name);
    if (link === null) return;
    const timeoutMs = 500 + world.below(1_500);
    const value = ++this.numbers;
    const record = this.asked('procedure at', link.address, name, timeoutMs);
    life.node.procedures.call(link, 'sim_echo', value, timeoutMs).then(
      (got) => {
        if (got !== value) world.fail(`${life.name} asked a procedure for ${value} and was answered ${got}`);
        this.ended(record, true);
      },
      () => this.ended(record, false),
    );
  }

  private asked(what: string, target: Ref | string, to: string, timeoutMs: number): CallRecord {
    const { world, life } = this;
    const record = { life, what, target, to, askedAtMs: world.loop.nowMs, timeoutMs, endedAtMs: null };
    world.ledger.counts.calls += 1;
    world.ledger.openCalls.add(record);
    return record;
  }

  private ended(record: CallRecord, answered: boolean): void {
    const { counts, openCalls } = this.world.ledger;
    record.endedAtMs = this.world.loop.nowMs;
    openCalls.delete(record);
    if (answered) counts.answered += 1;
    else counts.failed += 1;
  }

  private tellSomebody(): void {
    const { world, life } = this;
    const ref = this.somebody();
    if (ref === null) return;
    const name = `${life.name}.${life.boot}>${ref}`;
    let stream = world.ledger.streams.get(name);
    if (stream === undefined) {
      stream = { from: life, to: ref, sent: 0, heard: 0, underWay: [] };
      world.ledger.streams.set(name, stream);
    }
    const sent = life.node.system.cast(ref).tell(ref, life.name, life.boot, stream.sent + 1);
    world.ledger.counts.casts += 1;
    if (!sent) return;
    stream.sent += 1;
    const losses = lossesOf(stream, world.lifeOf(ref.node, ref.boot));
    stream.underWay.push({ sequence: stream.sent, losses, sentAtMs: world.loop.nowMs });
  }

  private register(): void {
    const { world, life } = this;
    const { node } = life;
    if (life.holds.size >= namesPerNode && !world.isCalm) return;
    // Each of a calm history takes a name of its own: one that is taken already would be no registration.
    const shared = !world.isCalm && world.chance(0.2);
    const id = shared ? `shared_${world.below(sharedNames)}` : `own_${life.name}_${++this.numbers}`;
    const key = { tenant: world.pick(tenants), partition: simPartition, kind: shared ? 'shared' : 'own', id };
    const ref = node.system.spawn(worker, this.probe, 'thing');
    this.take(key, ref, { value: 0 });
  }

  /** Takes a name for an actor, or ends the actor when another has it. */
  private take(key: RegistryKey, ref: Ref, metadata: Record<string, number>): void {
    const { world, life } = this;
    const { node } = life;
    try {
      node.names.register(key, ref, metadata);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== 'name_taken' && code !== 'leaving') throw error;
      if (code === 'name_taken' && node.names.lookup(key) === null)
        world.fail(`${life.name}: ${formatKey(key)} is taken by nobody`);
      // Killed, a service would begin anew, and again, as long as its node leaves.
      if (code !== 'leaving' || key.kind !== 'service') node.system.exit(ref, 'kill');
      return;
    }
    world.ledger.counts.names += 1;
    life.hold({ key, ref, metadata });
    void node.system.ended(ref).then((reason) => {
      life.letGo(ref);
      if (reason === 'name_conflict') this.lostName(formatKey(key), node.names.lookup(key));
    });
  }

  private lostName(key: string, winner: Ref | null): void {
    const { world, life } = this;
    const against = winner === null ? undefined : world.lifeOf(winner.node, winner.boot);
    world.ledger.counts.conflicts += 1;
    world.ledger.conflicts.push({ atMs: world.loop.nowMs, key, life, against });
  }

  private serviceStarted(ref: Ref, role: string): void {
    if (role === 'thing') return;
    this.life.services.set(role, ref);
    this.take(serviceKey(this.life.name, role), ref, { value: 0 });
  }

  private release(): void {
    const { world, life } = this;
    const own = [...life.holds.values()].filter(({ key }) => key.kind !== 'service');
    if (own.length < namesPerNode / 2) return;
    const { key, ref } = world.pick(own);
    if (world.chance(0.5)) {
      life.node.names.unregister(key);
      life.holds.delete(formatKey(key));
    }
    life.node.system.exit(ref, world.chance(0.5) ? 'shutdown' : 'kill');
  }

  private update(): void {
    const { world, life } = this;
    const held = [...life.holds.values()];
    if (held.length === 0) return;
    const name = world.pick(held);
    name.metadata = { value: ++this.numbers };
    life.node.names.update(name.key, name.metadata);
  }

  private monitorSomebody(): void {
    const { world, life, monitors } = this;
    const key = this.knownKey();
    const ref = key === null || world.chance(0.5) ? this.somebody() : life.node.names.lookup(key);
    if (ref === null) return;
    life.node.system.cast(this.watcher).watch(ref, (monitor) => {
      const record = { life, monitor, target: ref, sinceMs: world.loop.nowMs, downs: 0, forgotten: false };
      world.ledger.counts.monitors += 1;
      world.ledger.monitors.set(`${life.name}.${life.boot}.${monitor}`, record);
      monitors.push(record);
    });
    if (monitors.length < 12) return;
    const [oldest] = monitors.splice(0, 1);
    oldest!.forgotten = true;
    life.node.system.cast(this.watcher).forget(oldest!.monitor);
  }

  /** A name of another life, as its holder knows it: the registry here may not. */
  private knownKey(): RegistryKey | null {
    const other = this.world.pick(this.world.sites).life;
    if (other === null || other.holds.size === 0) return null;
    return this.world.pick([...other.holds.values()]).key;
  }

  private wentDown(monitor: number, ref: Ref, reason: string): void {
    const { world, life } = this;
    // The answer of a monitor on an actor that is not there comes within the same turn.
    const record = world.ledger.monitors.get(`${life.name}.${life.boot}.${monitor}`);
    world.ledger.counts.downs += 1;
    if (record === undefined) return;
    record.downs += 1;
    world.trace.say(world.loop.nowMs, life.name, `down ${monitor} of ${ref}: ${reason}`);
    if (record.downs > 1) world.fail(`${life.name} was told twice that ${ref} is down`);
    if (record.target.id !== ref.id)
      world.fail(`${life.name}: down of ${ref} for a monitor of ${record.target}`);
  }
}

function probeOf(world: World, life: Life, started: (ref: Ref, role: string) => void): WorkerProbe {
  return {
    started,
    astray: (meant, reached) => world.fail(`a message for ${meant} reached ${reached}`),
    told(target, from, fromBoot, sequence) {
      const { ledger } = world;
      ledger.counts.told += 1;
      const pair = `${life.name}.${life.boot}<${from}`;
      const bootHeard = ledger.bootsHeard.get(pair) ?? 0;
      if (fromBoot < bootHeard)
        world.fail(`${life.name} was told something by boot ${fromBoot} of ${from} after boot ${bootHeard}`);
      ledger.bootsHeard.set(pair, Math.max(bootHeard, fromBoot));
      const stream = ledger.streams.get(`${from}.${fromBoot}>${target}`);
      if (stream === undefined) {
        world.fail(`${target} was told what ${from} never sent`);
        return;
      }
      if (sequence <= stream.heard)
        world.fail(`${target} was told ${sequence} by ${from} after ${stream.heard}: twice or out of order`);
      stream.heard = Math.max(stream.heard, sequence);
      const now = lossesOf(stream, life);
      for (let one = stream.underWay.shift(); one !== undefined; one = stream.underWay.shift()) {
        if (one.sequence >= sequence) break;
        if (one.losses === now)
          world.fail(`${target} was told ${sequence} by ${from}, not ${one.sequence}, and no link was lost`);
      }
    },
  };
}

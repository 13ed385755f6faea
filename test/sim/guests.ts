/**
 * Nodes of a tenant in a simulated cluster that takes them: one keeps to the rules, one has no fence of its own and sends all
 * that a node of ours would. Between the world (which starts and kills them), what the cores hold of two tenants, and
 * the checks; `heard` is everything that reached them.
 */
import { tenantNodeName } from '../../cluster/index.ts';
import type { Connection, DialFailure, Transport } from '../../cluster/transport.ts';
import { defineActor, Ref } from '../../runtime/index.ts';
import { guestActionEveryMs, guestNamesMax, guestStartMs } from './bounds.ts';
import { timerPart } from './event-loop.ts';
import type { Begun } from './faults-lives.ts';
import { startForging } from './guest-forgeries.ts';
import { insidesOf } from './insides.ts';
import type { Life } from './life.ts';
import type { Site, World } from './world.ts';

export const ownTenant = 'abcdefghijkl';
export const otherTenant = 'mnopqrstuvwx';
export const guestAccess = { holds: ['poller', 'topic'], doors: ['scheduler', 'topic'] } as const;
/** None of these may be read on a wire that leads to them. */
const secrets = [otherTenant, 'service_', 'shared_', 'globex', 'initech', 'dyn_', 'row_'].map((text) =>
  Buffer.from(text),
);

interface DoorProtocol {
  start: [];
  call: { echo(value: number): number };
  cast: Record<never, never>;
}
const door = defineActor<null, DoorProtocol>({
  name: 'door',
  init: () => null,
  call: { echo: (_self, value) => value },
  cast: {},
});

export function addGuests(world: World): void {
  for (const id of ['polite', 'hostile']) {
    const name = tenantNodeName(ownTenant, id)!;
    const identity = {
      kind: 'tenant',
      trustDomain: 'sim.local',
      tenantId: ownTenant,
      role: 'poller',
      id,
    } as const;
    const host = world.network.addHost(name, identity);
    const seeds = world.sites.map((site) => site.host.address);
    const index = world.sites.length + world.guests.length;
    const site: Site = {
      index,
      name,
      role: 'poller',
      tenant: ownTenant,
      host,
      seeds,
      life: null,
      bootMax: 0,
      skewMs: 0,
    };
    world.guests.push(site);
    world.loop.put(guestStartMs, timerPart, null, () => {
      if (world.withLoad && site.life === null) world.start(site);
    });
  }
}

/** What a node of ours holds of both tenants: a door, a secret, a topic that is written now and then. */
export function startHost(world: World, { node, clock }: Life): void {
  const at = { partition: 'default', id: node.node };
  for (const tenant of [ownTenant, otherTenant]) {
    node.names.register({ ...at, tenant, kind: 'scheduler' }, node.system.spawn(door), { of: tenant });
    node.names.register({ ...at, tenant, kind: 'writer' }, node.system.spawn(door), { of: tenant });
  }
  const publish = () => {
    for (const tenant of [ownTenant, otherTenant])
      node.topics.publish(node.system, { tenant, name: 'news' }, { tenant });
    clock.timer(guestActionEveryMs * (0.5 + world.random.next()), publish);
  };
  publish();
}

export function startGuest(world: World, life: Life): void {
  const { node } = life;
  const isHostile = life.site.name.endsWith('hostile');
  if (isHostile) {
    openFence(life);
    startForging(world, life);
  }
  const topics = [ownTenant, ...(isHostile ? [otherTenant] : [])];
  for (const tenant of topics) {
    const heard = (message: unknown) => {
      world.guestCounts.news += 1;
      const of = (message as { tenant?: string }).tenant;
      if (of !== ownTenant) world.fail(`${life.name} heard news of ${of}`);
    };
    node.topics.subscribe({ tenant, name: 'news' }, heard, new AbortController().signal);
  }
  let last = 0;
  const act = () => {
    last += 1;
    if (isHostile && world.chance(0.5)) attack(world, life, last);
    else if (last < guestNamesMax) {
      const key = { tenant: ownTenant, partition: 'default', kind: 'poller', id: `${life.name}/${last}` };
      node.names.register(key, node.system.spawn(door), {});
    } else knock(world, life, last);
    life.clock.timer(guestActionEveryMs * (0.5 + world.random.next()), act);
  };
  act();
}

/** A call to one of its tenant's doors. */
function knock(world: World, { node }: Life, value: number): void {
  const doors = node.names.list({ tenant: ownTenant, kind: 'scheduler' });
  if (doors.length === 0) return;
  const ref = world.pick(doors).ref as Ref<DoorProtocol>;
  node.system
    .call(ref, 2_000)
    .echo(value)
    .then(
      () => {
        world.guestCounts.answered += 1;
      },
      () => {},
    );
}

/** Names of others, and messages to actors that it was never told of. */
function attack(world: World, { node, name }: Life, at: number): void {
  const victim = world.pick(world.sites).life;
  if (victim === null) return;
  if (world.chance(0.3)) {
    const tenant = world.pick([otherTenant, 'platform']);
    const key = { tenant, partition: 'default', kind: 'poller', id: `${name}/${at}` };
    node.names.register(key, node.system.spawn(door), {});
    return;
  }
  const target = world.pick([...victim.node.names.list({ tenant: otherTenant, node: victim.name })])?.ref;
  if (target === undefined) return;
  const ref = new Ref<DoorProtocol>(target.node, target.boot, target.id);
  node.system
    .call(ref, 1_000)
    .echo(at)
    .then(
      () => world.fail(`${name} was answered by ${ref}, which is another tenant's`),
      () => {},
    );
}

/** It takes ours for nodes of its own, and tells them all that such are told. */
function openFence({ node }: Life): void {
  const { options } = insidesOf(node).mesh as unknown as { options: { fences: { of(): null } } };
  options.fences.of = () => null;
}

/** Killed, cut off from one of ours, or both; it comes again. */
export function troubleGuest(world: World): Begun | null {
  if (world.guests.length === 0) return null;
  const site = world.pick(world.guests);
  const { life } = site;
  if (life === null) return null;
  const forMs = 500 + world.random.next() * 8_000;
  if (world.chance(0.5)) {
    world.crash(life, world.chance(0.7));
    return { forMs, end: () => void (site.life === null && world.start(site)) };
  }
  const { network } = world;
  const other = world.pick(world.sites);
  const told = world.disturb('path cut', site.name, other.name, forMs);
  network.cut(site.host, other.host);
  network.cut(other.host, site.host);
  return {
    forMs,
    end() {
      told.toMs = world.loop.nowMs;
      network.heal(site.host, other.host);
      network.heal(other.host, site.host);
    },
  };
}

/** Reads along: what comes to a tenant's node is looked through for what it must never see. */
export class GuestTransport implements Transport {
  private readonly transport: Transport;
  private readonly found: (secret: string, from: string) => void;

  constructor(transport: Transport, found: (secret: string, from: string) => void) {
    this.transport = transport;
    this.found = found;
  }

  listen(onConnection: (connection: Connection) => void): Promise<string> {
    return this.transport.listen((connection) => onConnection(this.overheard(connection)));
  }

  dial(
    address: string,
    onConnection: (connection: Connection) => void,
    onFailure: (failure: DialFailure) => void,
  ): void {
    this.transport.dial(address, (connection) => onConnection(this.overheard(connection)), onFailure);
  }

  trustVersion(): number {
    return this.transport.trustVersion();
  }

  credentialVersion(): number {
    return this.transport.credentialVersion();
  }

  close(): Promise<void> {
    return this.transport.close();
  }

  private overheard(connection: Connection): Connection {
    const handle = connection.handle.bind(connection);
    const { peer } = connection;
    const from = peer.ok ? peer.identity : null;
    connection.handle = (handlers) =>
      handle({
        data: (chunk) => {
          if (from?.kind === 'node')
            for (const secret of secrets)
              if (chunk.includes(secret)) this.found(secret.toString(), from.name);
          handlers.data(chunk);
        },
        drained: () => handlers.drained(),
        closed: (reason) => handlers.closed(reason),
      });
    return connection;
  }
}

/**
 * One node of the fleet tests, a process of its own: joins over mTLS on loopback, holds names, runs supervised children, calls
 * whatever it sees and tries each call that failed once more, and tells what it saw and when. Driven by messages of its
 * parent, and ends with it. It judges nothing.
 */
import { obeyOrders } from '../../bench/obey-orders.ts';
import type { Credential } from '../../certs/index.ts';
import { type RegistryKey, type RunningNode, startNode } from '../../cluster/index.ts';
import { defineActor, messageOf, type Ref, systemClock } from '../../runtime/index.ts';
import { hashOfNames } from './fleet-names.ts';

export type FleetOrder =
  | {
      readonly type: 'start';
      readonly credential: Credential;
      readonly listen: string;
      readonly seeds: readonly string[];
      /** Is a place for supervised children. */
      readonly serves: boolean;
    }
  /** Takes these names, with an actor for each; the answer is `done` when they are all taken here. */
  | { readonly type: 'take'; readonly ids: readonly string[] }
  | { readonly type: 'start_children'; readonly ids: readonly string[] }
  /** Calls them one after the other from now on, so many every 20 ms. None: no more. */
  | { readonly type: 'load'; readonly ids: readonly string[]; readonly perTick: number }
  | { readonly type: 'look' }
  /** All names that it sees. */
  | { readonly type: 'names' }
  /** Hands over, leaves, and ends with status 0. */
  | { readonly type: 'leave' };

/** Times are the machine's wall clock in milliseconds, so that those of several processes compare. */
export interface FleetSight {
  readonly type: 'sight';
  readonly members: Readonly<Record<string, string>>;
  readonly log: readonly Line[];
  readonly calls: FleetCalls;
  readonly lives: readonly Life[];
  readonly namesCount: number;
  /** Of all names that it sees with where they lead, as `hashOfNames`. */
  readonly namesHash: string;
}

export interface Line {
  readonly atMs: number;
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An actor with a name, here, from its `init` to its `terminate`. */
export interface Life {
  readonly id: string;
  readonly fromMs: number;
  toMs: number | null;
  reason: string | null;
}

export interface FleetCalls {
  readonly made: number;
  readonly answered: number;
  /** By code: the first try of a call failed. */
  readonly failed: Readonly<Record<string, number>>;
  /** The second try failed too: the name, the code and when. */
  readonly lost: readonly string[];
  readonly pending: number;
}

export type FleetReport =
  | { readonly type: 'started'; readonly address: string }
  | { readonly type: 'done' }
  | FleetSight
  | { readonly type: 'names'; readonly names: readonly (readonly [id: string, node: string])[] }
  | { readonly type: 'failed'; readonly reason: string };

interface Protocol {
  start: [id: string];
  call: { ping(): string };
  cast: Record<never, never>;
}

const callMs = 5_000;
const loadEveryMs = 20;
const startChildrenMs = 120_000;
const lostToldMax = 20;
const kind = 'fleet_child';
const clock = systemClock();
const log: Line[] = [];
const lives: Life[] = [];
let node: RunningNode;

const keyOf = (id: string): RegistryKey =>
  id.startsWith('child ')
    ? { tenant: 'platform', partition: 'default', kind, id }
    : { tenant: 'platform', partition: 'default', kind: 'fleet_thing', id };

const thing = defineActor<Life, Protocol>({
  name: kind,
  trapExit: true,
  init(_self, id) {
    const life: Life = { id, fromMs: clock.wallMs(), toMs: null, reason: null };
    lives.push(life);
    return life;
  },
  call: { ping: (self) => self.state.id },
  cast: {},
  info(self, info) {
    if (info.type === 'exit') self.stop(info.reason);
  },
  terminate(self, reason) {
    self.state.toMs = clock.wallMs();
    self.state.reason = String(reason);
  },
});

let wanted: readonly string[] = [];
let next = 0;
let cancelLoad: () => void = () => {};
let pending = 0;
const calls = { made: 0, answered: 0 };
const failed: Record<string, number> = {};
const lost: string[] = [];

const codeOf = (error: unknown) => String((error as { code?: unknown }).code ?? messageOf(error));

async function ping(id: string, ref: Ref<Protocol> | null): Promise<void> {
  if (ref === null) throw Object.assign(new Error(id), { code: 'unseen' });
  const answer = await node.system.call(ref, callMs).ping();
  if (answer !== id) throw Object.assign(new Error(id), { code: 'wrong_actor' });
  calls.answered++;
}

/** As a program should: what fails is tried once more, of whoever has the name then. */
async function callOne(id: string): Promise<void> {
  calls.made++;
  pending++;
  try {
    await ping(id, node.names.lookup<Protocol>(keyOf(id))).catch(async (error: unknown) => {
      const first = codeOf(error);
      failed[first] = (failed[first] ?? 0) + 1;
      await node
        .find<Protocol>(keyOf(id))
        .then((ref) => ping(id, ref))
        .catch((again: unknown) => {
          const at = new Date(clock.wallMs()).toISOString();
          if (lost.length < lostToldMax) lost.push(`${at} ${id}: ${first}, then ${codeOf(again)}`);
        });
    });
  } finally {
    pending--;
  }
}

function load(perTick: number): void {
  cancelLoad();
  if (wanted.length === 0) return;
  cancelLoad = clock.timer(loadEveryMs, () => {
    for (let n = 0; n < perTick; n++) void callOne(wanted[next++ % wanted.length]!);
    load(perTick);
  });
}

async function start(order: FleetOrder & { type: 'start' }): Promise<FleetReport> {
  const { credential, listen, seeds } = order;
  node = await startNode({
    credential,
    listen,
    seeds,
    log: (level, message, fields) => log.push({ atMs: clock.wallMs(), level, message, fields }),
  });
  if (order.serves) await node.supervisor.serve({ [kind]: { definition: thing } });
  return { type: 'started', address: node.address };
}

function names(): (readonly [id: string, node: string])[] {
  return ['fleet_thing', kind].flatMap((one) =>
    node.names.list({ kind: one }).map((entry) => [entry.key.id, entry.node] as const),
  );
}

function look(): FleetSight {
  const seen = names();
  return {
    type: 'sight',
    members: Object.fromEntries(node.members.list().map(({ name, status }) => [name, status])),
    log,
    calls: { ...calls, failed, lost, pending },
    lives,
    namesCount: seen.length,
    namesHash: hashOfNames(seen),
  };
}

async function obey(order: FleetOrder): Promise<FleetReport> {
  switch (order.type) {
    case 'start':
      return await start(order);
    case 'take':
      for (const id of order.ids) node.names.register(keyOf(id), node.system.spawn(thing, id), {});
      return { type: 'done' };
    case 'start_children': {
      const specs = order.ids.map((id) => ({ id, kind, role: 'core', args: [id] }));
      await Promise.all(specs.map((spec) => node.supervisor.start(spec, startChildrenMs)));
      return { type: 'done' };
    }
    case 'load':
      wanted = order.ids;
      load(order.perTick);
      return { type: 'done' };
    case 'look':
      return look();
    case 'names':
      return { type: 'names', names: names() };
    case 'leave':
      await node.stop();
      return process.exit(0);
  }
}

obeyOrders(obey);

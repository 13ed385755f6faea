/**
 * One node of the split tests, a process of its own in a network namespace: joins over mTLS, holds names, runs supervised
 * children, holds tenants of a database, calls whatever it sees, and tells what it sees. Driven by messages of its parent,
 * and ends with it. It judges nothing.
 */
import { obeyOrders } from '../../bench/obey-orders.ts';
import type { Credential } from '../../certs/index.ts';
import {
  type Coordinator,
  type Members,
  type NameEvent,
  type RegistryKey,
  type RunningNode,
  startNode,
} from '../../cluster/index.ts';
import { defineActor, messageOf, systemClock } from '../../runtime/index.ts';
import { type HolderOrder, SplitHolder, type Writes } from './split-holder.ts';

export interface StartOrder {
  readonly type: 'start';
  readonly credential: Credential;
  readonly listen: string;
  readonly seeds: readonly string[];
  readonly holder: HolderOrder | null;
}

export type SplitOrder =
  | StartOrder
  /** Takes these names, with an actor for each; the answer is `done` when they are all taken here. */
  | { readonly type: 'take'; readonly ids: readonly string[] }
  | { readonly type: 'start_children'; readonly ids: readonly string[] }
  /** Calls them one after the other from now on. None: no more. */
  | { readonly type: 'load'; readonly ids: readonly string[]; readonly perSecond: number }
  /** Whether its holder of tenants renews its session and takes leases. One that is stubborn does not, and writes on. */
  | { readonly type: 'stubborn'; readonly on: boolean }
  /** The flight record of this node, as the lines of a file. */
  | { readonly type: 'record' }
  /** `names`: also all that it sees and all that lives here. */
  | { readonly type: 'look'; readonly names: boolean };

/** Times are the machine's wall clock in milliseconds, so that those of several processes compare. */
export interface Sight {
  readonly type: 'sight';
  readonly node: string;
  readonly atMs: number;
  readonly members: Readonly<Record<string, string>>;
  /** When each was heard from last. */
  readonly seenMs: Readonly<Record<string, number>>;
  readonly coordinator: Coordinator;
  readonly split: ReturnType<Members['split']>;
  readonly log: readonly Line[];
  readonly calls: Calls;
  readonly writes: Writes | null;
  /** When a member last came up, and when an actor last began or ended here or a name changed. */
  readonly metAtMs: number;
  readonly changedAtMs: number;
  /** What that was. */
  readonly changed: string;
  /** Where each name leads, as seen here. */
  readonly names: readonly (readonly [id: string, node: string])[];
  /** Of the living actors here, one for each. */
  readonly living: readonly string[];
  /** Of actors that ended, with the reason. */
  readonly ended: readonly (readonly [id: string, reason: string])[];
}

export interface Line {
  readonly atMs: number;
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Calls {
  readonly made: number;
  readonly answered: number;
  /** By code. */
  readonly failed: Readonly<Record<string, number>>;
  readonly pending: number;
  readonly oldestMs: number;
}

export type SplitReport =
  | { readonly type: 'started'; readonly address: string }
  | { readonly type: 'done' }
  | { readonly type: 'recorded'; readonly lines: readonly string[] }
  | Sight
  | { readonly type: 'failed'; readonly reason: string };

interface Protocol {
  start: [id: string];
  call: { ping(): string };
  cast: Record<never, never>;
}

const callMs = 3_000;
const loadEveryMs = 10;
/** A process that was stopped does not make up for all of it at once. */
const loadBehindMsMax = 200;
const startChildrenMs = 120_000;
const kind = 'split_child';
const clock = systemClock();
const log: Line[] = [];
const living: string[] = [];
const ended: [string, string][] = [];
let changedAtMs = 0;
let changed = '';
const note = (what: string) => {
  changedAtMs = clock.wallMs();
  changed = what;
};
let metAtMs = 0;
let node: RunningNode;
let holder: SplitHolder | null = null;
const keyOf = (id: string): RegistryKey =>
  id.startsWith('child ')
    ? { tenant: 'platform', partition: 'default', kind, id }
    : { tenant: 'platform', partition: 'default', kind: 'thing', id };

const thing = defineActor<string, Protocol>({
  name: kind,
  trapExit: true,
  init(_self, id) {
    living.push(id);
    note(`${id} began`);
    return id;
  },
  call: { ping: (self) => self.state },
  cast: {},
  info(self, info) {
    if (info.type === 'exit') self.stop(info.reason);
  },
  terminate(self, reason) {
    living.splice(living.indexOf(self.state), 1);
    ended.push([self.state, String(reason)]);
    note(`${self.state} ended: ${reason}`);
  },
});

async function start({ credential, listen, seeds, holder: held }: StartOrder): Promise<SplitReport> {
  node = await startNode({
    credential,
    listen,
    seeds,
    log: (level, message, fields) => log.push({ atMs: clock.wallMs(), level, message, fields }),
  });
  const forEver = new AbortController().signal;
  for (const watched of ['thing', kind]) {
    const seen = ({ type, entry }: NameEvent) => note(`${entry.key.id} ${type} on ${entry.node}`);
    node.names.watch({ kind: watched }, seen, forEver);
  }
  let live = 0;
  node.members.watch(() => {
    const now = node.members.list().filter(({ status }) => status === 'up').length;
    if (now > live) metAtMs = clock.wallMs();
    live = now;
  }, forEver);
  if (held !== null) {
    holder = new SplitHolder(node, clock, held);
    holder.begin();
  }
  await node.supervisor.serve({ [kind]: { definition: thing } });
  return { type: 'started', address: node.address };
}

let wanted: readonly string[] = [];
let next = 0;
let cancelLoad: () => void = () => {};
const pending = new Map<number, number>();
const calls = { made: 0, answered: 0 };
const failed: Record<string, number> = {};

async function callOne(id: string): Promise<void> {
  const at = calls.made++;
  pending.set(at, clock.monotonicMs());
  try {
    const ref = node.names.lookup<Protocol>(keyOf(id));
    if (ref === null) throw Object.assign(new Error(id), { code: 'unseen' });
    const answer = await node.system.call(ref, callMs).ping();
    if (answer !== id) throw Object.assign(new Error(id), { code: 'wrong_actor' });
    calls.answered++;
  } catch (error) {
    const code = String((error as { code?: unknown }).code ?? messageOf(error));
    failed[code] = (failed[code] ?? 0) + 1;
  } finally {
    pending.delete(at);
  }
}

function load(perSecond: number): void {
  cancelLoad();
  if (wanted.length === 0) return;
  let sinceMs = clock.monotonicMs();
  const tick = () => {
    const nowMs = clock.monotonicMs();
    sinceMs = Math.max(sinceMs, nowMs - loadBehindMsMax);
    const count = Math.floor(((nowMs - sinceMs) * perSecond) / 1_000);
    sinceMs += (count * 1_000) / perSecond;
    for (let n = 0; n < count; n++) void callOne(wanted[next++ % wanted.length]!);
    cancelLoad = clock.timer(loadEveryMs, tick);
  };
  tick();
}

function look(withNames: boolean): Sight {
  const nowMs = clock.monotonicMs();
  const entries = withNames ? ['thing', kind].flatMap((one) => node.names.list({ kind: one })) : [];
  return {
    type: 'sight',
    node: node.node,
    atMs: clock.wallMs(),
    members: Object.fromEntries(node.members.list().map(({ name, status }) => [name, status])),
    seenMs: Object.fromEntries(node.members.list().map(({ name, lastSeenMs }) => [name, lastSeenMs])),
    coordinator: node.coordinator(),
    split: node.members.split(),
    log,
    calls: {
      ...calls,
      failed,
      pending: pending.size,
      oldestMs: Math.max(0, ...[...pending.values()].map((sinceMs) => nowMs - sinceMs)),
    },
    writes: holder?.writes ?? null,
    metAtMs,
    changedAtMs,
    changed,
    names: entries.map((entry) => [entry.key.id, entry.node] as const),
    living: withNames ? living : [],
    ended,
  };
}

async function obey(order: SplitOrder): Promise<SplitReport> {
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
      load(order.perSecond);
      return { type: 'done' };
    case 'stubborn':
      if (holder !== null) holder.stubborn = order.on;
      return { type: 'done' };
    case 'record':
      return { type: 'recorded', lines: node.record() };
    case 'look':
      return look(order.names);
  }
}

obeyOrders(obey);

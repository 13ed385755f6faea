/**
 * One node of the benches of supervised children, a process of its own: joins over mTLS, runs children, starts and stops
 * them when told, counts them, and can be cut off from others by a switch in its transport. Driven by messages of its
 * parent, and ends with it.
 */

import type { Credential } from '../../certs/index.ts';
import type { ClusterNode, Connection, Transport } from '../../cluster/index.ts';
import { defineActor, systemClock } from '../../runtime/index.ts';
import { settleTimeoutMs } from '../limits.ts';
import { obeyOrders } from '../obey-orders.ts';
import { benchNode } from './bench-node.ts';

export interface NodeOrder {
  readonly type: 'start';
  readonly name: string;
  readonly trustDomain: string;
  readonly credential: Credential;
  readonly listen: string;
  readonly seeds: readonly string[];
  /** Wanted from the start, too, when the node is one that comes back. */
  readonly members: number;
}

export type SupervisorOrder =
  | NodeOrder
  /** Starts these children all at once; answers when each runs and is found by name here. */
  | { readonly type: 'start_children'; readonly first: number; readonly count: number }
  | { readonly type: 'stop_children'; readonly first: number; readonly count: number }
  /** Answers when this node sees so many children run, none of them on `except`, each where it belongs if `placed`. */
  | {
      readonly type: 'await_children';
      readonly count: number;
      readonly except: string | null;
      readonly placed: boolean;
    }
  | { readonly type: 'count' }
  /** Ends the links to these nodes and takes none; with nobody: no more. Answers at once. */
  | { readonly type: 'cut'; readonly from: readonly string[] };

/** Times are the machine's, in milliseconds, so that those of several processes compare. */
export type SupervisorReport =
  | { readonly type: 'started'; readonly address: string }
  | { readonly type: 'elapsed'; readonly elapsedMs: number }
  | { readonly type: 'children'; readonly atMs: number }
  | {
      readonly type: 'counted';
      /** Living actors here, and names that are seen. */
      readonly actors: number;
      readonly names: number;
      /** When an actor last ended or started here or a name changed, and when a node last came up. */
      readonly changedAtMs: number;
      readonly metAtMs: number;
    }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly reason: string };

interface ChildProtocol {
  start: [];
  call: { ping(): number };
  cast: Record<never, never>;
}

const clock = systemClock();
const kind = 'bench_child';
let actors = 0;
let changedAtMs = 0;
let metAtMs = 0;
const changed = () => {
  changedAtMs = clock.wallMs();
};

const child = defineActor<null, ChildProtocol>({
  name: kind,
  trapExit: true,
  init() {
    actors += 1;
    changed();
    return null;
  },
  call: { ping: () => 0 },
  cast: {},
  terminate() {
    actors -= 1;
    changed();
  },
});

let node: ClusterNode;
let apart: ReadonlySet<string> = new Set();
const connections = new Set<Connection>();
/** Where each name that is seen leads. */
const places = new Map<string, string>();
const byNode = new Map<string, number>();
let onChange: () => void = () => {};

/** A node that is cut off neither keeps, takes nor makes connections to the others: as a network between them would. */
function switched(transport: Transport): Transport {
  const nameOf = (connection: Connection) =>
    connection.peer.ok && connection.peer.identity.kind === 'node' ? connection.peer.identity.name : '';
  const taken = (connection: Connection, take: (connection: Connection) => void) => {
    if (apart.has(nameOf(connection))) {
      connection.close(false);
      return false;
    }
    connections.add(connection);
    take(connection);
    return true;
  };
  return {
    listen: (onConnection) => transport.listen((connection) => void taken(connection, onConnection)),
    dial: (address, onConnection, onFailure) =>
      transport.dial(
        address,
        (connection) => {
          if (!taken(connection, onConnection)) onFailure({ code: 'unreachable', detail: 'cut off' });
        },
        onFailure,
      ),
    trustVersion: () => transport.trustVersion(),
    credentialVersion: () => transport.credentialVersion(),
    close: () => transport.close(),
  };
}

async function start(order: NodeOrder): Promise<SupervisorReport> {
  node = benchNode({ ...order, told: ['error'], through: switched });
  const forEver = new AbortController().signal;
  node.names.watch(
    { kind },
    ({ type, entry }) => placed(entry.key.id, type === 'removed' ? null : entry.node),
    forEver,
  );
  let live = 0;
  node.members.watch(() => {
    const now = node.members.live('core').length;
    if (now > live) metAtMs = clock.wallMs();
    live = now;
  }, forEver);
  const address = await node.start();
  await node.supervisor.serve({ [kind]: { definition: child } });
  await until(() => node.members.live('core').length >= order.members, 'members');
  return { type: 'started', address };
}

function placed(id: string, at: string | null): void {
  changed();
  const before = places.get(id);
  if (before !== undefined) byNode.set(before, byNode.get(before)! - 1);
  if (at === null) places.delete(id);
  else {
    places.set(id, at);
    byNode.set(at, (byNode.get(at) ?? 0) + 1);
  }
  onChange();
}

/** Looked at after each change of a name, and now and then for what no name tells. */
async function until(holds: () => boolean, what: string): Promise<void> {
  if (holds()) return;
  await new Promise<void>((resolve, reject) => {
    const end = (act: () => void) => {
      onChange = () => {};
      cancelLook();
      cancelLate();
      act();
    };
    const look = () => {
      if (holds()) end(resolve);
    };
    let cancelLook = () => {};
    const again = () => {
      cancelLook = clock.timer(10, () => {
        again();
        look();
      });
    };
    const told = () => JSON.stringify({ names: places.size, byNode: [...byNode] });
    const cancelLate = clock.timer(settleTimeoutMs, () =>
      end(() => reject(new Error(`${node.node}: no ${what} within ${settleTimeoutMs} ms: ${told()}`))),
    );
    onChange = look;
    again();
  });
}

const idsOf = (first: number, count: number) => Array.from({ length: count }, (_, n) => `child ${first + n}`);

async function obey(order: SupervisorOrder): Promise<SupervisorReport> {
  const startMs = performance.now();
  switch (order.type) {
    case 'start':
      return await start(order);
    case 'start_children': {
      const { supervisor } = node;
      const specs = idsOf(order.first, order.count).map((id) => ({ id, kind, role: 'core', args: [] }));
      await Promise.all(specs.map((spec) => supervisor.start(spec, settleTimeoutMs)));
      return { type: 'elapsed', elapsedMs: performance.now() - startMs };
    }
    case 'stop_children':
      await Promise.all(
        idsOf(order.first, order.count).map((id) => node.supervisor.stop(id, settleTimeoutMs)),
      );
      return { type: 'elapsed', elapsedMs: performance.now() - startMs };
    case 'await_children': {
      const { count, except } = order;
      const isAll = () => places.size === count && (except === null || (byNode.get(except) ?? 0) === 0);
      await until(isAll, 'children');
      const atMs = clock.wallMs();
      const isPlaced = () =>
        isAll() &&
        node.supervisor.list(kind).every((row) => row.node === row.owner && row.state === 'running');
      if (order.placed) await until(isPlaced, 'children where they belong');
      return { type: 'children', atMs };
    }
    case 'count':
      return { type: 'counted', actors, names: places.size, changedAtMs, metAtMs };
    case 'cut':
      apart = new Set(order.from);
      for (const connection of connections) {
        const { peer } = connection;
        if (peer.ok && peer.identity.kind === 'node' && apart.has(peer.identity.name))
          connection.close(false);
      }
      return { type: 'done' };
  }
}

obeyOrders(obey);

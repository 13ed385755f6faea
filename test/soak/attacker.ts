/**
 * A process of the soak of attacks: a core with the doors of two tenants, a tenant's node that calls its tenant's doors and
 * measures, or one that attacks. Told by its parent what to be; ends with it.
 */
import type { Credential } from '../../certs/index.ts';
import { actorCodec, type RunningNode, startNode } from '../../cluster/index.ts';
import { fencedDeltaEntriesMax, fencedNamesMax } from '../../cluster/limits.ts';
import { FreePeer } from '../../cluster/testing/free-peer.ts';
import { defineActor, Ref } from '../../runtime/index.ts';

/** `refused`: what no tenant's node may send; the others may be sent, and no link is closed for one of them. */
export type AttackManner = 'refused' | 'casts' | 'calls' | 'names' | 'renewals' | 'silence';

export interface CoreReport {
  readonly address: string;
  readonly boot: number;
  /** Ids of the doors' actors by tenant. */
  readonly doors: Readonly<Record<string, number>>;
}

export interface Trips {
  readonly p50: number;
  readonly p99: number;
  readonly calls: number;
}

export interface TripsReport {
  readonly attacked: Trips;
  readonly quiet: Trips;
}

export type AttackOrder =
  | { readonly type: 'core'; readonly credential: Credential; readonly tenants: readonly string[] }
  | {
      readonly type: 'call';
      readonly credential: Credential;
      readonly tenant: string;
      /** The one that is attacked, and the one that is not. */
      readonly cores: readonly CoreReport[];
      readonly forMs: number;
    }
  | {
      readonly type: 'attack';
      readonly manner: AttackManner;
      readonly credential: Credential;
      readonly tenant: string;
      readonly core: CoreReport;
      readonly forMs: number;
    };

interface DoorProtocol {
  start: [];
  call: { echo(value: unknown): unknown };
  cast: { note(value: unknown): void };
}

const door = defineActor<null, DoorProtocol>({
  name: 'door',
  mailboxMessagesMax: 64,
  init: () => null,
  call: { echo: (_self, value) => value },
  cast: { note() {} },
});
const listen = '127.0.0.1:0';
const keyOf = (tenant: string) => ({ tenant, partition: 'default', kind: 'door', id: 'x' });

process.on('disconnect', () => process.exit(0));
process.on('message', (order: AttackOrder) => {
  const answer = order.type === 'core' ? core(order) : order.type === 'call' ? call(order) : attack(order);
  void answer.then((report) => process.send?.(report));
});

async function core({ credential, tenants }: AttackOrder & { type: 'core' }): Promise<CoreReport> {
  const node = await startNode({
    ...{ credential, listen, tenantAccess: { holds: ['agent'], doors: ['door'] } },
    log(_level, message, { rule, refused: count }) {
      if (message === 'the tenant fence refused') process.send?.({ rule, count });
    },
  });
  const doors = tenants.map((tenant) => {
    const ref = node.system.spawn(door) as Ref<DoorProtocol>;
    node.names.register(keyOf(tenant), ref, {});
    return [tenant, ref.id];
  });
  return { address: node.address, boot: node.boot, doors: Object.fromEntries(doors) };
}

interface Line {
  readonly node: RunningNode;
  readonly ref: Ref<DoorProtocol>;
}

let lines: Line[] | null = null;

async function call({
  credential,
  cores,
  tenant,
  forMs,
}: AttackOrder & { type: 'call' }): Promise<TripsReport> {
  lines ??= await Promise.all(
    cores.map(async ({ address }) => {
      const node = await startNode({ credential, listen, seeds: [address] });
      return { node, ref: await node.find<DoorProtocol>(keyOf(tenant)) };
    }),
  );
  const trips: [number[], number[]] = [[], []];
  const endMs = performance.now() + forMs;
  for (let at = 0; performance.now() < endMs; at = 1 - at) {
    const { node, ref } = lines[at]!;
    const begunMs = performance.now();
    await node.system.call(ref).echo(1);
    trips[at]!.push(performance.now() - begunMs);
    // As a tenant that works: now and then, not as fast as it can.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return { attacked: tripsOf(trips[0]), quiet: tripsOf(trips[1]) };
}

function tripsOf(trips: number[]): Trips {
  trips.sort((a, b) => a - b);
  const at = (part: number) => trips[Math.floor((trips.length - 1) * part)]!;
  return { p50: at(0.5), p99: at(0.99), calls: trips.length };
}

/** Of the attacking node: each connection is a later life. */
let life = 0;

/** Connects again as often as it is shut out, and sends as fast as it is read. */
async function attack(order: AttackOrder & { type: 'attack' }): Promise<object> {
  const { credential, core: target, forMs } = order;
  const endMs = performance.now() + forMs;
  for (life += 1; performance.now() < endMs; life += 1) {
    const peer = await FreePeer.connect(credential, target.address, life).catch(() => null);
    // A turn, also when nobody takes the connection.
    await new Promise((resolve) => setImmediate(resolve));
    if (peer === null) continue;
    await peer.until(() => peer.isClosed || peer.of('heartbeat').length > 0);
    for (let round = 0; !peer.isClosed && performance.now() < endMs; round += 1) {
      for (let at = 0; at < 20; at += 1) manners[order.manner](peer, order, round * 20 + at);
      await peer.taken();
    }
    peer.end();
  }
  return {};
}

const codec = actorCodec();
const large = codec.encode(['note', [new Uint8Array(60_000)]]);

type Attack = AttackOrder & { type: 'attack' };

/** One turn of each attack. */
const manners: Record<AttackManner, (peer: FreePeer, order: Attack, at: number) => void> = {
  refused: (peer, { core: { boot } }, at) =>
    peer.routed('call', { toBoot: boot, toId: at % 20, callId: at }, ['echo', [at]]),
  casts(peer, { core: { boot, doors }, tenant }, at) {
    peer.routed('cast', { toBoot: boot, toId: doors[tenant]! }, ['note', [at]]);
    peer.routedBytes('cast', { toBoot: boot, toId: doors[tenant]! }, large);
  },
  calls: (peer, { core: { boot, doors }, tenant }, at) =>
    peer.routed('call', { toBoot: boot, toId: doors[tenant]!, fromId: 1, callId: at }, ['echo', [at]]),
  names(peer, { tenant }, at) {
    const origin = `${tenant}.evil`;
    const from = at * fencedDeltaEntriesMax;
    const rows = Array.from({ length: fencedDeltaEntriesMax }, (_, row) => {
      const sequence = from + row + 1;
      const id = `n${sequence % fencedNamesMax}`;
      return ['default', 'agent', id, new Ref(origin, peer.boot, 1), { at }, sequence, 1, false];
    });
    const told = codec.encode([from, from + fencedDeltaEntriesMax, 0, rows, []]);
    peer.control('registry_delta', { boot: peer.boot, origin, tenant }, told);
  },
  renewals: (peer) => peer.renewal(),
  // Only comes, and goes at once.
  silence: (peer) => peer.end(),
};

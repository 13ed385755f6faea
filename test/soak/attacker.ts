/**
 * A process of a tenant's node for the soak: one that calls its tenant's door and measures, or one that attacks. Told by its
 * parent what to do; ends with it.
 */
import type { Credential } from '../../certs/index.ts';
import { actorCodec, type RegistryKey, type RunningNode, startNode } from '../../cluster/index.ts';
import { FreePeer } from '../../cluster/testing/free-peer.ts';
import type { Ref } from '../../runtime/index.ts';
import type { DoorProtocol } from './attack.ts';

export interface AttackOrder {
  /** `spin`: uses a processor and sends nothing, to tell the attack from the load of its own process. */
  readonly type: 'call' | 'again' | 'attack' | 'spin';
  readonly credential: Credential;
  readonly address: string;
  readonly boot: number;
  readonly key: RegistryKey;
  readonly door: number;
  readonly forMs: number;
}

let node: RunningNode | null = null;
let found: Ref<DoorProtocol> | null = null;

process.on('disconnect', () => process.exit(0));
process.on('message', (order: AttackOrder) => {
  if (order.type === 'attack') void attack(order);
  else if (order.type === 'spin') void spin(order.forMs);
  else void call(order).then((trips) => process.send?.(trips));
});

async function call({ type, credential, address, key, forMs }: AttackOrder) {
  if (type === 'call') {
    node = await startNode({ credential, listen: '127.0.0.1:0', seeds: [address] });
    found = await node.find<DoorProtocol>(key);
  }
  const trips: number[] = [];
  const endMs = performance.now() + forMs;
  for (let nowMs = performance.now(); nowMs < endMs; ) {
    await node!.system.call(found!).echo(1);
    const doneMs = performance.now();
    trips.push(doneMs - nowMs);
    nowMs = doneMs;
    // As a tenant that works: now and then, not as fast as it can.
    await new Promise((resolve) => setTimeout(resolve, 1));
    nowMs = performance.now();
  }
  trips.sort((a, b) => a - b);
  const at = (part: number) => trips[Math.floor((trips.length - 1) * part)]!;
  return { p50: at(0.5), p99: at(0.99), calls: trips.length };
}

async function spin(forMs: number): Promise<void> {
  const endMs = performance.now() + forMs;
  while (performance.now() < endMs) await new Promise((resolve) => setImmediate(resolve));
}

/** Connects again as often as it is shut out, and sends what is refused and what is not, as fast as it is read. */
async function attack({ credential, address, boot, door, forMs }: AttackOrder): Promise<void> {
  const endMs = performance.now() + forMs;
  const large = actorCodec().encode(['note', [new Uint8Array(60_000)]]);
  const started = performance.now();
  for (let life = 1; performance.now() < endMs; life += 1) {
    const peer = await FreePeer.connect(credential, address, life).catch(() => null);
    if (peer === null) continue;
    await peer.until(() => peer.isClosed || peer.of('heartbeat').length > 0);
    while (!peer.isClosed && performance.now() < endMs) {
      for (let at = 0; at < 20; at += 1) {
        peer.routed('cast', { toBoot: boot, toId: door }, ['note', [at]]);
        peer.routedBytes('cast', { toBoot: boot, toId: door }, large);
        // First what is refused, until it is shut out again and again; then all that is allowed, for which no link is closed.
        if (performance.now() - started < forMs / 4)
          peer.routed('call', { toBoot: boot, toId: at, callId: at }, ['echo', [at]]);
      }
      await peer.taken();
    }
    peer.end();
  }
}

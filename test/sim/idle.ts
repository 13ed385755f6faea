/**
 * What the links of an idle cluster carry: a world without load or faults, first with one name a node, then with ten, and
 * the bytes that its nodes write meanwhile. For `npm run sim -- --idle`; the bench of the same name has five nodes and
 * the kernel's count.
 */
import { idleNamesFactor, idleSettleMs, idleWindowMs, tlsRecordBytes } from './bounds.ts';
import { joiningWorld, takeName, untilOneMs } from './join.ts';
import type { World } from './world.ts';

export interface IdleFigures {
  readonly links: number;
  /** Bytes of frames and of TLS records around them, a second, both ways; null: they did not become one cluster. */
  readonly few: number | null;
  /** The same with ten times the names. */
  readonly many: number | null;
}

export function idleFigures(seed: number, nodes: number, overMs: number): IdleFigures {
  const world = joiningWorld(seed, nodes, overMs);
  const links = (nodes * (nodes - 1)) / 2;
  world.loop.runUntil(overMs);
  if (untilOneMs(world, nodes) === null) return { links, few: null, many: null };
  const few = bytesPerS(world) / links;
  for (const life of world.living()) {
    for (let at = 1; at < idleNamesFactor; at += 1) takeName(life, `more_${at}`);
  }
  if (untilOneMs(world, nodes * idleNamesFactor) === null) return { links, few, many: null };
  return { links, few, many: bytesPerS(world) / links };
}

function bytesPerS({ loop, network }: World): number {
  loop.runUntil(loop.nowMs + idleSettleMs);
  const { writtenBytes, writes } = network;
  loop.runUntil(loop.nowMs + idleWindowMs);
  const bytes = network.writtenBytes - writtenBytes + (network.writes - writes) * tlsRecordBytes;
  return (bytes * 1_000) / idleWindowMs;
}

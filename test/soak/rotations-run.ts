/** The rotations by the machine's own time, with the bounds that operators are promised. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../runtime/index.ts';
import { callMsMax, heapGrowthBytesMax, outMsMax, rotationLifetimeMs } from './bounds.ts';
import { type RotationFigures, rotations } from './rotations.ts';

/** What is wrong, or null. */
export async function soakRotations(count: number, say: (text: string) => void): Promise<string | null> {
  const data = await mkdtemp(join(tmpdir(), 'picket-rotations-'));
  // Nodes look at their files for ever, which must not keep the process.
  const clock = systemClock({ unref: true });
  const hold = setInterval(() => {}, 60_000);
  const pass = (ms: number) => new Promise<void>((resolve) => void clock.timer(Math.max(0, ms), resolve));
  let startBytes = 0;
  let grownBytes = 0;
  const sample = (text: string) => {
    if (startBytes === 0) startBytes = heldBytes();
    grownBytes = heldBytes() - startBytes;
    say(`rotations: ${text}, heap ${(grownBytes / 2 ** 20).toFixed(1)} MiB over its start`);
  };
  try {
    const lifetimeMs = rotationLifetimeMs;
    const figures = await rotations({
      data,
      rotations: count,
      lifetimeMs,
      callMsMax,
      clock,
      pass,
      say: sample,
    });
    say(`rotations: ${JSON.stringify(figures)}`);
    return faultOf(figures) ?? (grownBytes > heapGrowthBytesMax ? 'the heap grew' : null);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearInterval(hold);
    await rm(data, { recursive: true, force: true });
  }
}

function faultOf({ failedCalls, linksLost, revokedOutMs, expiredOutMs }: RotationFigures): string | null {
  if (failedCalls.length > 0) return `${failedCalls.length} calls failed`;
  if (linksLost.length > 0) return `${linksLost.length} links were lost`;
  if (revokedOutMs > outMsMax) return `the revoked one was out after ${Math.round(revokedOutMs)} ms`;
  return expiredOutMs > outMsMax ? `the expired one was out after ${Math.round(expiredOutMs)} ms` : null;
}

function heldBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

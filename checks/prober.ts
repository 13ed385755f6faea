/**
 * What the icmp check needs of whatever sends its packets, and how a program of the system is found for it. A prober
 * outlives checks: it gathers them into few processes and bounds how many run. It is given addresses that the guard
 * let through, never names, so nothing it is given can be an option or change its meaning.
 */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

export type PingAnswer =
  | { readonly kind: 'counted'; readonly sent: number; readonly rttsMs: readonly number[] }
  /** The program could not do its work; nothing is known of the target. */
  | { readonly kind: 'failed'; readonly detail: string };

/** The same words whichever program is found; the check says them too when its time ends before its turn. */
export const tooManyWaiting = {
  kind: 'failed',
  detail: 'too many icmp checks are waiting on this agent',
} as const satisfies PingAnswer;
/** The prober was closed. */
export const aborted = { kind: 'failed', detail: 'aborted' } as const satisfies PingAnswer;

export interface IcmpProber {
  /**
   * Sends `icmpPackets` packets to an address in canonical text, so that the answer comes within `timeoutMs`. Answers
   * once through `settle`, unless cancelled. The undo says whether sending had begun.
   */
  ping(address: string, timeoutMs: number, settle: (answer: PingAnswer) => void): () => boolean;
  /** Kills what runs; resolved when no child is left. Pings after it, and those under way, fail. */
  close(): Promise<void>;
}

export interface ProberProgram {
  readonly kind: 'fping' | 'ping';
  /** Absolute. */
  readonly path: string;
}

/** The first fping on a `PATH` (colon-separated directories), else the first ping, else null. Relative entries are skipped. */
export async function findProber(path: string): Promise<ProberProgram | null> {
  for (const kind of ['fping', 'ping'] as const) {
    for (const directory of path.split(delimiter)) {
      if (!isAbsolute(directory)) continue;
      const candidate = join(directory, kind);
      if (await isExecutable(candidate)) return { kind, path: candidate };
    }
  }
  return null;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

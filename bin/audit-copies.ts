/** The two copies of a node's journal held against each other: what the database has, what the node has. Pure. */
import type { ArchivedChain, JournalVerdict } from '../shell/index.ts';

/**
 * `agrees`: up to the shorter end. `waiting`: agrees, and the node has more. `faulty`: the node's own is no chain. `differs`: they part.
 * `cut`: the node's ends before the database's. `gone`: the node has none. `unasked`: the node cannot be asked.
 */
export type CopyState = 'agrees' | 'waiting' | 'faulty' | 'differs' | 'cut' | 'gone' | 'unasked';

/** `verdict`: a text says why there is none; null: the node is not there. */
export function compareCopies(
  kept: ArchivedChain | null,
  verdict: JournalVerdict | string | null,
): { state: CopyState; detail: string } {
  if (verdict === null) return { state: 'unasked', detail: 'the node is not up' };
  if (typeof verdict === 'string') return { state: 'unasked', detail: verdict };
  const { fault, last, hashAt, waiting, folder } = verdict;
  if (fault !== null) {
    const where = `${fault.file} line ${fault.line}`;
    return { state: 'faulty', detail: `${fault.code} at entry ${fault.seq} (${where}): ${fault.detail}` };
  }
  if (last === null) return { state: 'gone', detail: `nothing lies in ${folder}` };
  if (kept === null)
    return { state: 'waiting', detail: `entries up to ${last.seq} wait: ${waiting ?? 'on their way'}` };
  if (hashAt !== null && hashAt !== kept.hash)
    return { state: 'differs', detail: `entry ${kept.seq} is another one on the node` };
  if (hashAt === null && isBefore(last, kept))
    return { state: 'cut', detail: `it ends at entry ${last.seq}, a core has ${kept.seq}` };
  if (hashAt === null) return { state: 'differs', detail: `entry ${kept.seq} is not on the node` };
  if (last.seq === kept.seq) return { state: 'agrees', detail: `up to entry ${last.seq}` };
  const count = last.seq - kept.seq;
  return { state: 'waiting', detail: `${count} entries more wait: ${waiting ?? 'on their way'}` };
}

function isBefore(a: { boot: number; seq: number }, b: { boot: number; seq: number }): boolean {
  return a.boot < b.boot || (a.boot === b.boot && a.seq < b.seq);
}

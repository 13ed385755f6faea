/**
 * Whether a row of entries is the chain that was written: pure, one line after another, with the place of the first that is
 * not. What it cannot see: whether entries behind the last one were cut off; the other copy, or the next entry, shows that.
 */
import { type ChainHead, type EntryFault, genesis, isFault, type ReadEntry, readEntry } from './entry.ts';

export interface ChainFault {
  /**
   * `malformed`: no entry. `changed`: not what its hash was made of. `missing`: entries are not there before it. `again`: it was
   * there, or belongs further up. `broken`: it follows another entry than the one before it.
   */
  readonly code: EntryFault['code'] | 'missing' | 'again' | 'broken';
  readonly detail: string;
  /** The how manieth line, from 1. */
  readonly place: number;
  /** Sequence that the entry has, or should have. */
  readonly seq: number;
}

/** What is no fault, and is said. */
export interface ChainNotice {
  /** `late`: begins behind the first entry. `cut`: something torn was left behind. `anew`: a journal without the one before it. */
  readonly code: 'late' | 'cut' | 'anew';
  readonly seq: number;
  readonly boot: number;
  readonly detail: string;
}

export interface Chain {
  /** Null: whatever comes first is taken for the beginning. */
  readonly head: ChainHead | null;
  readonly entries: number;
  readonly notices: readonly ChainNotice[];
  readonly fault: ChainFault | null;
}

/** `null`: a part of a chain, whose beginning is taken as it is. */
export function chainFrom(head: ChainHead | null): Chain {
  return { head, entries: 0, notices: [], fault: null };
}

/** After a fault nothing follows. */
export function follow(chain: Chain, line: string): Chain {
  if (chain.fault !== null) return chain;
  const place = chain.entries + 1;
  const expected = (chain.head?.seq ?? 0) + 1;
  const read = readEntry(line);
  if (isFault(read)) return { ...chain, fault: { ...read, place, seq: expected } };
  const { entry, hash } = read;
  const { seq, boot } = entry;
  const notices = noticesOf(chain, read);
  const fault = notices.some(({ code }) => code === 'anew') ? null : faultOf(chain.head, read, place);
  if (fault !== null) return { ...chain, fault };
  const all = notices.length === 0 ? chain.notices : [...chain.notices, ...notices];
  return { head: { boot, seq, hash }, entries: place, notices: all, fault: null };
}

export function verifyLines(lines: Iterable<string>, from: ChainHead | null): Chain {
  let chain = chainFrom(from);
  for (const line of lines) {
    chain = follow(chain, line);
    if (chain.fault !== null) break;
  }
  return chain;
}

function faultOf(head: ChainHead | null, { entry }: ReadEntry, place: number): ChainFault | null {
  const { seq, before, boot } = entry;
  if (head === null) return null;
  const at = { place, seq };
  if (seq > head.seq + 1)
    return { ...at, code: 'missing', detail: `entries ${head.seq + 1} to ${seq - 1} are not there` };
  if (seq <= head.seq) return { ...at, code: 'again', detail: `entry ${head.seq} is before it` };
  if (before !== head.hash || boot < head.boot)
    return { ...at, code: 'broken', detail: 'it was written behind another entry than the one before it' };
  return null;
}

/** Nobody who writes on has the hash of nothing: a first entry behind others is that of a journal that was lost. */
function noticesOf({ head }: Chain, { entry }: ReadEntry): ChainNotice[] {
  const { seq, boot, before, event } = entry;
  const notices: ChainNotice[] = [];
  const say = (code: ChainNotice['code'], detail: string) => notices.push({ code, seq, boot, detail });
  const isFirst = seq === 1 && before === genesis.hash;
  if (isFirst && head !== null && head.seq > 0 && boot > head.boot)
    say(
      'anew',
      `the node began a new journal: what it had written behind entry ${head.seq} and not told is lost`,
    );
  if (head === null && !isFirst) say('late', 'the entries before it are not here');
  if (event.type === 'began' && event.cutBytes > 0)
    say('cut', `${event.cutBytes} bytes before it were no whole entry, and nothing of them ran`);
  return notices;
}

/**
 * What a node sends of its journal, judged by the core that is to keep it: its own entries, one behind the other. Pure. Whether
 * they follow what is kept already is seen by whoever verifies the whole chain: evidence is kept as it is.
 */
import type { ArchivedLine } from '../ports/session-archive.ts';
import { isFault, readEntry } from './entry.ts';
import { RecordedError } from './errors.ts';
import { bootsAskedMax, forwardedBytesMax, forwardedLinesMax, nameCharactersMax } from './limits.ts';

/** Throws `record_malformed`. */
export function judgeReceived(lines: unknown, node: string): ArchivedLine[] {
  if (!Array.isArray(lines) || lines.length === 0 || lines.length > forwardedLinesMax)
    throw malformed('no lines, or too many');
  const rows: ArchivedLine[] = [];
  let characters = 0;
  for (const [at, line] of lines.entries()) {
    if (typeof line !== 'string') throw malformed(`line ${at + 1} is no text`);
    characters += line.length;
    if (at > 0 && characters > forwardedBytesMax) throw malformed('too much at once');
    const before = rows.at(-1);
    const row = judgeLine(line, at + 1);
    if (row.node !== node) throw malformed(`line ${at + 1} is of node "${row.node.slice(0, 80)}"`);
    if (before !== undefined && !follows(row, before))
      throw malformed(`line ${at + 1} does not follow the one before it`);
    rows.push(row);
  }
  return rows;
}

/** Throws `record_malformed`. */
export function judgeBoots(boots: unknown): number[] {
  const isBoot = (one: unknown) => Number.isSafeInteger(one) && (one as number) >= 0;
  if (!Array.isArray(boots) || boots.length > bootsAskedMax || !boots.every(isBoot))
    throw malformed('these are no boots');
  return boots as number[];
}

function judgeLine(line: string, place: number): ArchivedLine {
  const read = readEntry(line);
  if (isFault(read)) throw malformed(`line ${place}: ${read.detail}`);
  const { entry, hash } = read;
  const { node, boot, seq, at: atMs, session, event } = entry;
  const operator = event.type === 'opened' ? event.operator.slice(0, nameCharactersMax) : null;
  return { node, boot, seq, atMs, session, type: event.type, operator, hash, line };
}

/** A damaged entry between two was left out by its node: a hole is no reason to lose what is behind it. */
function follows(row: ArchivedLine, before: ArchivedLine): boolean {
  return row.boot >= before.boot && row.seq > before.seq;
}

function malformed(detail: string): RecordedError {
  return new RecordedError('record_malformed', detail);
}

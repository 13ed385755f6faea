/**
 * Records as a stranger may hand them over: a kept file changed in its bytes or in its values, with a sum that was made
 * to fit as often as not. Read and stepped, it gives decisions or a stated error, and never more than it was given.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { replayForms } from '../../cluster/index.ts';
import { hashText, linesOf, type Random, RecordError, readRecord, replay } from '../../runtime/index.ts';
import { mutated, pick, under } from './mutate.ts';
import type { FuzzTarget } from './targets.ts';

const codes: readonly string[] = [
  'record_foreign',
  'record_newer',
  'record_older',
  'record_truncated',
  'record_damaged',
  'record_too_large',
];
const strange: readonly unknown[] = [null, -1, 0.5, 1e300, '', 'x', [], {}, true, [[]], '__proto__', 2 ** 53];

export function records(): FuzzTarget {
  // From the project's folder: the longer tests run from a copy of the programs alone.
  const whole = readFileSync('test/records/hung-core.jsonl', 'utf8').trimEnd().split('\n');
  const forms = replayForms();
  return {
    name: 'records',
    run(random) {
      const lines = someOf(random, whole);
      const body = lines.map((line) => (random.next() < 0.1 ? changedLine(random, line) : line));
      const bytes = Buffer.from(`${(random.next() < 0.7 ? sealed(body) : body).join('\n')}\n`);
      const input = random.next() < 0.3 ? mutated(random, [bytes]) : bytes;
      try {
        replay(readRecord(linesOf([input])), forms, { explain: 'core_1' });
      } catch (error) {
        if (error instanceof RecordError && codes.includes(error.code)) return;
        throw error;
      }
    },
  };
}

/** Its head, and a stretch of the rest with the checkpoints before it: a whole file a time would be slow. */
function someOf(random: Random, whole: readonly string[]): string[] {
  const from = 1 + under(random, whole.length - 2);
  const to = from + under(random, 25);
  return whole.filter(
    (line, at) => at === 0 || (at >= from && at < to) || (at < from && line.includes('"checkpoint"')),
  );
}

/** One value, somewhere within the line, becomes another. */
function changedLine(random: Random, line: string): string {
  const top = JSON.parse(line) as Record<string, unknown>;
  let holder: Record<string, unknown> = top;
  for (;;) {
    const keys = Object.keys(holder);
    if (keys.length === 0) break;
    const key = pick(random, keys);
    const value = holder[key];
    if (typeof value === 'object' && value !== null && random.next() < 0.85) {
      holder = value as Record<string, unknown>;
      continue;
    }
    if (random.next() < 0.2) delete holder[key];
    else holder[key] = pick(random, strange);
    break;
  }
  // A state whose hash was made to fit gets as far as a state can.
  const { checkpoint } = top as { checkpoint?: { hash?: unknown; state?: unknown } | null };
  if (checkpoint && typeof checkpoint.hash === 'number' && random.next() < 0.9) {
    checkpoint.hash = hashText(JSON.stringify(checkpoint.state) ?? '');
  }
  return JSON.stringify(top);
}

function sealed(lines: readonly string[]): string[] {
  const sha256 = createHash('sha256')
    .update(lines.map((line) => `${line}\n`).join(''))
    .digest('hex');
  return [...lines, JSON.stringify({ end: { lines: lines.length, sha256 } })];
}

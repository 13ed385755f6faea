/**
 * The record of sessions under changed input: a line of a journal's file, and what a node sends to a core. What is taken is an entry
 * that was written so; a changed one has a stated fault.
 */
import { createHash } from 'node:crypto';
import { genesis, isFault, nextEntry, readEntry } from '../../shell/journal/entry.ts';
import { RecordedError } from '../../shell/journal/errors.ts';
import { judgeBoots, judgeReceived } from '../../shell/journal/received.ts';
import { replaySteps } from '../../shell/journal/replay.ts';
import { verifyLines } from '../../shell/journal/verify.ts';
import type { SessionEvent } from '../../shell/ports/session-record.ts';
import { mutated, pick, under } from './mutate.ts';
import type { FuzzTarget } from './targets.ts';

const events: SessionEvent[] = [
  {
    ...{ type: 'opened', operator: 'ann', identity: 'spiffe://x/operator/ann', from: '10.0.0.9:4242' },
    ...{ tenant: null, mayWrite: true, columns: 80, rows: 24 },
  },
  { type: 'line', run: 1, text: 'tree "core_1" ü', access: 'read' },
  { type: 'output', run: 1, text: '\fNAME\n\u001b[1mcore_1\u001b[0m\n' },
  { type: 'ended', run: 1, code: 'ok' },
  { type: 'closed', reason: 'exit' },
];

function chain(): string[] {
  let head = genesis;
  return events.map((event, at) => {
    const next = nextEntry(head, { node: 'poller_1', boot: 7, at: 1_000 + at, session: 's1', event });
    head = next.head;
    return next.line;
  });
}

/** Lines of a file: one that was changed is never taken for an entry. */
export function journalLines(): FuzzTarget {
  const lines = chain();
  const corpus = lines.map((line) => Buffer.from(line));
  return {
    name: 'journal lines',
    run(random) {
      const at = under(random, lines.length);
      const line = mutated(random, [corpus[at]!]).toString('utf8');
      const read = readEntry(line);
      if (!isFault(read)) {
        if (!lines.includes(line)) throw new Error(`taken: ${line}`);
        replaySteps([read.entry]);
      } else if (read.code !== 'malformed' && read.code !== 'changed') throw new Error(read.code);
      const { fault } = verifyLines(lines.with(at, line), genesis);
      if (fault === null && line !== lines[at]) throw new Error(`not seen: ${line}`);
    },
  };
}

/** What comes from a node: rows of its own in order, or `record_malformed`. Bodies are hashed anew, so that their shape is judged. */
export function forwardedEntries(): FuzzTarget {
  const lines = chain();
  const bodies = lines.map((line) => Buffer.from(line.slice(65)));
  const strange = [null, 7, {}, [], '', Number.NaN, 2 ** 60, -1];
  return {
    name: 'forwarded entries',
    run(random) {
      const at = under(random, lines.length);
      const body = mutated(random, [bodies[at]!]).toString('utf8');
      const line = random.next() < 0.8 ? `${hashOf(body)} ${body}` : pick(random, strange);
      const node = random.next() < 0.9 ? 'poller_1' : 'poller_2';
      try {
        const rows = judgeReceived(random.next() < 0.95 ? lines.with(at, line as string) : line, node);
        for (const [place, row] of rows.entries()) {
          const before = rows[place - 1];
          if (row.node !== node || (before !== undefined && row.seq <= before.seq)) throw new Error(row.line);
          if (!Number.isSafeInteger(row.boot) || row.hash.length !== 64) throw new Error(row.line);
          replaySteps([JSON.parse(row.line.slice(65))]);
        }
        judgeBoots([line]);
      } catch (error) {
        if (!(error instanceof RecordedError && error.code === 'record_malformed')) throw error;
      }
    },
  };
}

function hashOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}

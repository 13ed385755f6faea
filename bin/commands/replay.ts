/**
 * `picket replay`: steps the recorded machines of a file again, shows what they decided, and says where they would
 * decide otherwise now. Needs the file alone: no cluster, no data folder.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Command } from 'commander';
import { replayForms } from '../../cluster/index.ts';
import {
  type Decision,
  type HeadLine,
  linesOf,
  type Mismatch,
  type RecordLine,
  type ReplayTold,
  readRecord,
  replay,
} from '../../runtime/index.ts';
import { parseUntil } from '../durations.ts';
import { CommandFailure } from '../failure.ts';
import { mismatchesToldMax, recordReadBytes } from '../limits.ts';
import type { Output } from '../output.ts';
import { instant } from '../views.ts';
import type { Surroundings } from './up.ts';

interface ReplayFlags {
  until?: string;
  explain?: string;
  json?: boolean;
}

export function addReplayCommand(program: Command, { output }: Surroundings): void {
  program
    .command('replay')
    .description('step a flight record again: every decision, checked against what was decided then')
    .argument('<file>', 'what picket record wrote')
    .option('--until <time>', 'stop there: an instant (2026-01-31T12:00:00Z), or 10s after the start')
    .option(
      '--explain <subject>',
      'only why: a node, a name (tenant/partition/kind/id), or the id of a child',
    )
    .option('--json', 'print JSON, one object a line')
    .addHelpText(
      'after',
      '\nExamples:\n  picket replay incident.jsonl\n  picket replay incident.jsonl --until 30s\n' +
        '  picket replay incident.jsonl --explain agent_1\n' +
        '  picket replay incident.jsonl --explain platform/default/poller/poller_1 --json\n',
    )
    .action((path: string, flags: ReplayFlags) => {
      // Once to its end before anything is made of it: what is shown is then known to be whole.
      const heads = headsOf(path);
      const startMs = Math.min(...heads.map(({ fromMs }) => fromMs));
      const options = {
        ...(flags.until !== undefined && { untilMs: parseUntil(flags.until, startMs) }),
        ...(flags.explain !== undefined && { explain: flags.explain }),
      };
      const told = replay(linesIn(path), replayForms(), options);
      if (flags.explain === undefined) showDecisions(told.decisions, flags, output);
      else showReasons(told, flags.explain, flags, output);
      for (const head of heads) output.note(headText(head));
      summarise(told, output);
      if (told.mismatches.length > 0) throw mismatched(told.mismatches, output);
    });
}

function headsOf(path: string): HeadLine[] {
  const heads: HeadLine[] = [];
  for (const line of linesIn(path)) if (line.type === 'head') heads.push(line.head);
  return heads;
}

function* linesIn(path: string): Generator<RecordLine> {
  yield* readRecord(linesOf(chunksOf(path)));
}

function* chunksOf(path: string): Generator<Buffer> {
  const handle = guarded(path, () => openSync(path, 'r'));
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(recordReadBytes);
      const length = guarded(path, () => readSync(handle, chunk));
      if (length === 0) return;
      yield chunk.subarray(0, length);
    }
  } finally {
    closeSync(handle);
  }
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new CommandFailure('no_such_file', `${path} cannot be read: ${(error as Error).message}`);
  }
}

function showDecisions(decisions: readonly Decision[], { json }: ReplayFlags, output: Output): void {
  for (const { node, n, atMs, machine, event, effect, text } of decisions) {
    if (json) output.json({ at: instant(atMs), node, machine, entry: n, event, decision: effect, text });
    else output.line(plain(`${instant(atMs)} ${node} ${machine}: ${text}`));
  }
}

function showReasons({ reasons }: ReplayTold, subject: string, { json }: ReplayFlags, output: Output): void {
  for (const { node, n, atMs, machine, text } of reasons) {
    if (json) output.json({ subject, at: instant(atMs), node, machine, entry: n, because: text });
    else output.line(plain(`${instant(atMs)} ${node} ${machine}: ${text}`));
  }
  if (reasons.length > 0) return;
  throw new CommandFailure(
    'no_such_subject',
    `nothing in this record is about "${subject}": a node, a name as tenant/partition/kind/id, or the id of a child`,
  );
}

function headText({ node, boot, takenAtMs, fromMs, segments }: HeadLine): string {
  return `${node} (boot ${boot}): ${instant(fromMs)} to ${instant(takenAtMs)}, ${segments} segments`;
}

function summarise({ counts, mismatches, gaps }: ReplayTold, output: Output): void {
  const { machines, stepped, notStepped, checkpoints, leftOut } = counts;
  const as = mismatches.length === 0 ? 'as recorded' : `${mismatches.length} otherwise than recorded`;
  output.note(`${stepped} entries of ${machines} machines stepped, ${checkpoints} states compared: ${as}`);
  if (notStepped > 0)
    output.note(`${notStepped} entries follow from no state that was kept, and were not stepped`);
  if (leftOut > 0)
    output.note(`${leftOut} events were only counted, in ${gaps.length} gaps: too many, or too large`);
}

function mismatched(mismatches: readonly Mismatch[], output: Output): CommandFailure {
  for (const { node, machine, what, n, expected, got } of mismatches.slice(0, mismatchesToldMax)) {
    output.note(plain(`${node} ${machine}: ${what} of entry ${n}: expected ${expected}, got ${got}`));
  }
  const [first] = mismatches;
  return new CommandFailure(
    'record_mismatch',
    `${mismatches.length} times otherwise than recorded, first ${first!.what} of entry ${first!.n} of ${first!.machine} on ` +
      `${first!.node}: the code decides otherwise now than the picket that recorded it`,
  );
}

/** What a file says must not be able to move the cursor. */
function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}

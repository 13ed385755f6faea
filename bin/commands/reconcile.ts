/**
 * `picket reconcile`: device identity over files. Device updates in, what became of each and the whole state out, with the code that
 * the reconciler of a cluster runs. Needs neither cluster nor database.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { finalPieces, idOf, LineReader, Reconciler, restore, snapshot } from '../../actors/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { boundedLines } from '../bounded-lines.ts';
import { CommandFailure, usage } from '../failure.ts';
import { reconcileBlockCharacters, reconcileBlockPieces, reconcileLineCharactersMax } from '../limits.ts';
import { NewFile } from '../new-file.ts';
import type { Output } from '../output.ts';
import type { Surroundings } from './up.ts';

interface ReconcileFlags {
  state?: string;
  batch?: string;
}

export function addReconcileCommand(program: Command, { output }: Surroundings): void {
  program
    .command('reconcile')
    .description(
      'decide which sightings are the same device: updates from a file or stdin, outcomes to stdout',
    )
    .argument('[file]', 'device updates, one JSON object a line; - or nothing: stdin')
    .option('--state <file>', 'go on from there, and write the state there afterwards')
    .option('--batch <lines>', 'decide after so many lines (default: once, at the end)')
    .addHelpText(
      'after',
      '\nExamples:\n  picket reconcile updates.ndjson\n' +
        '  picket reconcile --batch 1000 --state devices.state < updates.ndjson | tail -1 | jq .devices\n' +
        `  echo '{"op":"unmerge","device_id":"sr:..."}' | picket reconcile --state devices.state\n` +
        '\nA line is a device update (device_id, ip, mac, hostname, partition, source, timestamp, is_available, metadata, ...)\n' +
        'or a command: {"op":"unmerge"|"merge"|"ban"|"alias", ...}. Bad lines are told and the others are done; exit status 1 then.\n',
    )
    .action((file: string | undefined, flags: ReconcileFlags) => reconcile(file ?? '-', flags, output));
}

async function reconcile(file: string, flags: ReconcileFlags, output: Output): Promise<void> {
  const batch = flags.batch === undefined ? null : Number(flags.batch);
  if (batch !== null && (!Number.isInteger(batch) || batch < 1))
    throw usage('--batch is a number of lines, from 1 on');
  const reconciler = new Reconciler(() => idOf(randomBytes(16)));
  if (flags.state !== undefined) load(flags.state, reconciler);
  const clock = systemClock();
  const out = new Pieces(output);
  const reader = new LineReader(reconciler, { batch, nowMs: () => clock.wallMs() }, (answer) =>
    out.put(`${JSON.stringify(answer)}\n`),
  );
  for await (const line of boundedLines(opened(file), reconcileLineCharactersMax)) {
    if (line === null) reader.refuse('line_too_long');
    else reader.push(line);
    await out.flow();
  }
  for (const piece of finalPieces(reader.final())) {
    out.put(piece);
    await out.flow();
  }
  await out.end();
  if (flags.state !== undefined) save(flags.state, reconciler);
  if (reader.errors === 0) return;
  const what = reader.errors === 1 ? 'line' : 'lines';
  throw new CommandFailure('bad_lines', `${reader.errors} ${what} could not be done: see their "error"`);
}

/** Text on its way out, in blocks: the reader's pace is ours. */
class Pieces {
  private readonly output: Output;
  private pieces: string[] = [];
  private length = 0;

  constructor(output: Output) {
    this.output = output;
  }

  put(text: string): void {
    this.pieces.push(text);
    this.length += text.length;
  }

  async flow(): Promise<void> {
    if (this.length >= reconcileBlockCharacters) await this.end();
  }

  async end(): Promise<void> {
    const pieces = this.pieces;
    this.pieces = [];
    this.length = 0;
    for (let from = 0; from < pieces.length; from += reconcileBlockPieces)
      await this.output.bytes(Buffer.from(pieces.slice(from, from + reconcileBlockPieces).join('')));
  }
}

async function* opened(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* file === '-' ? process.stdin : createReadStream(file);
  } catch (error) {
    throw new CommandFailure('no_such_file', `${file} cannot be read: ${(error as Error).message}`);
  }
}

function load(file: string, reconciler: Reconciler): void {
  if (!existsSync(file)) return;
  try {
    restore(snapshotIn(readFileSync(file)), reconciler);
  } catch (error) {
    const why = (error as Error).message;
    throw new CommandFailure('bad_state', `${file} is no state of this command (${why}): name another file`);
  }
}

/** A line at a time: a file may be longer than a text can be. */
function* snapshotIn(bytes: Buffer): Generator<unknown> {
  for (let from = 0; from < bytes.length; ) {
    const found = bytes.indexOf(10, from);
    const to = found < 0 ? bytes.length : found;
    if (to > from) yield JSON.parse(bytes.toString('utf8', from, to));
    from = to + 1;
  }
}

function save(path: string, reconciler: Reconciler): void {
  const file = new NewFile(path, true);
  try {
    for (const line of snapshot(reconciler)) file.line(JSON.stringify(line));
    file.finish();
  } catch (error) {
    file.abandon();
    throw error;
  }
}

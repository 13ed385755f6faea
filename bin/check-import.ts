/**
 * `picket check import`: many checks from a file of JSON lines. Every line is judged, here and by a core, before the
 * first is added; a line that is refused is named.
 */
import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { CheckView, NewCheck } from '../actors/index.ts';
import { type CheckFlags, readCheck } from './check-flags.ts';
import { CommandFailure, usage } from './failure.ts';
import { importBatchRows, importFileBytesMax, importTimeoutMs } from './limits.ts';
import type { OperatorSession } from './operator-session.ts';
import type { Output } from './output.ts';
import type { RefusedAt } from './procedures.ts';

export interface ImportLine {
  /** Counted from 1, as editors do. */
  readonly number: number;
  readonly check: NewCheck;
}

/** Throws a failure that names the line. */
export async function readLines(file: string): Promise<ImportLine[]> {
  let bytes: number;
  try {
    const found = statSync(file);
    if (!found.isFile()) throw new Error('it is no file');
    bytes = found.size;
  } catch (error) {
    throw new CommandFailure('no_such_file', `${file} cannot be read: ${(error as Error).message}`);
  }
  if (bytes > importFileBytesMax)
    throw usage(`${file} has ${bytes} bytes; at most ${importFileBytesMax}: split it`);
  const lines: ImportLine[] = [];
  let number = 0;
  for await (const line of createInterface({
    input: createReadStream(file),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    number += 1;
    if (line.trim() === '') continue;
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw usage('an object was expected');
      lines.push({ number, check: readCheck(value as CheckFlags) });
    } catch (error) {
      throw badLine(file, number, (error as Error).message);
    }
  }
  if (lines.length === 0) throw new CommandFailure('bad_line', `${file} has no checks`);
  return lines;
}

/** All of them, or none when one is refused; only a cluster that fails on the way leaves a part, and it is told which. */
export async function importLines(
  session: OperatorSession,
  tenant: string,
  file: string,
  lines: readonly ImportLine[],
  output: Output,
): Promise<CheckView[]> {
  const parts: (readonly ImportLine[])[] = [];
  for (let at = 0; at < lines.length; at += importBatchRows)
    parts.push(lines.slice(at, at + importBatchRows));
  const ask = <T>(procedure: string, part: readonly ImportLine[]) =>
    session.call<T>(
      procedure,
      { tenant, checks: part.map(({ check }) => check), total: lines.length },
      importTimeoutMs,
    );
  for (const part of parts) {
    const refused = await ask<RefusedAt | null>('check_judge', part);
    if (refused !== null) throw badLine(file, part[refused.at]!.number, `${refused.code}: ${refused.detail}`);
  }
  const added: CheckView[] = [];
  for (const part of parts) {
    try {
      added.push(...(await ask<CheckView[]>('check_add', part)));
    } catch (error) {
      if (added.length > 0) output.note(`${added.length} checks were added before this:`);
      throw error;
    }
    output.note(`${added.length} of ${lines.length} added`);
  }
  return added;
}

function badLine(file: string, number: number, why: string): CommandFailure {
  return new CommandFailure('bad_line', `${file}:${number}: ${why}; nothing was added`);
}

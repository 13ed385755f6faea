/**
 * Steps recorded machines again: the same code, from a kept checkpoint, with the recorded events, and every decision
 * compared with the recorded one. Between the lines of a record (`recorder-lines.ts`) and whoever shows or tests them; what
 * one node recorded is stepped in `recorder-part.ts`. Works on the record alone: no clock, no node, no network.
 */
import type { RecordLine } from './recorder-line.ts';
import { Part } from './recorder-part.ts';
import type { AnyReplayForm, Decision, ReplayOptions, ReplayTold } from './recorder-told.ts';

/** Steps all lines of a file. Throws `record_damaged` where a line fits no machine, `record_newer` and `record_older`. */
export function replay(
  lines: Iterable<RecordLine>,
  forms: readonly AnyReplayForm[],
  options: ReplayOptions = {},
): ReplayTold {
  const counts = { machines: 0, stepped: 0, notStepped: 0, checkpoints: 0, leftOut: 0 };
  const told: ReplayTold = { decisions: [], reasons: [], mismatches: [], gaps: [], counts };
  let part: Part | null = null;
  for (const line of lines) {
    switch (line.type) {
      case 'head':
        part = new Part(line.head, forms, options, told);
        break;
      case 'checkpoint':
        part!.checkpoint(line.checkpoint);
        break;
      case 'entry':
        if (line.entry.at <= (options.untilMs ?? Number.POSITIVE_INFINITY)) part!.entry(line.entry);
        else part!.pass(line.entry.machine);
        break;
      case 'gap':
        told.gaps.push({ ...line.gap, node: part!.node });
        counts.leftOut += line.gap.count;
        break;
      case 'end':
        part!.end();
        break;
    }
  }
  return { ...told, decisions: inOrder(told.decisions), reasons: inOrder(told.reasons) };
}

/**
 * As they were made: those of one node by its own count, those of several nodes by their wall clocks, which may differ.
 */
function inOrder<T extends Pick<Decision, 'node' | 'boot' | 'n' | 'atMs'>>(rows: readonly T[]): T[] {
  const lives = new Map<string, T[]>();
  for (const row of rows) {
    const life = `${row.node}.${row.boot}`;
    const known = lives.get(life);
    if (known === undefined) lives.set(life, [row]);
    else known.push(row);
  }
  // Within a life the clock never goes back here, so that the one sort that follows keeps its order.
  const timed: { row: T; atMs: number }[] = [];
  for (const life of lives.values()) {
    let atMs = 0;
    for (const row of life.sort((a, b) => a.n - b.n)) {
      atMs = Math.max(atMs, row.atMs);
      timed.push({ row, atMs });
    }
  }
  return timed.sort((a, b) => a.atMs - b.atMs).map(({ row }) => row);
}

/**
 * The arithmetic of due instants: a pure function of a check's schedule versions. Everything that asks "when" or "which
 * instants" asks here: the scheduler, the recovery after a loss, the tests that check the accounting.
 */
import { phaseOf } from '../checks/index.ts';
import type { ScheduleVersion } from './ports/check.ts';

export { phaseOf };

/** A run of consecutive due instants of one version, both ends inclusive. */
export interface DueRun {
  fromMs: number;
  toMs: number;
  intervalMs: number;
  count: number;
}

/** The first due instant of the version that is after `afterMs`; null when the version ends before it. */
export function dueAfter(version: ScheduleVersion, afterMs: number): number | null {
  const { intervalMs, phaseMs, validFromMs, validToMs } = version;
  const from = Math.max(afterMs + 1, validFromMs);
  const dueMs = Math.ceil((from - phaseMs) / intervalMs) * intervalMs + phaseMs;
  return validToMs !== null && dueMs >= validToMs ? null : dueMs;
}

/** The last instant of a check's grid that is not after `atMs`, whether or not its schedule held then. */
export function dueAtOrBefore(checkId: string, intervalMs: number, atMs: number): number {
  const phaseMs = phaseOf(checkId, intervalMs);
  return Math.floor((atMs - phaseMs) / intervalMs) * intervalMs + phaseMs;
}

/** The first due instant of a check, over all its versions, that is after `afterMs`. */
export function nextDue(
  versions: readonly ScheduleVersion[],
  afterMs: number,
): { dueMs: number; version: ScheduleVersion } | null {
  for (const version of versions) {
    const dueMs = dueAfter(version, afterMs);
    if (dueMs !== null) return { dueMs, version };
  }
  return null;
}

/** The version of which `dueMs` is a due instant, or null. */
export function versionOf(versions: readonly ScheduleVersion[], dueMs: number): ScheduleVersion | null {
  return versions.find((version) => dueAfter(version, dueMs - 1) === dueMs) ?? null;
}

/** All due instants with `afterMs < due <= untilMs`, as runs, oldest first. */
export function dueRuns(versions: readonly ScheduleVersion[], afterMs: number, untilMs: number): DueRun[] {
  const runs: DueRun[] = [];
  for (const version of versions) {
    const fromMs = dueAfter(version, afterMs);
    if (fromMs === null) continue;
    const endMs = version.validToMs === null ? untilMs : Math.min(untilMs, version.validToMs - 1);
    if (fromMs > endMs) continue;
    const { intervalMs } = version;
    const count = Math.floor((endMs - fromMs) / intervalMs) + 1;
    runs.push({ fromMs, toMs: fromMs + (count - 1) * intervalMs, intervalMs, count });
  }
  return runs;
}

/**
 * What of `runs` nothing covers: `coveredMs` are single instants and `gaps` inclusive ranges, both ascending. The
 * answer's runs are as long as can be, oldest first.
 */
export function uncovered(
  runs: readonly DueRun[],
  coveredMs: readonly number[],
  gaps: readonly { fromMs: number; toMs: number }[],
): DueRun[] {
  const covers = [...coveredMs.map((atMs) => ({ fromMs: atMs, toMs: atMs })), ...gaps].sort(
    (a, b) => a.fromMs - b.fromMs,
  );
  const missing: DueRun[] = [];
  let at = 0;
  for (const run of runs) {
    let startMs = run.fromMs;
    while (at < covers.length && covers[at]!.toMs < run.fromMs) at += 1;
    for (let index = at; index < covers.length && covers[index]!.fromMs <= run.toMs; index += 1) {
      const cover = covers[index]!;
      addRun(missing, run, startMs, lastBefore(run, cover.fromMs));
      startMs = Math.max(startMs, firstAfter(run, cover.toMs));
    }
    addRun(missing, run, startMs, run.toMs);
  }
  return missing;
}

function addRun(runs: DueRun[], of: DueRun, fromMs: number, toMs: number): void {
  if (fromMs > toMs) return;
  runs.push({ fromMs, toMs, intervalMs: of.intervalMs, count: (toMs - fromMs) / of.intervalMs + 1 });
}

/** The last instant on the run's grid before `atMs`; may lie before the run. */
function lastBefore(run: DueRun, atMs: number): number {
  return run.fromMs + (Math.ceil((atMs - run.fromMs) / run.intervalMs) - 1) * run.intervalMs;
}

function firstAfter(run: DueRun, atMs: number): number {
  return run.fromMs + (Math.floor((atMs - run.fromMs) / run.intervalMs) + 1) * run.intervalMs;
}

/**
 * A check whose schedule was ended, or goes on as another version, and how the accounting takes it up: beside
 * `accounting.ts`. The tree hears of it a moment later than the store, so some instants may have been handled that are
 * none any more, and instants of the next version may have passed.
 */
import type { AccountingEffect } from './accounting.ts';
import { versionKnownMsMax } from './limits.ts';
import { type Accounting, raiseWatermark, type Tracked } from './open-instants.ts';
import type { Check, ScheduleVersion } from './ports/check.ts';
import { dueRuns, uncovered, versionOf } from './schedule.ts';

/** Why nothing ran at an instant of a version that the tree did not know of yet. */
const changedReason = 'schedule_changed';

/**
 * Nobody waits any more for a row of what is no due instant by now. True: instants past the end of a version were handled as
 * if it had not ended, and all after that end are to be looked at anew (`coverMissed`).
 */
export function takeSchedule(state: Accounting, tracked: Tracked, check: Check): boolean {
  const kept = tracked.pending.filter(({ dueMs }) => versionOf(check.schedule, dueMs) !== null);
  state.pending -= tracked.pending.length - kept.length;
  tracked.pending = kept;
  const open = tracked.check.schedule.at(-1);
  const ended = check.schedule.find(({ version }) => version === open?.version);
  const beforeMs = tracked.lastDueMs;
  tracked.check = check;
  tracked.lastDueMs = handledBefore(check.schedule, beforeMs, ended?.validToMs ?? null);
  return tracked.lastDueMs !== beforeMs;
}

/**
 * The watermark that a new holder goes by. Its former holder may have gone by a version that had ended for as long as it did not
 * know, so of a version that began lately all instants are looked at: what is covered stays so.
 */
export function watermarkToTrust(
  schedule: readonly ScheduleVersion[],
  watermarkMs: number | null,
  nowMs: number,
): number | null {
  const last = schedule.at(-1);
  if (schedule.length < 2 || last === undefined || last.validFromMs < nowMs - versionKnownMsMax)
    return watermarkMs;
  return handledBefore(schedule, watermarkMs, last.validFromMs);
}

/** `atMs`, or when that is past the end of a version the last instant before the end. */
function handledBefore(
  schedule: readonly ScheduleVersion[],
  atMs: number | null,
  endMs: number | null,
): number | null {
  if (atMs === null || endMs === null || atMs < endMs) return atMs;
  return dueRuns(schedule, Number.MIN_SAFE_INTEGER, endMs - 1).at(-1)?.toMs ?? null;
}

/**
 * Instants up to now that nobody was handed, because another version was in force than the one that was known: a gap, which
 * the store keeps to what no row covers yet. What is under way brings its own row.
 */
export function coverMissed(tracked: Tracked, nowMs: number, effects: AccountingEffect[]): void {
  const { check, lastDueMs, pending } = tracked;
  const runs = dueRuns(check.schedule, lastDueMs ?? Number.MIN_SAFE_INTEGER, nowMs);
  const openMs = pending.map(({ dueMs }) => dueMs).sort((a, b) => a - b);
  tracked.openGap = null;
  for (const run of uncovered(runs, openMs, []))
    effects.push({ type: 'gap', row: { checkId: check.id, reason: changedReason, ...run } });
  tracked.lastDueMs = runs.at(-1)?.toMs ?? lastDueMs;
  raiseWatermark(tracked, effects);
}

/** Whether the first is a later form of the check than the second: another version has begun, or the last one has ended. */
export function isNewer(check: Check, than: Check): boolean {
  const [now, before] = [check.schedule.at(-1), than.schedule.at(-1)];
  if (now === undefined || before === undefined) return now !== undefined;
  return (
    now.version > before.version ||
    (now.version === before.version && now.validToMs !== null && before.validToMs === null)
  );
}

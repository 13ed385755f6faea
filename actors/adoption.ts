/**
 * How a new holder of a tenant's lease begins: what fell due while nobody held it becomes gaps, with the reason. Pure,
 * beside `accounting.ts`.
 */
import type { AccountingEffect, AccountingEvent } from './accounting.ts';
import { type Accounting, track } from './open-instants.ts';
import { dueRuns, uncovered } from './schedule.ts';
import { watermarkToTrust } from './schedule-change.ts';
import { allowanceOf, dayStartMs, noTerms } from './standstill.ts';

/** Every instant of the day up to the watermarks has a result or lies in a gap, so no row need be counted. */
function usedToday({ checks, accounted, nowMs, gapsToday = 0 }: AccountingEvent & { type: 'adopt' }): number {
  const startMs = dayStartMs(nowMs);
  const known = new Map(accounted.map((one) => [one.checkId, one]));
  let used = -gapsToday;
  for (const { id, schedule } of checks) {
    const { watermarkMs = null, resultsAboveMs = [] } = known.get(id) ?? {};
    for (const dueMs of resultsAboveMs) if (dueMs >= startMs) used += 1;
    if (watermarkMs === null) continue;
    for (const run of dueRuns(schedule, startMs - 1, watermarkMs)) used += run.count;
  }
  return Math.max(0, used);
}

export function adopt(
  state: Accounting,
  event: AccountingEvent & { type: 'adopt' },
  effects: AccountingEffect[],
): void {
  const { terms = noTerms, nowMs, reason } = event;
  state.allowance = allowanceOf(terms, nowMs, usedToday(event));
  const known = new Map(event.accounted.map((one) => [one.checkId, one]));
  const sinceMs = Math.min(terms.suspendedSinceMs ?? nowMs, nowMs);
  for (const check of event.checks) {
    const before = known.get(check.id);
    const fromMs = watermarkToTrust(check.schedule, before?.watermarkMs ?? null, nowMs);
    let lastMs = fromMs;
    const missed = (untilMs: number, why: string) => {
      const runs = dueRuns(check.schedule, lastMs ?? Number.MIN_SAFE_INTEGER, untilMs);
      const missing = uncovered(runs, before?.resultsAboveMs ?? [], before?.gapsAbove ?? []);
      for (const run of missing)
        effects.push({ type: 'gap', row: { checkId: check.id, reason: why, ...run } });
      lastMs = runs.at(-1)?.toMs ?? lastMs;
    };
    missed(sinceMs, reason);
    if (sinceMs < nowMs) missed(nowMs, 'suspended');
    track(state, check, lastMs);
    if (lastMs !== null && lastMs !== fromMs) {
      effects.push({ type: 'watermark', row: { checkId: check.id, dueAtMs: lastMs } });
    }
  }
}

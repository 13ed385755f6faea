/**
 * How a new holder of a tenant's lease begins: what fell due while nobody held it becomes gaps, with the reason. Pure,
 * beside `accounting.ts`.
 */
import type { AccountingEffect, AccountingEvent } from './accounting.ts';
import { type Accounting, track } from './open-instants.ts';
import { dueRuns, uncovered } from './schedule.ts';
import { allowanceOf, noTerms } from './standstill.ts';

export function adopt(
  state: Accounting,
  event: AccountingEvent & { type: 'adopt' },
  effects: AccountingEffect[],
): void {
  const { terms = noTerms, usedToday = 0, nowMs, reason } = event;
  state.allowance = allowanceOf(terms, nowMs, usedToday);
  const known = new Map(event.accounted.map((one) => [one.checkId, one]));
  const sinceMs = Math.min(terms.suspendedSinceMs ?? nowMs, nowMs);
  for (const check of event.checks) {
    const before = known.get(check.id);
    const fromMs = before?.watermarkMs ?? null;
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

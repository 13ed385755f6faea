/**
 * What `picket explain check` says of a check's gaps: what did not run of late, which its results do not show. Between the
 * rows of the store and the sentence.
 */
import { messageOf } from '../runtime/index.ts';
import { gapsExplainedMax, gapsExplainedMs } from './limits.ts';
import type { GapRow } from './ports/check.ts';
import type { ResultStore } from './ports/result-store.ts';

/** Also with the store away: then it says so. */
export async function gapsOf(
  results: Pick<ResultStore, 'gaps'>,
  tenantId: string,
  checkId: string,
  nowMs: number,
): Promise<string> {
  const sinceMs = Math.floor(nowMs - gapsExplainedMs);
  try {
    return explainGaps(await results.gaps(tenantId, { checkId, sinceMs, limit: gapsExplainedMax }));
  } catch (error) {
    return `whether there are gaps is not known: ${messageOf(error)}`;
  }
}

/** `gaps`: those of the last day, newest first, at most `gapsExplainedMax`. */
export function explainGaps(gaps: readonly GapRow[]): string {
  const [newest] = gaps;
  if (newest === undefined) return 'no gaps in the last day: each due instant was run or has a result';
  const byReason = new Map<string, number>();
  for (const { reason, count } of gaps) byReason.set(reason, (byReason.get(reason) ?? 0) + count);
  const counts = [...byReason].sort(([, a], [, b]) => b - a).map(([reason, count]) => `${reason} ${count}`);
  const many = gaps.length >= gapsExplainedMax ? `the newest ${gaps.length}` : String(gaps.length);
  const last = `the last from ${instant(newest.fromMs)} to ${instant(newest.toMs)} (${newest.reason})`;
  return `gaps that reach into the last day: ${many}; due instants that nothing ran for: ${counts.join(', ')}; ${last}`;
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

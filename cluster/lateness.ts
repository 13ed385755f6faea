/**
 * Whether this process itself runs: a process that is stopped, or starved of processors, cannot tell who was silent meanwhile. One
 * long pause counts as much as many short ones. Pure; the vigil feeds it each tick and tells membership.
 */
import { downAfterMs, lateTickMs, pausedMinMs } from './limits.ts';

/** Of the last `downAfterMs`, oldest first. */
export type Lateness = readonly { readonly atMs: number; readonly byMs: number }[];

export const onTime: Lateness = [];

/** A tick that came `byMs` late. `lostMs` is not 0 when too much was lost: then all of it is told, and none of it again. */
export function lateTick(
  lateness: Lateness,
  byMs: number,
  nowMs: number,
): { lateness: Lateness; lostMs: number } {
  if (byMs < lateTickMs) return { lateness, lostMs: 0 };
  const recent = [...lateness.filter(({ atMs }) => nowMs - atMs < downAfterMs), { atMs: nowMs, byMs }];
  const lostMs = recent.reduce((sum, one) => sum + one.byMs, 0);
  return lostMs > pausedMinMs ? { lateness: onTime, lostMs } : { lateness: recent, lostMs: 0 };
}

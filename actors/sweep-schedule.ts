/**
 * Which sweeps are due: one that runs each so often begins at once when it never ran, and then that long after its last
 * beginning, or when that run has ended. Pure; ages are by the store's clock, instants by the caller's monotonic one.
 */
import type { Sweep } from './ports/sweep.ts';

export interface SweepSeen {
  readonly sweep: Sweep;
  /** When its latest run began, monotonic; null: never. */
  readonly startedAtMs: number | null;
  readonly isRunning: boolean;
}

export interface DueSweeps {
  readonly due: readonly Sweep[];
  /** When the next one is; null: none has an interval. */
  readonly nextAtMs: number | null;
}

export function dueSweeps(seen: Iterable<SweepSeen>, nowMs: number): DueSweeps {
  const due: Sweep[] = [];
  let nextAtMs: number | null = null;
  for (const { sweep, startedAtMs, isRunning } of seen) {
    if (!sweep.enabled || sweep.intervalMs === null || isRunning) continue;
    const atMs = startedAtMs === null ? nowMs : startedAtMs + sweep.intervalMs;
    if (atMs <= nowMs) due.push(sweep);
    else if (nextAtMs === null || atMs < nextAtMs) nextAtMs = atMs;
  }
  return { due, nextAtMs };
}

/**
 * The health of one check as a pure fold over its results: a change needs `retries` like results in a row, flapping is
 * damped and shown, and the state can always say why it is what it is.
 */

import {
  flappingStartChanges,
  flappingStopChanges,
  flappingWindowResults,
  resultsKeptPerCheck,
} from './limits.ts';
import type { CheckState, ResultRow, ResultStatus } from './ports/check.ts';

export interface Health {
  state: CheckState;
  sinceMs: number | null;
  flapping: boolean;
  /** What the latest results say, and how many of them in a row. */
  observed: CheckState;
  inARow: number;
  /** Why the state is what it is, as of its last change. */
  because: string;
  /** Newest last. */
  recent: readonly ResultRow[];
  /** Observed states of the flapping window, newest last. */
  window: readonly CheckState[];
  lastDueMs: number | null;
}

export interface HealthFold {
  health: Health;
  changed: boolean;
}

export function newHealth(): Health {
  return {
    state: 'unknown',
    sinceMs: null,
    flapping: false,
    observed: 'unknown',
    inARow: 0,
    because: 'no result yet',
    recent: [],
    window: [],
    lastDueMs: null,
  };
}

const observedBy: Readonly<Record<Exclude<ResultStatus, 'skipped'>, CheckState>> = {
  success: 'up',
  warning: 'degraded',
  critical: 'down',
  timeout: 'down',
  unknown: 'unknown',
};

/** A skipped instant says nothing of the target, and an older result than the last says nothing new: both only show. */
export function foldHealth(health: Health, row: ResultRow, retries: number): HealthFold {
  const recent = [...health.recent, row].slice(-resultsKeptPerCheck);
  const old = health.lastDueMs !== null && row.dueAtMs <= health.lastDueMs;
  if (row.status === 'skipped' || old) return { health: { ...health, recent }, changed: false };
  const observed = observedBy[row.status];
  const inARow = observed === health.observed ? health.inARow + 1 : 1;
  const window = [...health.window, observed].slice(-flappingWindowResults);
  const flapping = flaps(window, health.flapping);
  const next = { ...health, observed, inARow, recent, window, flapping, lastDueMs: row.dueAtMs };
  const needed = Math.max(1, retries) * (flapping ? 2 : 1);
  if (observed === health.state || inARow < needed) {
    return { health: next, changed: flapping !== health.flapping };
  }
  const because = `${inARow} result${inARow === 1 ? '' : 's'} in a row ${row.status}${row.reason === null ? '' : `: ${row.reason}`}`;
  return { health: { ...next, state: observed, sinceMs: row.dueAtMs, because }, changed: true };
}

function flaps(window: readonly CheckState[], before: boolean): boolean {
  let changes = 0;
  for (let index = 1; index < window.length; index += 1)
    if (window[index] !== window[index - 1]) changes += 1;
  return before ? changes > flappingStopChanges : changes >= flappingStartChanges;
}

/** Sentences, most telling first. */
export function explainHealth(health: Health, retries: number): string[] {
  const because = [
    health.sinceMs === null
      ? `${health.state}: ${health.because}`
      : `${health.state} since ${new Date(health.sinceMs).toISOString()}: ${health.because}`,
  ];
  if (health.observed !== health.state && health.inARow > 0) {
    because.push(
      `the last ${health.inARow} of ${Math.max(1, retries)} results needed for a change say ${health.observed}`,
    );
  }
  if (health.flapping) because.push('flapping: a change needs twice as many like results');
  for (const row of [...health.recent].reverse().slice(0, 5)) because.push(describeRow(row));
  return because;
}

function describeRow(row: ResultRow): string {
  const latency = row.latencyMs === null ? '' : ` in ${row.latencyMs} ms`;
  const by = row.agent === null ? '' : ` by ${row.agent}`;
  return `due ${new Date(row.dueAtMs).toISOString()}: ${row.status}${row.reason === null ? '' : ` (${row.reason})`}${latency}${by}`;
}

/**
 * What pollers bring home, judged before it is accounted for: a tenant's own poller may send anything, and its rows
 * would travel on with those of others. Pure. What is not a row is left out; its due instant is then accounted for by
 * its deadline, as if nothing had come.
 */
import { arrivalTextCharactersMax, instantMsMax, latencyMsMax } from './limits.ts';
import type { NotRun } from './messages.ts';
import type { ResultRow, ResultStatus } from './ports/check.ts';

const statuses: ReadonlySet<unknown> = new Set<ResultStatus>([
  'success',
  'warning',
  'critical',
  'unknown',
  'timeout',
  'skipped',
]);

export function readResults(value: unknown): ResultRow[] {
  return Array.isArray(value) ? value.flatMap((row) => readResult(row) ?? []) : [];
}

export function readNotRun(value: unknown): NotRun[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item) => {
    if (typeof item !== 'object' || item === null) return [];
    const { checkId, dueAtMs, reason, as } = item as Record<string, unknown>;
    if (!isText(checkId) || !isInstant(dueAtMs) || !isText(reason)) return [];
    return as === 'gap' || as === 'skipped' ? [{ checkId, dueAtMs, reason, as }] : [];
  });
}

function readResult(value: unknown): ResultRow | null {
  if (typeof value !== 'object' || value === null) return null;
  const row = value as Record<keyof ResultRow, unknown>;
  const { checkId, dueAtMs, startedAtMs, latencyMs, status, reason, agent, poller } = row;
  if (!isText(checkId) || !isInstant(dueAtMs) || !statuses.has(status)) return null;
  if (startedAtMs !== null && !isInstant(startedAtMs)) return null;
  if (latencyMs !== null && !isLatency(latencyMs)) return null;
  if (!isTextOrNull(reason) || !isTextOrNull(agent) || !isTextOrNull(poller)) return null;
  // Built anew: what else stands in it goes no further.
  return {
    ...{ checkId, dueAtMs, startedAtMs, latencyMs },
    ...{ status: status as ResultStatus, reason, agent, poller },
  };
}

function isInstant(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= instantMsMax;
}

function isLatency(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= latencyMsMax;
}

/** The store takes no text with a NUL in it. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= arrivalTextCharactersMax && !value.includes('\0');
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || isText(value);
}

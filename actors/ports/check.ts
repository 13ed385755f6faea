/**
 * The words of a check: its definition, its schedule versions, the rows that account for its due instants.
 * Shared by the tenant's actors, the store's ports and the doors (web, command line). Plain data: everything here
 * travels between nodes as it is. All instants are Unix milliseconds on the database's clock.
 */

export type CheckKind = 'tcp' | 'http' | 'icmp' | 'dns';
export const checkKinds: readonly CheckKind[] = ['tcp', 'http', 'icmp', 'dns'];

/** `success warning critical timeout` come from a run; `unknown` from a run that could not tell; `skipped` is a synthetic row. */
export const resultStatuses = ['success', 'warning', 'critical', 'unknown', 'timeout', 'skipped'] as const;
export type ResultStatus = (typeof resultStatuses)[number];

/** Health of a check. Flapping is a flag beside it, never a fifth state. */
export type CheckState = 'up' | 'degraded' | 'down' | 'unknown';

/** What a caller says when adding a check; everything is filled in and validated by then. */
export interface NewCheck {
  name: string;
  kind: CheckKind;
  target: string;
  port: number | null;
  partition: string;
  intervalMs: number;
  timeoutMs: number;
  retries: number;
  settings: Readonly<Record<string, string>>;
}

/** What may be changed of a check; what is absent stays. Its kind and its partition are what they are. */
export interface CheckEdit {
  name?: string;
  target?: string;
  port?: number;
  intervalMs?: number;
  timeoutMs?: number;
  retries?: number;
  /** All of them, in place of those that it had. */
  settings?: Readonly<Record<string, string>>;
}

/**
 * One version of a schedule. Its due instants are every `t = k * intervalMs + phaseMs` (k a whole number) with
 * `validFromMs <= t` and, when it has ended, `t < validToMs`.
 */
export interface ScheduleVersion {
  version: number;
  intervalMs: number;
  phaseMs: number;
  validFromMs: number;
  validToMs: number | null;
}

/** A stored check with every schedule version that may still have unaccounted instants, oldest first. */
export interface Check extends NewCheck {
  id: string;
  enabled: boolean;
  createdAtMs: number;
  /** Set when the check was removed: it stays listed for recovery until its last instants are accounted for. */
  archivedAtMs: number | null;
  schedule: readonly ScheduleVersion[];
}

/** One due instant accounted for by a run, or by a synthetic row (`skipped`, with a reason and no `startedAtMs`). */
export interface ResultRow {
  checkId: string;
  dueAtMs: number;
  startedAtMs: number | null;
  latencyMs: number | null;
  status: ResultStatus;
  reason: string | null;
  agent: string | null;
  poller: string | null;
}

/** `count` consecutive due instants of one schedule version, from and to inclusive, that nothing ran for. */
export interface GapRow {
  checkId: string;
  fromMs: number;
  toMs: number;
  intervalMs: number;
  count: number;
  reason: string;
}

/** Every due instant of the check up to and including `dueAtMs` is covered by exactly one row. */
export interface WatermarkRow {
  checkId: string;
  dueAtMs: number;
}

export interface CheckStateRow {
  checkId: string;
  state: CheckState;
  flapping: boolean;
  sinceMs: number;
  because: string;
}

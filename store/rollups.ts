/**
 * Roll-ups of results, step by step: promise, roll forward, correct; and the reading of them as the tenant. Between the
 * statements of `rollup-sql.ts` and the coordinator's upkeep. Each step is a transaction, so a kill between any two
 * leaves nothing that the next call does not make good.
 */
import type {
  RolledUp,
  RollupCounts,
  RollupQuery,
  RollupRow,
  TelemetryStore,
} from '../actors/ports/telemetry-store.ts';
import { plainOrNull } from './audit-text.ts';
import type { StoreClock } from './clock.ts';
import { assertInstant, assertWhole } from './columns.ts';
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import type { StoreLog } from './log.ts';
import { tend } from './retention.ts';
import { correctScript, forwardScript, newestRollups, promiseScript, rollupState } from './rollup-sql.ts';
import type { Database } from './unit-of-work.ts';

interface StateRow extends Record<string, unknown> {
  now: number;
  rolled_to: number;
  promised_to: number;
  marked: boolean;
}

interface RollupTableRow extends RollupCounts, Record<string, unknown> {
  check_id: string;
  at: number;
  latency_count: number;
  latency_sum: number;
  latency_min: number | null;
  latency_max: number | null;
}

const minuteMs = 60_000;

export function createTelemetryStore(db: Database, clock: StoreClock, log: StoreLog): TelemetryStore {
  return {
    tend: () => tend(db, clock, log),
    roll: () => roll(db),
    async rollups(tenantId, query) {
      const values = queryValues(tenantId, query);
      const rows = await db.asTenant(tenantId, (unit) =>
        unit.query<RollupTableRow>(newestRollups(query.by), values),
      );
      return rows.map(toRollup);
    },
  };
}

async function stateOf(db: Database): Promise<StateRow> {
  const [row] = await db.asPlatform((unit) => unit.query<StateRow>(rollupState));
  if (!row) throw new StoreError('query_failed', 'the row of the roll-ups is gone');
  return row;
}

async function roll(db: Database): Promise<RolledUp> {
  let state = await stateOf(db);
  const over = state.now - limits.rollupLagMs;
  const target = over - (over % minuteMs);
  if (state.promised_to <= state.rolled_to && target > state.rolled_to) {
    const toMs = Math.min(target, state.rolled_to + limits.rollupStepMs);
    await db.asPlatform((unit) => unit.script(promiseScript(toMs)));
    state = await stateOf(db);
  }
  const { rolled_to: fromMs, promised_to: toMs } = state;
  if (toMs > fromMs) await db.asWriter((unit) => unit.script(forwardScript(fromMs, toMs)));
  if (state.marked) await db.asWriter((unit) => unit.script(correctScript));
  const after = await stateOf(db);
  return { rolledToMs: after.rolled_to, more: after.marked || after.rolled_to < target };
}

function queryValues(tenantId: string, { by, checkId, sinceMs, limit, before = null }: RollupQuery) {
  if (by !== 'minute' && by !== 'hour' && by !== 'day')
    throw new StoreError('invalid_input', 'roll-ups are by minute, hour or day');
  assertWhole(limit, 'limit', 1, limits.rollupsPerQueryMax);
  if (sinceMs !== null) assertInstant(sinceMs, 'since');
  if (before) assertInstant(before.atMs, 'before');
  const check = plainOrNull(checkId);
  return [tenantId, check, sinceMs, limit, before?.atMs ?? null, before?.checkId ?? null];
}

function toRollup(row: RollupTableRow): RollupRow {
  const { check_id, at, success, warning, critical, unknown, timeout, skipped } = row;
  return {
    checkId: check_id,
    atMs: at,
    success,
    warning,
    critical,
    unknown,
    timeout,
    skipped,
    latencyCount: row.latency_count,
    latencySumMs: row.latency_sum,
    latencyMinMs: row.latency_min,
    latencyMaxMs: row.latency_max,
  };
}

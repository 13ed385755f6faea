/**
 * The rows that account for due instants: the one result writer of a core, and what reads them. Writing is at most two
 * statements for any number of tenants: rows and gaps first, then late rows, which may split gaps of the same batch. One
 * call at a time per node is assumed for a tenant; the lease keeps other nodes out.
 */
import type { CheckState, GapRow, ResultRow, ResultStatus } from '../actors/ports/check.ts';
import type { AccountedCheck, ResultQuery, ResultStore, TenantWrite } from '../actors/ports/result-store.ts';
import { plainOrNull } from './audit-text.ts';
import { assertInstant, assertWhole } from './columns.ts';
import { limits } from './limits.ts';
import type { Partitions } from './partitions.ts';
import {
  type Batch,
  gapColumns,
  resultColumns,
  stateColumns,
  tenantColumns,
  toBatch,
  watermarkColumns,
} from './result-batch.ts';
import { writeStatements } from './result-sql.ts';
import type { Database, Parameter } from './unit-of-work.ts';

interface ResultTableRow extends Record<string, unknown> {
  check_id: string;
  due_at: number;
  started_at: number | null;
  latency_ms: number | null;
  status: string;
  reason: string | null;
  agent: string | null;
  poller: string | null;
}

interface GapTableRow extends Record<string, unknown> {
  check_id: string;
  from_at: number;
  to_at: number;
  interval_ms: number;
  count: number;
  reason: string;
}

/** `busy`: the write's epoch is the present one, and somebody else has the lease's row locked. */
interface RefusedRow extends Record<string, unknown> {
  tenant_id: string;
  busy: boolean;
}

interface AccountedRow extends Record<string, unknown> {
  id: string;
  watermark: number | null;
  above: number[] | null;
  gaps: { fromMs: number; toMs: number }[] | null;
  state: CheckState | null;
  flapping: boolean | null;
  since: number | null;
  because: string | null;
}

/**
 * Two things keep this on its indexes, measured at 10,000 checks: OFFSET 0 holds each look-up per check together whatever
 * the statistics of a young table say, and the watermark is a plain column by the time that rows are compared with it
 * (under row-level security a comparison with `coalesce(...)` would only filter what was already read).
 */
const accounted = `
SELECT c.id, m.watermark, r.above, g.gaps, s.state, s.flapping, s.since, s.because
FROM checks c
LEFT JOIN LATERAL (
  SELECT due_at FROM telemetry.watermarks WHERE tenant_id = $1 AND check_id = c.id OFFSET 0
) w ON true
CROSS JOIN LATERAL (SELECT w.due_at AS watermark, coalesce(w.due_at, '-infinity') AS at OFFSET 0) m
LEFT JOIN LATERAL (
  SELECT state, flapping, since, because FROM telemetry.check_states WHERE tenant_id = $1 AND check_id = c.id OFFSET 0
) s ON true
LEFT JOIN LATERAL (
  SELECT array_agg(round(extract(epoch FROM due_at) * 1000)::float8 ORDER BY due_at) AS above FROM telemetry.results
  WHERE tenant_id = $1 AND check_id = c.id AND due_at > m.at OFFSET 0
) r ON true
LEFT JOIN LATERAL (
  SELECT json_agg(json_build_object('fromMs', round(extract(epoch FROM from_at) * 1000)::bigint,
    'toMs', round(extract(epoch FROM to_at) * 1000)::bigint) ORDER BY from_at) AS gaps
  FROM (
    SELECT from_at, to_at FROM telemetry.gaps WHERE tenant_id = $1 AND check_id = c.id AND from_at > m.at
    UNION ALL
    (SELECT from_at, to_at FROM telemetry.gaps WHERE tenant_id = $1 AND check_id = c.id AND from_at <= m.at
     ORDER BY from_at DESC LIMIT 1)
  ) near WHERE to_at > m.at OFFSET 0
) g ON true
ORDER BY c.ordinal`;

const newestResults = `
SELECT check_id, due_at, started_at, latency_ms, status, reason, agent, poller FROM telemetry.results
WHERE tenant_id = $1 AND ($2::text IS NULL OR check_id = $2)
  AND ($3::float8 IS NULL OR due_at >= to_timestamp($3::float8 / 1000))
  AND ($5::float8 IS NULL OR due_at < to_timestamp($5::float8 / 1000)
    OR (due_at = to_timestamp($5::float8 / 1000) AND check_id > $6::text))
  AND ($7::text IS NULL OR status = $7)
ORDER BY due_at DESC, check_id LIMIT $4::int`;

const newestGaps = `
SELECT check_id, from_at, to_at, interval_ms, count, reason FROM telemetry.gaps
WHERE tenant_id = $1 AND ($2::text IS NULL OR check_id = $2)
  AND ($3::float8 IS NULL OR to_at >= to_timestamp($3::float8 / 1000))
  AND ($5::float8 IS NULL OR to_at < to_timestamp($5::float8 / 1000)
    OR (to_at = to_timestamp($5::float8 / 1000) AND check_id > $6::text))
ORDER BY to_at DESC, check_id LIMIT $4::int`;

const msOf = (instant: string) => `round(extract(epoch FROM ${instant}) * 1000)::bigint`;

/** The instants of a gap are `from + k * interval`; those from `low` to `high` are wanted. */
const gapInstants = `
SELECT coalesce(sum(greatest(0, high - low + 1)), 0)::bigint AS instants FROM (
  SELECT greatest(0, ($2::bigint - g.f + g.i - 1) / g.i) AS low, (least(g.t, g.w) - g.f) / g.i AS high
  FROM (
    SELECT ${msOf('g.from_at')} AS f, ${msOf('g.to_at')} AS t, g.interval_ms AS i, ${msOf('w.due_at')} AS w
    FROM telemetry.gaps g JOIN telemetry.watermarks w ON w.tenant_id = g.tenant_id AND w.check_id = g.check_id
    WHERE g.tenant_id = $1 AND g.to_at >= to_timestamp($2::float8 / 1000) AND g.from_at <= w.due_at
  ) g
) k`;

export interface ResultDatabases {
  /** A database of its own, so that writes never wait behind reads. */
  writer: Database;
  reader: Database;
  partitions: Partitions;
}

export function createResultStore({ writer, reader, partitions }: ResultDatabases): ResultStore {
  return {
    async write(node, boot, writes) {
      const fenced = new Set<string>();
      const busy = new Set<string>();
      if (writes.length === 0) return { fenced: [], busy: [] };
      let batch = toBatch(writes);
      await partitions.makeAhead(newestDueMs(writes));
      await writer.asWriter(async (unit) => {
        for (const statementOf of steps) {
          // Whose rows were not written first must not have the progress that is written last.
          if (busy.size > 0) batch = toBatch(writes.filter(({ tenantId }) => !busy.has(tenantId)));
          const statement = statementOf(batch);
          if (statement === null) continue;
          const { text, values } = statement;
          for (const row of await unit.query<RefusedRow>(text, [node, boot, ...values]))
            (row.busy ? busy : fenced).add(row.tenant_id);
        }
      });
      return { fenced: [...fenced], busy: [...busy] };
    },
    async accounted(tenantId) {
      const rows = await reader.asTenant(tenantId, (unit) => unit.query<AccountedRow>(accounted, [tenantId]));
      return rows.map(toAccounted);
    },
    async gapInstants(tenantId, sinceMs) {
      assertInstant(sinceMs, 'since');
      const [row] = await reader.asTenant(tenantId, (unit) =>
        unit.query<{ instants: number }>(gapInstants, [tenantId, sinceMs]),
      );
      return row!.instants;
    },
    async results(tenantId, query) {
      const values = [...queryValues(tenantId, query), query.status ?? null];
      const rows = await reader.asTenant(tenantId, (unit) =>
        unit.query<ResultTableRow>(newestResults, values),
      );
      return rows.map(toResult);
    },
    async gaps(tenantId, query) {
      const values = queryValues(tenantId, query);
      const rows = await reader.asTenant(tenantId, (unit) => unit.query<GapTableRow>(newestGaps, values));
      return rows.map(toGap);
    },
  };
}

interface Asked {
  text: string;
  values: string[];
}

/** Rows and gaps, with watermarks and states when nothing is late; then what is late, with them. Null: there is nothing of it. */
const steps: readonly ((batch: Batch) => Asked | null)[] = [
  (batch) => {
    const hasGaps = batch.gaps.length > 0;
    const isLast = batch.late.length === 0;
    if (!isLast && batch.results.length === 0 && !hasGaps) return null;
    const values = [...tenantColumns(batch.writes), ...resultColumns(batch.results)];
    if (hasGaps) values.push(...gapColumns(batch.gaps));
    const { results, resultsAndGaps, resultsAndProgress, resultsGapsAndProgress } = writeStatements;
    if (!isLast) return { text: hasGaps ? resultsAndGaps : results, values };
    values.push(...progressColumns(batch));
    return { text: hasGaps ? resultsGapsAndProgress : resultsAndProgress, values };
  },
  (batch) => {
    if (batch.late.length === 0) return null;
    const values = [...tenantColumns(batch.writes), ...resultColumns(batch.late), ...progressColumns(batch)];
    return { text: writeStatements.lateAndProgress, values };
  },
];

function progressColumns({ watermarks, states }: Batch): string[] {
  return [...watermarkColumns(watermarks), ...stateColumns(states)];
}

function newestDueMs(writes: readonly TenantWrite[]): number {
  let newest = 0;
  for (const write of writes) {
    for (const row of write.results) newest = Math.max(newest, row.dueAtMs);
    for (const row of write.late) newest = Math.max(newest, row.dueAtMs);
  }
  return newest;
}

function queryValues(tenantId: string, query: ResultQuery): Parameter[] {
  assertWhole(query.limit, 'limit', 1, limits.resultsPerQueryMax);
  if (query.sinceMs !== null) assertInstant(query.sinceMs, 'since');
  if (query.before) assertInstant(query.before.atMs, 'before');
  const { before = null } = query;
  const checkId = plainOrNull(query.checkId);
  return [tenantId, checkId, query.sinceMs, query.limit, before?.atMs ?? null, before?.checkId ?? null];
}

function toAccounted(row: AccountedRow): AccountedCheck {
  const { state, flapping, since, because } = row;
  const known = state !== null && flapping !== null && since !== null && because !== null;
  return {
    checkId: row.id,
    watermarkMs: row.watermark,
    resultsAboveMs: row.above ?? [],
    gapsAbove: row.gaps ?? [],
    state: known ? { checkId: row.id, state, flapping, sinceMs: since, because } : null,
  };
}

function toResult(row: ResultTableRow): ResultRow {
  return {
    checkId: row.check_id,
    dueAtMs: row.due_at,
    startedAtMs: row.started_at,
    latencyMs: row.latency_ms,
    status: row.status as ResultStatus,
    reason: row.reason,
    agent: row.agent,
    poller: row.poller,
  };
}

function toGap(row: GapTableRow): GapRow {
  return {
    checkId: row.check_id,
    fromMs: row.from_at,
    toMs: row.to_at,
    intervalMs: row.interval_ms,
    count: row.count,
    reason: row.reason,
  };
}

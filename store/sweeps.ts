/**
 * Sweeps in their tenant's schema under its role: each change with its line in the audit, in one statement, and the bound on
 * how many there are judged on one locked row. Their runs are written by `sweep-runs.ts`.
 */
import {
  type NewSweep,
  type StatedSweep,
  type Sweep,
  type SweepRun,
  type SweepTerms,
  termsOf,
} from '../actors/ports/sweep.ts';
import type { SweepStore } from '../actors/ports/sweep-store.ts';
import { plainText } from './audit-text.ts';
import { assertWhole } from './columns.ts';
import { StoreError } from './errors.ts';
import { newSweepId } from './ids.ts';
import { limits } from './limits.ts';
import { sqlStateOf } from './pg-errors.ts';
import { atNewest, hasNothing } from './schema-versions.ts';
import { runOf } from './sweep-runs.ts';
import type { Database, Parameter } from './unit-of-work.ts';

interface Columns extends Record<string, unknown> {
  id: string;
  name: string;
  partition: string;
  terms: SweepTerms;
  interval_ms: number | null;
  enabled: boolean;
  version: number;
  created_at: number;
  updated_at: number;
  run?: SweepRun | null;
}

const columns =
  's.id, s.name, s."partition", s.terms, s.interval_ms, s.enabled, s.version, s.created_at, s.updated_at';
const moment = "moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS at)";
const noted = (event: string) =>
  `noted AS (INSERT INTO audit (at, who, event, subject, why) SELECT moment.at, $2, ${event}, s.id, s.name FROM s, moment)`;

const insert = `
WITH ${moment},
room AS (UPDATE sweep_usage SET live = live + 1 WHERE live < ${limits.sweepsPerTenantMax} RETURNING live),
s AS (
  INSERT INTO sweeps (id, name, "partition", terms, interval_ms, enabled, version, created_at, updated_at)
  SELECT $1, $3, $4, $5::jsonb, $6::bigint, $7::boolean, 1, at, at FROM moment, room RETURNING *
),
${noted("'sweep_add'")}
SELECT ${columns} FROM s`;

const enable = `
WITH ${moment},
s AS (
  UPDATE sweeps SET enabled = $3::boolean, version = version + 1, updated_at = at
  FROM moment WHERE id = $1 RETURNING sweeps.*
),
${noted("CASE WHEN $3::boolean THEN 'sweep_enable' ELSE 'sweep_disable' END")}
SELECT ${columns} FROM s`;

const remove = `
WITH ${moment},
s AS (DELETE FROM sweeps WHERE id = $1 RETURNING *),
room AS (UPDATE sweep_usage SET live = live - (SELECT count(*) FROM s)),
${noted("'sweep_remove'")}
SELECT ${columns} FROM s`;

const list = `
SELECT ${columns}, t.run FROM sweeps s
LEFT JOIN LATERAL (
  SELECT ${runOf} AS run FROM sweep_runs r WHERE r.sweep_id = s.id ORDER BY r.started_at DESC, r.id DESC LIMIT 1
) t ON true
ORDER BY s.name, s.id LIMIT ${limits.listedRowsMax}`;

const runs = `
SELECT ${runOf} AS run FROM sweep_runs r WHERE r.sweep_id = $1 ORDER BY r.started_at DESC, r.id DESC LIMIT $2::int`;

export function createSweepStore(db: Database): SweepStore {
  const ask = <Row extends Record<string, unknown>>(
    tenantId: string,
    text: string,
    values: readonly Parameter[],
  ) => atNewest('sweeps', () => db.asTenant(tenantId, (unit) => unit.query<Row>(text, values)));
  const change = async (tenantId: string, text: string, id: string, more: readonly Parameter[]) => {
    const [row] = await ask<Columns>(tenantId, text, [plainText(id), ...more]);
    if (row !== undefined) return toSweep(row);
    throw new StoreError('no_such_sweep', `the tenant has no sweep "${id}": see picket sweep list`);
  };
  return {
    async add(tenantId, given, by) {
      const { name, partition, intervalMs, enabled } = given;
      const values = [newSweepId(), by, name, partition, JSON.stringify(termsOf(given)), intervalMs, enabled];
      const [row] = await ask<Columns>(tenantId, insert, values).catch((error: unknown) =>
        taken(error, name),
      );
      if (row !== undefined) return toSweep(row);
      const most = limits.sweepsPerTenantMax;
      throw new StoreError('too_many_sweeps', `a tenant has at most ${most} sweeps: nothing was added`);
    },
    enable: (tenantId, id, enabled, by) => change(tenantId, enable, id, [by, enabled]),
    remove: (tenantId, id, by) => change(tenantId, remove, id, [by]),
    async list(tenantId): Promise<StatedSweep[]> {
      try {
        const rows = await ask<Columns>(tenantId, list, []);
        return rows.map((row) => ({ sweep: toSweep(row), run: row.run ?? null }));
      } catch (error) {
        if (error instanceof StoreError && (error.code === 'schema_behind' || hasNothing(error))) return [];
        throw error;
      }
    },
    async runs(tenantId, id, limit) {
      assertWhole(limit, 'limit', 1, limits.listedRowsMax);
      return (await ask<{ run: SweepRun }>(tenantId, runs, [plainText(id), limit])).map(({ run }) => run);
    },
  };
}

function taken(error: unknown, name: string): never {
  const cause = error instanceof StoreError ? error.cause : error;
  if (sqlStateOf(cause) !== '23505') throw error;
  const detail = `a sweep of the tenant is called "${name}": remove that one, or take another name`;
  throw new StoreError('sweep_exists', detail, { cause: error });
}

function toSweep(row: Columns): Sweep & NewSweep {
  const { id, name, partition, terms, enabled, version } = row;
  return {
    ...{ id, name, partition, ...terms, intervalMs: row.interval_ms, enabled, version },
    ...{ createdAtMs: row.created_at, updatedAtMs: row.updated_at },
  };
}

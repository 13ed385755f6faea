/**
 * Tenants that were made up, behind `picket seed`: each in one transaction, so that it is there with all its past or not at
 * all, and no core sees half of it. One that is there is left as it is; what others made is never touched.
 */

import { inTransaction } from '../backup/copy-session.ts';
import type { PhaseOf } from '../checks.ts';
import type { StoreClock } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { newTenantId, tenantRole } from '../ids.ts';
import { limits } from '../limits.ts';
import { type StoreLog, silentLog } from '../log.ts';
import { tenantScript } from '../migration-plan.ts';
import { tenantMigrations } from '../migrations/all.ts';
import { allSeries, partitionName, spanAt } from '../partition-plan.ts';
import { makeMissing, telemetryTables } from '../partitions.ts';
import { constraintOf } from '../pg-errors.ts';
import { openPool } from '../pool.ts';
import { foundationOf } from '../provisioning.ts';
import { findTenant } from '../tenant-rows.ts';
import { createDatabase, type Database } from '../unit-of-work.ts';
import { addPast } from './seed-telemetry.ts';
import type { Planted, SeedTenant, SeedWindow } from './seed-tenant.ts';
import { addChecks, addDevices } from './seed-things.ts';

export interface Seeds {
  /** Throws `slug_taken` when the slug is that of a tenant which somebody else made, `no_such_plan`. */
  plant(tenant: SeedTenant, days: number): Promise<Planted>;
  close(): Promise<void>;
}

export interface SeedsOptions {
  url: string;
  phaseOf: PhaseOf;
  clock: StoreClock;
  log?: StoreLog;
}

export function openSeeds({ url, phaseOf, clock, log = silentLog }: SeedsOptions): Seeds {
  const db = createDatabase(openPool(url, limits.schemaConnectionsMax, log), clock, log);
  const work: Work = { url, db, phaseOf, log };
  return {
    async plant(tenant, days) {
      const there = await seededBefore(db, tenant.slug);
      if (there !== null) return await counted(db, there, tenant.slug, false);
      const window = await windowOf(db, days);
      await makePartitions(work, window);
      const made = await plant(work, tenant, window);
      return made === null
        ? await counted(db, (await seededBefore(db, tenant.slug))!, tenant.slug, false)
        : await counted(db, made, tenant.slug, true);
    },
    close: () => db.close(),
  };
}

interface Work {
  url: string;
  db: Database;
  phaseOf: PhaseOf;
  log: StoreLog;
}

const author = 'seed';

/** The id of the tenant that an earlier seed made under this slug, and that lives; null: the slug is free. */
async function seededBefore(db: Database, slug: string): Promise<string | null> {
  return await db.asPlatform(async (unit) => {
    const found = await findTenant(unit, slug);
    if (found === null || (found.status === 'cancelled' && found.id !== slug)) return null;
    const ours = await unit.query(
      "SELECT FROM platform.tenant_audit WHERE tenant_id = $1 AND event = 'create' AND who = $2",
      [found.id, author],
    );
    if (ours.length > 0) return found.id;
    const detail = `tenant "${slug}" was not made by a seed, and is left as it is: cancel it or go without the seed`;
    throw new StoreError('slug_taken', detail);
  });
}

/** Whole minutes up to now, as far back as results are kept. */
async function windowOf(db: Database, days: number): Promise<SeedWindow> {
  const [row] = await db.asPlatform((unit) =>
    unit.query<{ now: number; kept: number }>(
      "SELECT clock_timestamp() AS now, (SELECT kept_days FROM platform.retention WHERE series = 'results') AS kept",
    ),
  );
  const { now, kept } = row!;
  const fromMs = now - Math.min(days, Math.max(1, kept - 1)) * 86_400_000;
  return { fromMs: fromMs - (fromMs % 60_000), untilMs: now };
}

/** Of the past, too: what no partition covers would fill the default one. */
async function makePartitions({ db, log }: Work, { fromMs, untilMs }: SeedWindow): Promise<void> {
  await db.asPlatform(async (unit) => {
    const { tables } = await telemetryTables(unit);
    const there = new Set(tables.map(({ name }) => name));
    for (const series of allSeries) {
      const spans: number[] = [];
      for (let span = spanAt(series.unit, fromMs); span <= spanAt(series.unit, untilMs); span += 1)
        if (!there.has(partitionName(series, span))) spans.push(span);
      await makeMissing(unit, series, spans, (name, error) => {
        log.warn({ partition: name, error: String(error) }, 'a partition of the past was not made');
      });
    }
  });
}

const appear = `
WITH made AS (
  INSERT INTO platform.tenants (id, slug, name, plan, status, created_at, status_at)
  SELECT $1, $2, $3, p.name, 'active', to_timestamp($5::float8 / 1000), to_timestamp($5::float8 / 1000)
  FROM platform.plans p WHERE p.name = $4 RETURNING id
)
INSERT INTO platform.tenant_audit (tenant_id, who, event, to_status)
SELECT id, $6, 'create', 'active' FROM made RETURNING tenant_id`;

/** The new id; null: another seed was faster. */
async function plant(work: Work, tenant: SeedTenant, window: SeedWindow): Promise<string | null> {
  const tenantId = newTenantId();
  const role = tenantRole(tenantId);
  const { slug, name, plan } = tenant;
  try {
    await inTransaction(work.url, { mode: '', commit: true }, async (session) => {
      // First of all, so that of two seeds at once the second waits here, and finds the slug taken.
      const appeared = await session.rows(appear, [tenantId, slug, name, plan, window.fromMs, author]);
      if (appeared.length === 0)
        throw new StoreError('no_such_plan', `there is no plan "${plan}": make it with picket plan set`);
      await session.run(foundationOf(tenantId));
      for (const migration of tenantMigrations) await session.run(tenantScript(tenantId, migration));
      await session.run(`SET LOCAL ROLE ${role}; SET LOCAL search_path = ${role}`);
      await addDevices(session, tenant.devices(window));
      const checks = await addChecks(session, tenant.checks(window), window, work.phaseOf);
      await session.run("SET LOCAL search_path = ''; SET LOCAL ROLE NONE");
      await addPast(session, tenantId, tenant, checks, window);
    });
    return tenantId;
  } catch (error) {
    const cause = error instanceof StoreError ? error.cause : error;
    if (constraintOf(cause) === 'tenants_live_slug') return null;
    throw error;
  }
}

const counts = `
SELECT (SELECT count(*) FROM devices) AS devices, (SELECT count(*) FROM checks) AS checks,
  (SELECT count(*) FROM telemetry.results) AS results,
  (SELECT coalesce(sum(count), 0)::bigint FROM telemetry.gaps) AS gaps,
  (SELECT count(*) FROM telemetry.rollup_minute) AS minutes`;

async function counted(db: Database, tenantId: string, slug: string, made: boolean): Promise<Planted> {
  const [row] = await db.asTenant(tenantId, (unit) =>
    unit.query<{ devices: number; checks: number; results: number; gaps: number; minutes: number }>(counts),
  );
  const { devices, checks, results, gaps: gapInstants, minutes: rollupMinutes } = row!;
  return { tenantId, slug, made, devices, checks, results, gapInstants, rollupMinutes };
}

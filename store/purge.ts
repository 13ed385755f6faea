/**
 * Removes all that a cancelled tenant had: its rows of telemetry in bounded statements, then schema, role and records in
 * one transaction. A kill leaves some rows; the next call removes the rest. The tenant's own row and its audit stay.
 * Each statement is joined to the epoch that this began under: whoever takes the tenant since, to restore it, is not undone.
 */
import type { LifeAnswer } from '../actors/ports/tenant-lives.ts';
import type { Tenant } from '../actors/ports/tenant-store.ts';
import { plainText } from './audit-text.ts';
import { isBeingRestored } from './backup/tenant-hold.ts';
import { textColumn } from './columns.ts';
import { StoreError } from './errors.ts';
import { assertTenantId } from './ids.ts';
import { limits } from './limits.ts';
import { tenantLock } from './migration-plan.ts';
import { step } from './migration-records.ts';
import { sqlStateOf } from './pg-errors.ts';
import { removalScript } from './provisioning.ts';
import { tenantById } from './tenant-rows.ts';
import type { Database } from './unit-of-work.ts';

/** The shared tables, with the columns that name a row beside the tenant. */
const telemetry = [
  ['results', 'check_id, due_at'],
  ['gaps', 'check_id, from_at'],
  ['watermarks', 'check_id'],
  ['check_states', 'check_id'],
  // After the results: nothing is left that they could be made of again.
  ['rollup_minute', 'check_id, at'],
  ['rollup_hour', 'check_id, at'],
  ['rollup_day', 'check_id, at'],
] as const;

/** $3: of these checks; null: of all. $4: the epoch, under any other nothing is removed. */
const removeSome = (table: string, key: string) => `
WITH held AS MATERIALIZED (SELECT FROM platform.leases WHERE tenant_id = $1 AND epoch = $4::bigint FOR SHARE),
gone AS (
  DELETE FROM telemetry.${table} WHERE EXISTS (SELECT FROM held) AND tenant_id = $1 AND (${key}) IN (
    SELECT ${key} FROM telemetry.${table} WHERE tenant_id = $1 AND ($3::text[] IS NULL OR check_id = ANY ($3::text[]))
    LIMIT $2)
  RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS removed, EXISTS (SELECT FROM held) AS held`;

/** A core that has not heard of it yet is fenced from here on. Not over a restore that is under way. */
const fence = `
INSERT INTO platform.leases AS l (tenant_id, epoch) VALUES ($1, 1)
ON CONFLICT (tenant_id) DO UPDATE SET node = NULL, boot = NULL, epoch = l.epoch + 1 WHERE NOT ${isBeingRestored('l')}
RETURNING epoch`;

export async function purge(db: Database, tenantId: string, by: string, keptMs: number): Promise<LifeAnswer> {
  const [tenant, nowMs] = await db.asPlatform(async (unit) => {
    const [row] = await unit.query<{ now: number }>('SELECT clock_timestamp() AS now');
    return [await tenantById(unit, tenantId), row!.now] as const;
  });
  const { slug, status, statusAtMs, purgedAtMs } = tenant;
  if (status !== 'cancelled') return notCancelled(tenant);
  if (purgedAtMs !== null) return { tenant };
  if (nowMs - statusAtMs < keptMs) {
    const untilText = new Date(statusAtMs + keptMs).toISOString();
    return { refused: 'still_kept', detail: `the data of tenant ${slug} are kept until ${untilText}` };
  }
  for (let attempt = 0; attempt < limits.lifeAttemptsMax; attempt += 1) {
    const [fenced] = await db.asPlatform((unit) => unit.query<{ epoch: number }>(fence, [tenantId]));
    // A restore that ended before the fence is seen now; one that begins after it has another epoch.
    const now = await db.asPlatform((unit) => tenantById(unit, tenantId));
    if (now.status !== 'cancelled') return notCancelled(now);
    if (fenced === undefined)
      return { refused: 'bad_transition', detail: `tenant ${slug} is being restored: it is not purged` };
    if (await removeAll(db, now, fenced.epoch)) {
      await db.asPlatform((unit) => unit.query(note, [tenantId, plainText(by)]));
      return { tenant: await db.asPlatform((unit) => tenantById(unit, tenantId)) };
    }
  }
  throw new StoreError('store_unavailable', `the lease of tenant ${tenantId} keeps changing hands`);
}

/** False: somebody took the tenant meanwhile, and the rest of it is there. */
async function removeAll(db: Database, { id, slug }: Tenant, epoch: number): Promise<boolean> {
  const { held } = await removeTelemetry(db, id, null, epoch);
  if (!held) return false;
  try {
    const script = onlyUnder(id, epoch, removalScript(id));
    await db.asPlatform((unit) => step(unit, script, `the removal of tenant ${slug}`));
    return true;
  } catch (error) {
    if (error instanceof StoreError && sqlStateOf(error.cause) === 'P0002') return false;
    throw error;
  }
}

function notCancelled({ slug, status }: Tenant): LifeAnswer {
  const detail = `tenant ${slug} is ${status}: only what was cancelled is purged; see picket tenant cancel`;
  return { refused: 'bad_transition', detail };
}

/** The statements, while the tenant is cancelled and its lease has that epoch; else they fail with P0002. */
function onlyUnder(tenantId: string, epoch: number, sql: string): string {
  assertTenantId(tenantId);
  return `${tenantLock(tenantId)}
DO $$ BEGIN
  PERFORM FROM platform.leases WHERE tenant_id = '${tenantId}' AND epoch = ${Number(epoch)} FOR SHARE;
  IF NOT FOUND OR NOT EXISTS (SELECT FROM platform.tenants WHERE id = '${tenantId}' AND status = 'cancelled') THEN
    RAISE no_data_found USING MESSAGE = 'the tenant was taken by another';
  END IF;
END $$;
${sql}`;
}

/** Of these checks, or of the whole tenant; answers how many rows it were, and whether `epoch` was the tenant's to the end. */
export async function removeTelemetry(
  db: Database,
  tenantId: string,
  checkIds: readonly string[] | null,
  epoch: number,
): Promise<{ rows: number; held: boolean }> {
  const checks = checkIds === null ? null : textColumn(checkIds);
  let all = 0;
  for (const [table, key] of telemetry) {
    const text = removeSome(table, key);
    let removed: number = limits.purgeRowsMax;
    while (removed === limits.purgeRowsMax) {
      const values = [tenantId, limits.purgeRowsMax, checks, epoch];
      const [row] = await db.asWriter((unit) => unit.query<{ removed: number; held: boolean }>(text, values));
      removed = Number(row!.removed);
      all += removed;
      if (!row!.held) return { rows: all, held: false };
    }
  }
  return { rows: all, held: true };
}

/**
 * Last, and once: until it is there the tenant counts as not purged, and everything before it is repeated. Not of one that
 * was restored since.
 */
const note = `
WITH purged AS (
  UPDATE platform.tenants SET purged_at = date_trunc('milliseconds', clock_timestamp())
  WHERE id = $1 AND purged_at IS NULL AND status = 'cancelled' RETURNING id
)
INSERT INTO platform.tenant_audit (tenant_id, who, event, from_status, to_status)
SELECT id, $2, 'purge', 'cancelled', 'cancelled' FROM purged`;

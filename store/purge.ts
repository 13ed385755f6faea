/**
 * Removes all that a cancelled tenant had: its rows of telemetry in bounded statements, then schema, role and records in
 * one transaction. A kill leaves some rows; the next call removes the rest. The tenant's own row and its audit stay.
 */
import type { LifeAnswer } from '../actors/ports/tenant-lives.ts';
import { plainText } from './audit-text.ts';
import { textColumn } from './columns.ts';
import { limits } from './limits.ts';
import { step } from './migration-records.ts';
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

/** $3: of these checks; null: of all. */
const removeSome = (table: string, key: string) => `
DELETE FROM telemetry.${table} WHERE tenant_id = $1 AND (${key}) IN (
  SELECT ${key} FROM telemetry.${table} WHERE tenant_id = $1 AND ($3::text[] IS NULL OR check_id = ANY ($3::text[]))
  LIMIT $2)
RETURNING 1 AS one`;

/** A core that has not heard of it yet is fenced from here on. */
const fence = 'UPDATE platform.leases SET node = NULL, boot = NULL, epoch = epoch + 1 WHERE tenant_id = $1';

export async function purge(db: Database, tenantId: string, by: string, keptMs: number): Promise<LifeAnswer> {
  const [tenant, nowMs] = await db.asPlatform(async (unit) => {
    const [row] = await unit.query<{ now: number }>('SELECT clock_timestamp() AS now');
    return [await tenantById(unit, tenantId), row!.now] as const;
  });
  const { slug, status, statusAtMs, purgedAtMs } = tenant;
  if (status !== 'cancelled') {
    const detail = `tenant ${slug} is ${status}: only what was cancelled is purged; see picket tenant cancel`;
    return { refused: 'bad_transition', detail };
  }
  if (purgedAtMs !== null) return { tenant };
  if (nowMs - statusAtMs < keptMs) {
    const untilText = new Date(statusAtMs + keptMs).toISOString();
    return { refused: 'still_kept', detail: `the data of tenant ${slug} are kept until ${untilText}` };
  }
  await db.asPlatform((unit) => unit.query(fence, [tenantId]));
  await removeTelemetry(db, tenantId, null);
  const who = plainText(by);
  await db.asPlatform((unit) => step(unit, removalScript(tenantId), `the removal of tenant ${slug}`));
  await db.asPlatform((unit) => unit.query(note, [tenantId, who]));
  return { tenant: await db.asPlatform((unit) => tenantById(unit, tenantId)) };
}

/** Of these checks, or of the whole tenant; answers how many rows it were. */
export async function removeTelemetry(
  db: Database,
  tenantId: string,
  checkIds: readonly string[] | null,
): Promise<number> {
  const checks = checkIds === null ? null : textColumn(checkIds);
  let all = 0;
  for (const [table, key] of telemetry) {
    const text = removeSome(table, key);
    let removed: number = limits.purgeRowsMax;
    while (removed === limits.purgeRowsMax) {
      const rows = await db.asWriter((unit) => unit.query(text, [tenantId, limits.purgeRowsMax, checks]));
      removed = rows.length;
      all += removed;
    }
  }
  return all;
}

/** Last, and once: until it is there the tenant counts as not purged, and everything before it is repeated. */
const note = `
WITH purged AS (
  UPDATE platform.tenants SET purged_at = date_trunc('milliseconds', clock_timestamp())
  WHERE id = $1 AND purged_at IS NULL RETURNING id
)
INSERT INTO platform.tenant_audit (tenant_id, who, event, from_status, to_status)
SELECT id, $2, 'purge', 'cancelled', 'cancelled' FROM purged`;

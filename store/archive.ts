/**
 * Removes what was archived long enough ago: of a check its telemetry in bounded statements first, then its rows, each
 * tenant by itself. A kill leaves a check without some of its telemetry, still archived; the next call removes the rest.
 * By then it cannot be restored: that is judged on the same clock (`check-changes.ts`).
 */
import type { ArchiveStore, Purged } from '../actors/ports/archive-store.ts';
import { isRun } from '../actors/ports/tenant-lifecycle.ts';
import { textColumn } from './columns.ts';
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import type { StoreLog } from './log.ts';
import { removeTelemetry } from './purge.ts';
import { atNewest } from './schema-versions.ts';
import { listTenants } from './tenant-rows.ts';
import type { Database } from './unit-of-work.ts';

const isOver = "archived_at <= clock_timestamp() - $1::float8 * interval '1 millisecond'";

const overChecks = `SELECT id FROM checks WHERE ${isOver} ORDER BY archived_at LIMIT ${limits.archivedPerPurgeMax}`;

/** Of whoever has the tenant now: telemetry is removed under it alone, so that what a restore brings back meanwhile stays. */
const epochNow = `
WITH free AS (INSERT INTO platform.leases (tenant_id, epoch) VALUES ($1, 0) ON CONFLICT DO NOTHING)
SELECT coalesce((SELECT epoch FROM platform.leases WHERE tenant_id = $1), 0) AS epoch`;

/** The row that counts them is locked first, as by those who restore. */
const removeChecks = `
WITH room AS MATERIALIZED (SELECT FROM usage WHERE what = 'checks' FOR UPDATE),
gone AS (
  DELETE FROM checks USING room WHERE id = ANY ($2::text[]) AND ${isOver} RETURNING id
),
ended AS (DELETE FROM schedules s USING gone g WHERE s.check_id = g.id)
INSERT INTO lives_audit (what, subject, event, who, from_state)
SELECT 'check', id, 'purge', 'retention', 'archived' FROM gone RETURNING subject`;

/** Said twice: of a row that was restored meanwhile the DELETE judges its own condition anew, and not the list that it was in. */
const removeDevices = `
WITH room AS MATERIALIZED (SELECT FROM device_usage FOR UPDATE),
gone AS (
  DELETE FROM devices WHERE id IN (
    SELECT id FROM devices, room WHERE ${isOver} ORDER BY archived_at LIMIT ${limits.archivedPerPurgeMax}
  ) AND ${isOver} RETURNING id, state
)
INSERT INTO lives_audit (what, subject, event, who, from_state)
SELECT 'device', id, 'purge', 'retention', state FROM gone RETURNING subject`;

export function createArchiveStore(db: Database, log: StoreLog): ArchiveStore {
  return {
    async purge(keptMs) {
      const purged: Purged = { checks: 0, devices: 0, rows: 0, failed: [] };
      for (const { id, status, schemaFits } of await db.asPlatform(listTenants)) {
        if (!isRun(status) || !schemaFits) continue;
        try {
          await purgeTenant(db, id, keptMs, purged);
        } catch (error) {
          if (!(error instanceof StoreError) || error.code === 'store_unavailable') throw error;
          // A schema one version behind has no audit: what is over waits until it was brought up.
          if (error.code === 'schema_behind') continue;
          purged.failed.push(id);
          log.warn({ tenant: id, error: error.message }, 'what was archived could not be removed');
        }
      }
      return purged;
    },
  };
}

async function purgeTenant(db: Database, tenantId: string, keptMs: number, purged: Purged): Promise<void> {
  const asTenant = (text: string, values: (string | number)[]) =>
    atNewest('devices', () => db.asTenant(tenantId, (unit) => unit.query<{ id: string }>(text, values)));
  // Asked first: at the version before nothing of a check may go, since nothing could be noted.
  for (let removed = limits.archivedPerPurgeMax as number; removed === limits.archivedPerPurgeMax; ) {
    removed = (await asTenant(removeDevices, [keptMs])).length;
    purged.devices += removed;
  }
  const [lease] = await db.asPlatform((unit) => unit.query<{ epoch: number }>(epochNow, [tenantId]));
  for (let removed = limits.archivedPerPurgeMax as number; removed === limits.archivedPerPurgeMax; ) {
    const over = (await asTenant(overChecks, [keptMs])).map(({ id }) => id);
    if (over.length === 0) return;
    const { rows, held } = await removeTelemetry(db, tenantId, over, lease!.epoch);
    purged.rows += rows;
    // Another has the tenant: what is over now, the next round looks for.
    if (!held) return;
    removed = (await asTenant(removeChecks, [keptMs, textColumn(over)])).length;
    purged.checks += removed;
  }
}

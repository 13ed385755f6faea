/**
 * Roll-ups of a restored tenant, made to fit its rows: an archive has rows that were not rolled up yet when it was made, and
 * the roll-ups here may be past them. In the last part of the restore's transaction, which from here on holds the row of the
 * roll-ups: who rolls forward waits, and counts what lies above.
 */
import { rollTenantScript } from '../rollup-sql.ts';
import type { CopySession } from './copy-session.ts';

const rollups = ['rollup_minute', 'rollup_hour', 'rollup_day'];

const look = `
SELECT (extract(epoch FROM rolled_to) * 1000)::float8 AS to_ms FROM platform.rollup FOR UPDATE`;

/** After the lock, so that it sees what was rolled up before it. */
const first = `
SELECT (extract(epoch FROM date_trunc('minute', min(due_at))) * 1000)::float8 AS from_ms FROM telemetry.results
WHERE tenant_id = $1`;

/** Made meanwhile, of rows that are replaced: all that is not this transaction's own, which has removed what there was. */
const removeOthers = (table: string) =>
  `DELETE FROM telemetry.${table} WHERE tenant_id = $1 AND xmin <> pg_current_xact_id()::xid`;

export async function rollRestored(session: CopySession, tenantId: string): Promise<void> {
  await session.run('SET LOCAL ROLE picket_writer');
  const [rolled] = await session.rows<{ to_ms: number }>(look);
  for (const table of rollups) await session.rows(removeOthers(table), [tenantId]);
  const [found] = await session.rows<{ from_ms: number | null }>(first, [tenantId]);
  const [fromMs, toMs] = [found?.from_ms ?? null, rolled!.to_ms];
  if (fromMs !== null && toMs > fromMs) await session.run(rollTenantScript(tenantId, fromMs, toMs));
  await session.run('SET LOCAL ROLE NONE');
}

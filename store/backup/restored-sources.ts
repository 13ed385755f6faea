/**
 * What of sources and imported authorities must not come back with an archive: how far an agent source had come was written under
 * epochs of its time, and is asked anew; what a listed source had listed goes with the devices of the archive, under no epoch; another
 * tenant's authorities vouch for nobody of this one; a sweep that ran then runs no more. Within the restore's transaction.
 */
import { tenantRole } from '../ids.ts';
import type { CopySession } from './copy-session.ts';

export async function forgetSources(session: CopySession, fromId: string, tenantId: string): Promise<void> {
  const role = tenantRole(tenantId);
  await session.run(`SET LOCAL ROLE ${role}; SET LOCAL search_path = ${role}`);
  const [there] = await session.rows<{ there: boolean }>(
    "SELECT to_regclass('agent_source_states') IS NOT NULL AS there",
  );
  const [listed] = await session.rows<{ there: boolean }>(
    "SELECT to_regclass('listed_source_states') IS NOT NULL AS there",
  );
  if (listed!.there) await session.rows('UPDATE listed_source_states SET epoch = 0');
  if (there!.there) {
    await session.rows('DELETE FROM agent_source_states');
    if (fromId !== tenantId) await session.rows('DELETE FROM imported_authorities');
  }
  const [swept] = await session.rows<{ there: boolean }>(
    "SELECT to_regclass('sweep_runs') IS NOT NULL AS there",
  );
  if (swept!.there)
    await session.rows(`UPDATE sweep_runs SET state = 'stopped', ended_at = clock_timestamp(),
      why = coalesce(why, 'restored from an archive') WHERE state = 'running'`);
  await session.run(`SET LOCAL search_path = ''; SET LOCAL ROLE NONE`);
}

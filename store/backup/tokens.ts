/**
 * What of a tenant's packages must not come back with an archive: a token that was used since would be good a second
 * time, so what nobody came with is over. A tenant under another id has no authority yet: the one in the archive signs for
 * the tenant that it was, and the keys of those before it go with it. Within the restore's transaction.
 */
import { tenantRole } from '../ids.ts';
import type { CopySession } from './copy-session.ts';

const end = `
WITH p AS (
  UPDATE packages SET state = 'expired', state_at = date_trunc('milliseconds', clock_timestamp())
  WHERE state IN ('issued', 'delivered') RETURNING id, state_at
)
INSERT INTO audit (at, who, event, subject, why) SELECT state_at, 'restore', 'package_expire', id, 'restored' FROM p`;

/** Of another tenant's certificates none is one of this tenant. */
const forget = `
WITH p AS (
  UPDATE packages SET state = 'revoked', state_at = date_trunc('milliseconds', clock_timestamp())
  WHERE state = 'activated' RETURNING id, state_at
),
a AS (DELETE FROM authorities)
INSERT INTO audit (at, who, event, subject, why) SELECT state_at, 'restore', 'package_revoke', id, 'restored' FROM p`;

/** What was retired since the archive was made, or is due: of another tenant, all. */
const retire = `
WITH f AS (
  UPDATE former_authorities SET key_sealed = NULL, retired_at = date_trunc('milliseconds', clock_timestamp())
  WHERE retired_at IS NULL AND (retire_at <= clock_timestamp() OR $1::boolean) RETURNING id, retired_at
)
INSERT INTO audit (at, who, event, subject, why) SELECT retired_at, 'restore', 'authority_retire', id, 'restored' FROM f`;

export async function endTokens(session: CopySession, fromId: string, tenantId: string): Promise<void> {
  const role = tenantRole(tenantId);
  await session.run(`SET LOCAL ROLE ${role}; SET LOCAL search_path = ${role}`);
  const isThere = async (table: string) => {
    const [row] = await session.rows<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
      table,
    ]);
    return row!.there;
  };
  if (await isThere('packages')) {
    await session.rows(end);
    if (fromId !== tenantId) await session.rows(forget);
  }
  if (await isThere('former_authorities')) await session.rows(retire, [fromId !== tenantId]);
  await session.run(`SET LOCAL search_path = ''; SET LOCAL ROLE NONE`);
}

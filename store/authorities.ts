/** The authority of each tenant, in its schema: the certificate as it is, the key sealed. */
import type { AuthorityStore, TenantAuthority } from '../actors/ports/authority-store.ts';
import { noteChange } from './audit.ts';
import { atNewest } from './schema-versions.ts';
import type { Database } from './unit-of-work.ts';
import type { Vault } from './vault/vault.ts';

interface Columns extends Record<string, unknown> {
  certificate: string;
  key_sealed: string;
}

const read = `SELECT certificate, key_sealed FROM authorities WHERE id = 'signing'`;
const moment = "moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS at)";

const make = `
WITH ${moment},
a AS (
  INSERT INTO authorities (id, certificate, key_sealed, made_at)
  SELECT 'signing', $1, $2, at FROM moment ON CONFLICT (id) DO NOTHING
  RETURNING 'authority' AS subject, made_at AS at
),
${noteChange('authority_make', 'a', '$3')}
SELECT FROM a`;

const renew = `
WITH ${moment},
a AS (
  UPDATE authorities SET certificate = $1, key_sealed = $2, renewed_at = at
  FROM moment WHERE certificate = $4 RETURNING 'authority' AS subject, at
),
${noteChange('authority_renew', 'a', '$3')}
SELECT FROM a`;

export function createAuthorityStore(db: Database, vault: Vault): AuthorityStore {
  const place = (tenantId: string) => ({
    tenantId,
    table: 'authorities',
    column: 'key_sealed',
    rowId: 'signing',
  });
  async function current(tenantId: string): Promise<TenantAuthority | null> {
    const [row] = await atNewest('authority', () =>
      db.asTenant(tenantId, (unit) => unit.query<Columns>(read)),
    );
    if (row === undefined) return null;
    const { certificate, key_sealed } = row;
    const privateKeyPem = vault.open(place(tenantId), key_sealed);
    return { certificatePem: certificate, privateKeyPem };
  }
  return {
    read: current,
    async replace(tenantId, { certificatePem, privateKeyPem }, before, by) {
      await vault.ready();
      const sealed = vault.seal(place(tenantId), privateKeyPem);
      const values = [certificatePem, sealed, by];
      const [text, given] = before === null ? [make, values] : [renew, [...values, before.certificatePem]];
      await atNewest('authority', () => db.asTenant(tenantId, (unit) => unit.query(text, given)));
      return (await current(tenantId))!;
    },
  };
}

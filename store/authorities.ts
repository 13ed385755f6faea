/** The authority of each tenant, in its schema: the certificate as it is, the key sealed. */
import type { AuthorityStore, TenantAuthority } from '../actors/ports/authority-store.ts';
import { noteChange } from './audit.ts';
import { orBehind } from './schema-versions.ts';
import type { Database } from './unit-of-work.ts';
import type { Vault } from './vault/vault.ts';

interface Columns extends Record<string, unknown> {
  certificate: string;
  key_sealed: string;
  ends_at: number;
}

const columns = 'certificate, key_sealed, ends_at';
const read = `SELECT ${columns} FROM authorities WHERE id = 'signing'`;
const moment = "moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS at)";
const endsAt = 'to_timestamp($3::float8 / 1000)::timestamptz(3)';

const make = `
WITH ${moment},
a AS (
  INSERT INTO authorities (id, certificate, key_sealed, ends_at, made_at)
  SELECT 'signing', $1, $2, ${endsAt}, at FROM moment ON CONFLICT (id) DO NOTHING
  RETURNING 'authority' AS subject, made_at AS at
),
${noteChange('authority_make', 'a', '$4')}
SELECT FROM a`;

const renew = `
WITH ${moment},
a AS (
  UPDATE authorities SET certificate = $1, key_sealed = $2, ends_at = ${endsAt}, renewed_at = at
  FROM moment WHERE certificate = $5 RETURNING 'authority' AS subject, at
),
${noteChange('authority_renew', 'a', '$4')}
SELECT FROM a`;

export function createAuthorityStore(db: Database, vault: Vault): AuthorityStore {
  const place = (tenantId: string) => ({
    tenantId,
    table: 'authorities',
    column: 'key_sealed',
    rowId: 'signing',
  });
  async function current(tenantId: string): Promise<TenantAuthority | null> {
    const [row] = await orBehind(
      tenantId,
      db.asTenant(tenantId, (unit) => unit.query<Columns>(read)),
    );
    if (row === undefined) return null;
    const { certificate, key_sealed, ends_at } = row;
    const privateKeyPem = vault.open(place(tenantId), key_sealed);
    return { certificatePem: certificate, privateKeyPem, endsAtMs: ends_at };
  }
  return {
    read: current,
    async replace(tenantId, { certificatePem, privateKeyPem, endsAtMs }, before, by) {
      await vault.ready();
      const sealed = vault.seal(place(tenantId), privateKeyPem);
      const values = [certificatePem, sealed, endsAtMs, by];
      const [text, given] = before === null ? [make, values] : [renew, [...values, before.certificatePem]];
      await orBehind(
        tenantId,
        db.asTenant(tenantId, (unit) => unit.query(text, given)),
      );
      return (await current(tenantId))!;
    },
  };
}

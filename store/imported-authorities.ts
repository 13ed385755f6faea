/**
 * Authorities of an older installation, in the schema of the one tenant that each was imported for: certificates as they are, the
 * key of what we present to its agents sealed. What was revoked stays in the list and is never good again.
 */
import type { ImportedAuthority, ImportedAuthorityStore } from '../actors/ports/imported-authority-store.ts';
import { auditText, plainText } from './audit-text.ts';
import { StoreError } from './errors.ts';
import { newImportedId } from './ids.ts';
import { limits } from './limits.ts';
import { sqlStateOf } from './pg-errors.ts';
import { atNewest, hasNothing } from './schema-versions.ts';
import type { Database, Parameter } from './unit-of-work.ts';
import type { Vault } from './vault/vault.ts';

interface Columns extends Record<string, unknown> {
  id: string;
  slug: string;
  trust_domain: string;
  certificates: string;
  fingerprint: string;
  client_certificate: string | null;
  client_key_sealed: string | null;
  created_at: number;
  revoked_at: number | null;
}

const columns = `a.id, a.slug, a.trust_domain, a.certificates, a.fingerprint, a.client_certificate, a.client_key_sealed,
  a.created_at, a.revoked_at`;
const moment = "moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS at)";

/** Those who import at once come one after the other, and each counts what the one before it left. */
const insert = `
SELECT pg_advisory_xact_lock(hashtext('imported_authorities'), hashtext(current_user));
INSERT INTO imported_authorities
  (id, slug, trust_domain, certificates, fingerprint, client_certificate, client_key_sealed, created_at)
SELECT g.id, g.slug, g.trust_domain, g.certificates, g.fingerprint, g.client, g.key, date_trunc('milliseconds', clock_timestamp())
FROM (SELECT current_setting('picket.ca_id') AS id, current_setting('picket.ca_slug') AS slug,
  current_setting('picket.ca_domain') AS trust_domain, current_setting('picket.ca_pem') AS certificates,
  current_setting('picket.ca_print') AS fingerprint, nullif(current_setting('picket.ca_client'), '') AS client,
  nullif(current_setting('picket.ca_key'), '') AS key) g
WHERE (SELECT count(*) FROM imported_authorities WHERE revoked_at IS NULL) < ${limits.importedAuthoritiesMax};
INSERT INTO audit (at, who, event, subject, why)
SELECT a.created_at, current_setting('picket.ca_by'), 'authority_import', a.id, a.trust_domain
FROM imported_authorities a WHERE a.id = current_setting('picket.ca_id');`;

const revoke = `
WITH ${moment},
a AS (
  UPDATE imported_authorities SET revoked_at = at FROM moment
  WHERE id = $1 AND revoked_at IS NULL RETURNING imported_authorities.*
),
noted AS (
  INSERT INTO audit (at, who, event, subject, why) SELECT a.revoked_at, $2, 'authority_disown', a.id, $3 FROM a
)
SELECT ${columns} FROM a`;

const list = `SELECT ${columns} FROM imported_authorities a ORDER BY a.created_at DESC, a.id LIMIT ${limits.listedRowsMax}`;
const one = `SELECT ${columns} FROM imported_authorities a WHERE a.id = $1`;
const client = `
SELECT ${columns} FROM imported_authorities a WHERE a.revoked_at IS NULL AND a.client_certificate IS NOT NULL
ORDER BY a.created_at DESC, a.id LIMIT 1`;

export function createImportedAuthorityStore(db: Database, vault: Vault): ImportedAuthorityStore {
  const place = (tenantId: string, rowId: string) => ({
    tenantId,
    table: 'imported_authorities',
    column: 'client_key_sealed',
    rowId,
  });
  const ask = (tenantId: string, text: string, values: readonly Parameter[] = []) =>
    atNewest('imported authorities', () =>
      db.asTenant(tenantId, (unit) => unit.query<Columns>(text, values)),
    );
  const orNone = async (rows: Promise<Columns[]>) => {
    try {
      return await rows;
    } catch (error) {
      if (error instanceof StoreError && (error.code === 'schema_behind' || hasNothing(error))) return [];
      throw error;
    }
  };
  return {
    async add(tenantId, given, by) {
      const id = newImportedId();
      if (given.client !== null) await vault.ready();
      const key = given.client === null ? '' : vault.seal(place(tenantId, id), given.client.privateKeyPem);
      const settings = {
        'picket.ca_id': id,
        'picket.ca_slug': given.slug,
        'picket.ca_domain': given.trustDomain,
        'picket.ca_pem': given.certificatesPem,
        'picket.ca_print': given.fingerprint,
        'picket.ca_client': given.client?.chainPem ?? '',
        'picket.ca_key': key,
        'picket.ca_by': by,
      } as const;
      const [row] = await atNewest('imported authorities', () =>
        db.asTenant(tenantId, async (unit) => {
          await unit.script(insert, settings);
          return await unit.query<Columns>(one, [id]);
        }),
      ).catch(exists);
      if (row !== undefined) return toAuthority(row);
      const most = limits.importedAuthoritiesMax;
      throw new StoreError(
        'too_many_authorities',
        `a tenant has at most ${most} imported authorities: revoke one`,
      );
    },
    list: async (tenantId) => (await orNone(ask(tenantId, list))).map(toAuthority),
    async revoke(tenantId, id, by, why) {
      const [row] = await ask(tenantId, revoke, [plainText(id), by, auditText(why)]);
      if (row !== undefined) return toAuthority(row);
      throw new StoreError(
        'no_such_authority',
        `the tenant has no living imported authority "${id}": see picket package authority list`,
      );
    },
    async client(tenantId) {
      const [row] = await orNone(ask(tenantId, client));
      const { id, client_certificate: chainPem = null, client_key_sealed: sealed = null } = row ?? {};
      if (id === undefined || chainPem === null || sealed === null) return null;
      return { chainPem, privateKeyPem: vault.open(place(tenantId, id), sealed) };
    },
  };
}

function exists(error: unknown): never {
  const cause = error instanceof StoreError ? error.cause : error;
  if (sqlStateOf(cause) !== '23505') throw error;
  throw new StoreError('authority_exists', 'these certificates are imported for the tenant already', {
    cause: error,
  });
}

function toAuthority(row: Columns): ImportedAuthority {
  return {
    id: row.id,
    slug: row.slug,
    trustDomain: row.trust_domain,
    certificatesPem: row.certificates,
    fingerprint: row.fingerprint,
    clientChainPem: row.client_certificate,
    createdAtMs: row.created_at,
    revokedAtMs: row.revoked_at,
  };
}

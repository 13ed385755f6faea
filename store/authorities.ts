/**
 * The authority of each tenant, in its schema: the certificate as it is, the key sealed; and those that it replaced, whose keys
 * go when their time is over. Each change is one statement with its line in the audit.
 */
import type { AuthorityStore, FormerAuthority, TenantAuthority } from '../actors/ports/authority-store.ts';
import { noteChange } from './audit.ts';
import { auditText } from './audit-text.ts';
import { limits } from './limits.ts';
import { atNewest, hasNothing } from './schema-versions.ts';
import type { Database } from './unit-of-work.ts';
import type { Vault } from './vault/vault.ts';

interface Columns extends Record<string, unknown> {
  certificate: string;
  key_sealed: string;
}

interface FormerColumns extends Record<string, unknown> {
  id: string;
  certificate: string;
  replaced_at: number;
  retire_at: number;
  retired_at: number | null;
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

/** `was` is read before the row is changed, and locked: of two that replace one, one finds it. */
const replace = `
WITH ${moment},
was AS MATERIALIZED (
  SELECT certificate, made_at FROM authorities WHERE id = 'signing' AND certificate = $4 AND $1 <> $4 FOR UPDATE
),
a AS (
  UPDATE authorities SET certificate = $1, key_sealed = $2, made_at = moment.at, renewed_at = NULL
  FROM moment, was WHERE authorities.certificate = was.certificate RETURNING 'authority' AS subject, at
),
f AS (
  INSERT INTO former_authorities (id, certificate, key_sealed, made_at, replaced_at, retire_at)
  SELECT $5, was.certificate, $6, was.made_at, a.at, a.at + $7::float8 * interval '1 millisecond' FROM was, a
),
${noteChange('authority_replace', 'a', '$3')}
SELECT FROM a`;

const formerColumns = 'id, certificate, replaced_at, retire_at, retired_at';
const former = `
SELECT ${formerColumns} FROM former_authorities ORDER BY replaced_at DESC, id LIMIT ${limits.listedRowsMax}`;

const noteEnd = `
INSERT INTO platform.authority_ends (tenant_id, serial, retire_at)
VALUES ($1, $2, clock_timestamp() + $3::float8 * interval '1 millisecond')
ON CONFLICT (tenant_id, serial) DO UPDATE SET retire_at = least(authority_ends.retire_at, excluded.retire_at)`;
const due = `
SELECT tenant_id, serial FROM platform.authority_ends WHERE retire_at <= clock_timestamp()
ORDER BY retire_at LIMIT ${limits.authorityEndsPerTurn}`;
const later = `
UPDATE platform.authority_ends SET retire_at = to_timestamp($3::float8 / 1000)::timestamptz(3)
WHERE tenant_id = $1 AND serial = $2`;
const ended = 'DELETE FROM platform.authority_ends WHERE tenant_id = $1 AND serial = $2';
const one = `SELECT ${formerColumns}, retire_at <= clock_timestamp() AS is_due FROM former_authorities WHERE id = $1`;

const retire = `
WITH ${moment},
f AS (
  UPDATE former_authorities SET key_sealed = NULL, retired_at = at FROM moment
  WHERE id = $1 AND retired_at IS NULL AND retire_at <= at RETURNING id, at
),
noted AS (
  INSERT INTO audit (at, who, event, subject, why) SELECT at, 'retirement', 'authority_retire', id, $2 FROM f
)
SELECT FROM f`;

export function createAuthorityStore(db: Database, vault: Vault): AuthorityStore {
  const place = (tenantId: string, table: string, rowId: string) => ({
    ...{ tenantId, table, column: 'key_sealed', rowId },
  });
  async function current(tenantId: string): Promise<TenantAuthority | null> {
    const [row] = await atNewest('authority', () =>
      db.asTenant(tenantId, (unit) => unit.query<Columns>(read)),
    );
    if (row === undefined) return null;
    const { certificate, key_sealed } = row;
    const privateKeyPem = vault.open(place(tenantId, 'authorities', 'signing'), key_sealed);
    return { certificatePem: certificate, privateKeyPem };
  }
  return {
    read: current,
    async replace(tenantId, { certificatePem, privateKeyPem }, before, { by, overlapMs, serial }) {
      await vault.ready();
      const sealed = vault.seal(place(tenantId, 'authorities', 'signing'), privateKeyPem);
      const values = [certificatePem, sealed, by];
      if (before === null || serial === null) {
        await atNewest('authority', () => db.asTenant(tenantId, (unit) => unit.query(make, values)));
        return (await current(tenantId))!;
      }
      const kept = vault.seal(place(tenantId, 'former_authorities', serial), before.privateKeyPem);
      const more = [before.certificatePem, serial, kept, overlapMs];
      const note = (ms: number) => db.asPlatform((unit) => unit.query(noteEnd, [tenantId, serial, ms]));
      // First and late: an end that is looked at before there is a row is forgotten, one that was not noted would never come.
      await note(overlapMs + limits.authorityEndNotedLateMs);
      await atNewest('former authorities', () =>
        db.asTenant(tenantId, (unit) => unit.query(replace, [...values, ...more])),
      );
      await note(overlapMs);
      return (await current(tenantId))!;
    },
    async former(tenantId) {
      const rows = await db
        .asTenant(tenantId, (unit) => unit.query<FormerColumns>(former))
        .catch((error: unknown) => {
          if (hasNothing(error)) return [];
          throw error;
        });
      return rows.map(toFormer);
    },
    due: () => dueToRetire(db),
    async retire(tenantId, serial, why) {
      await db.asTenant(tenantId, (unit) => unit.query(retire, [serial, auditText(why)]));
      await db.asPlatform((unit) => unit.query(ended, [tenantId, serial]));
    },
  };
}

async function dueToRetire(db: Database): Promise<{ tenantId: string; former: FormerAuthority }[]> {
  const ends = await db.asPlatform((unit) => unit.query<{ tenant_id: string; serial: string }>(due));
  const found: { tenantId: string; former: FormerAuthority }[] = [];
  for (const { tenant_id: tenantId, serial } of ends) {
    const [row] = await db
      .asTenant(tenantId, (unit) => unit.query<FormerColumns & { is_due: boolean }>(one, [serial]))
      .catch((error: unknown) => {
        // Of a tenant that was purged, or taken back to a schema without them, there is nothing to retire.
        if (hasNothing(error)) return [];
        throw error;
      });
    if (row?.retired_at === null && row.is_due) found.push({ tenantId, former: toFormer(row) });
    // It was noted before the row was written, a little early.
    else if (row?.retired_at === null)
      await db.asPlatform((unit) => unit.query(later, [tenantId, serial, row.retire_at]));
    else await db.asPlatform((unit) => unit.query(ended, [tenantId, serial]));
  }
  return found;
}

function toFormer(row: FormerColumns): FormerAuthority {
  const { id: serial, certificate: certificatePem } = row;
  const { replaced_at: replacedAtMs, retire_at: retireAtMs, retired_at: retiredAtMs } = row;
  return { serial, certificatePem, replacedAtMs, retireAtMs, retiredAtMs };
}

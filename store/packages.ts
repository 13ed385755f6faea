/**
 * Packages in their tenant's schema. A state is written only from the state that it was judged in, with its line in the
 * audit, in one statement; nothing here knows a token or a secret, only what tells a true one.
 */

import { refusalText } from '../actors/ports/lifecycle.ts';
import { type PackageState, packageLife, packageStates } from '../actors/ports/package-lifecycle.ts';
import type {
  NewPackage,
  Package,
  PackageKind,
  PackageMoved,
  PackageStore,
} from '../actors/ports/package-store.ts';
import { auditText, plainText } from './audit-text.ts';
import { textColumn } from './columns.ts';
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import { moment } from './moment.ts';
import { constraintOf, sqlStateOf } from './pg-errors.ts';
import { atNewest, hasNothing } from './schema-versions.ts';
import type { Database, Parameter } from './unit-of-work.ts';

interface Columns extends Record<string, unknown> {
  id: string;
  kind: PackageKind;
  name: string;
  partition: string;
  state: PackageState;
  state_at: number;
  secret_hash: string;
  token_signer: string;
  expires_at: number;
  created_at: number;
  delivered_at: number | null;
  activated_at: number | null;
  key_fingerprint: string | null;
  serial: string | null;
  chain: string | null;
}

const columns = `p.id, p.kind, p.name, p.partition, p.state, p.state_at, p.secret_hash, p.token_signer, p.expires_at,
  p.created_at, p.delivered_at, p.activated_at, p.key_fingerprint, p.serial, p.chain`;

/** Who (`$2`) did what to the rows of `p`, and what they were before. */
const noted = (event: string, why: string) =>
  `noted AS (INSERT INTO audit (at, who, event, subject, why) SELECT p.state_at, $2, ${event}, p.id, ${why} FROM p)`;

const insert = `
WITH ${moment},
p AS (
  INSERT INTO packages (id, kind, name, partition, state, state_at, secret_hash, token_signer, expires_at, created_at)
  SELECT $1, $3, $4, $5, 'issued', at, $6, $7, to_timestamp($8::float8 / 1000)::timestamptz(3), at FROM moment RETURNING *
),
${noted("'package_create'", 'null')}
SELECT ${columns} FROM p`;

const noteEnd = `
INSERT INTO platform.package_ends (tenant_id, package_id, expires_at)
VALUES ($1, $2, to_timestamp($3::float8 / 1000)::timestamptz(3))`;

/** The one statement by which a package becomes somebody's: whoever comes second finds no row that is issued. */
const deliver = `
WITH ${moment},
p AS (
  UPDATE packages SET state = 'delivered', state_at = at, delivered_at = at, key_fingerprint = $3, serial = $4, chain = $5
  FROM moment WHERE id = $1 AND state = 'issued' AND expires_at > at RETURNING packages.*
),
${noted("'package_deliver'", "'issued -> delivered'")}
SELECT id FROM p`;

const move = `
WITH ${moment},
p AS (
  UPDATE packages SET state = $4, state_at = at, activated_at = CASE WHEN $4 = 'activated' THEN at ELSE activated_at END
  FROM moment WHERE id = $1 AND state = $3 RETURNING packages.*
),
${noted("'package_' || $5", "$3 || ' -> ' || $4 || coalesce(': ' || $6, '')")}
SELECT ${columns} FROM p`;

const expire = `
WITH ${moment},
due AS MATERIALIZED (
  SELECT id, state FROM packages WHERE id = ANY ($1::text[]) AND state = ANY ($3::text[])
  AND expires_at <= (SELECT at FROM moment) FOR UPDATE
),
p AS (
  UPDATE packages SET state = 'expired', state_at = at FROM moment, due
  WHERE packages.id = due.id RETURNING packages.*, due.state AS was
),
${noted("'package_expire'", "p.was || ' -> expired'")}
SELECT ${columns} FROM p`;

/** Of the first certificate, or of one that a renewal gave. */
const bySerial = {
  newest: `
SELECT ${columns} FROM packages p
WHERE p.serial = $1 OR p.id = (SELECT package_id FROM certificates WHERE serial = $1)`,
  before: `SELECT ${columns} FROM packages p WHERE p.serial = $1`,
};

const list = `
SELECT ${columns} FROM packages p WHERE p.state <> 'deleted' ORDER BY p.created_at DESC, p.id LIMIT ${limits.listedRowsMax}`;

const due = `
SELECT tenant_id, package_id FROM platform.package_ends WHERE expires_at <= clock_timestamp()
ORDER BY expires_at LIMIT ${limits.packageEndsPerTurn}`;
const ended = 'DELETE FROM platform.package_ends WHERE tenant_id = $1 AND package_id = ANY ($2::text[])';

const expiring = packageStates.filter((state) => 'to' in packageLife.next(state, 'expire'));

export function createPackageStore(db: Database): PackageStore {
  async function ask(tenantId: string, text: string, values: readonly Parameter[] = []): Promise<Package[]> {
    const rows = await atNewest('packages', () =>
      db.asTenant(tenantId, (unit) => unit.query<Columns>(text, values)),
    );
    return rows.map(toPackage);
  }
  async function byId(tenantId: string, id: string): Promise<Package | null> {
    return (
      (await ask(tenantId, `SELECT ${columns} FROM packages p WHERE p.id = $1`, [plainText(id)]))[0] ?? null
    );
  }

  return {
    async create(tenantId, made, by) {
      const { id, kind, name, partition, secretHash, tokenSigner, expiresAtMs } = made;
      // First: one that is not there when its end is looked for is forgotten, one whose end nobody knows would stay.
      await db.asPlatform((unit) => unit.query(noteEnd, [tenantId, id, expiresAtMs]));
      const values = [id, by, kind, name, partition, secretHash, tokenSigner, expiresAtMs];
      const [row] = await ask(tenantId, insert, values).catch((error: unknown) => {
        throw isTaken(error) ? exists(made, error) : error;
      });
      return row!;
    },
    list: (tenantId) => ask(tenantId, list),
    async find(tenantId, by) {
      if ('id' in by) return await byId(tenantId, by.id);
      const serial = plainText(by.serial);
      const { newest, before } = bySerial;
      const rows = await ask(tenantId, newest, [serial]).catch((error: unknown) => {
        // Told by whoever knows no renewals yet, or not even packages: then the other statement says so, too.
        if (error instanceof StoreError && error.code === 'schema_behind')
          return ask(tenantId, before, [serial]);
        throw error;
      });
      return rows[0] ?? null;
    },
    async deliver(tenantId, id, { keyFingerprint, serial, chainPem }) {
      const values = [plainText(id), 'enrolment', keyFingerprint, serial, chainPem];
      const rows = await atNewest('packages', () =>
        db.asTenant(tenantId, (unit) => unit.query(deliver, values)),
      );
      return rows.length > 0;
    },
    async change(tenantId, id, event, by, why): Promise<PackageMoved> {
      for (let attempt = 0; attempt < limits.lifeAttemptsMax; attempt += 1) {
        const found = await byId(tenantId, id);
        if (found === null || found.state === 'deleted') throw noPackage(id);
        const step = packageLife.next(found.state, event);
        if ('refused' in step)
          return {
            refused: step.refused,
            detail: refusalText(`package ${id}`, found.state, event, step.allowed),
          };
        const note = auditText(why);
        const [row] = await ask(tenantId, move, [found.id, by, found.state, step.to, event, note]);
        if (row !== undefined) return { package: row };
      }
      throw new StoreError('store_unavailable', `the state of package ${id} keeps changing`);
    },
    expireDue: () => expireDue(db),
  };
}

async function expireDue(db: Database): Promise<{ tenantId: string; package: Package }[]> {
  const rows = await db.asPlatform((unit) => unit.query<{ tenant_id: string; package_id: string }>(due));
  const byTenant = new Map<string, string[]>();
  for (const { tenant_id, package_id } of rows)
    byTenant.set(tenant_id, [...(byTenant.get(tenant_id) ?? []), package_id]);
  const expired: { tenantId: string; package: Package }[] = [];
  for (const [tenantId, own] of byTenant) {
    const ids = textColumn(own);
    const values = [ids, 'expiry', textColumn(expiring)];
    const found = await db
      .asTenant(tenantId, (unit) => unit.query<Columns>(expire, values))
      .catch((error: unknown) => {
        // Of a tenant that was purged, or taken back to a schema without packages, there is nothing to end.
        if (hasNothing(error)) return [];
        throw error;
      });
    expired.push(...found.map((row) => ({ tenantId, package: toPackage(row) })));
    await db.asPlatform((unit) => unit.query(ended, [tenantId, ids]));
  }
  return expired;
}

function isTaken(error: unknown): boolean {
  const cause = error instanceof StoreError ? error.cause : error;
  return sqlStateOf(cause) === '23505' && constraintOf(cause) === 'packages_live';
}

function exists({ kind, name }: NewPackage, cause: unknown): StoreError {
  const detail = `a living package of the tenant is for the ${kind} "${name}": revoke that one first, or choose another name`;
  return new StoreError('package_exists', detail, { cause });
}

function noPackage(id: string): StoreError {
  return new StoreError('no_such_package', `the tenant has no package "${id}": see picket package list`);
}

function toPackage(row: Columns): Package {
  const { key_fingerprint, serial, chain } = row;
  const isDelivered = key_fingerprint !== null && serial !== null && chain !== null;
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    partition: row.partition,
    secretHash: row.secret_hash,
    tokenSigner: row.token_signer,
    expiresAtMs: row.expires_at,
    state: row.state,
    stateAtMs: row.state_at,
    createdAtMs: row.created_at,
    deliveredAtMs: row.delivered_at,
    activatedAtMs: row.activated_at,
    delivered: isDelivered ? { keyFingerprint: key_fingerprint, serial, chainPem: chain } : null,
  };
}

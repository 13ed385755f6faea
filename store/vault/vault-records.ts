/** What the database says about keys: which were noted, and how many values of which tenant are sealed with each. */
import { hasNothing } from '../schema-versions.ts';
import type { Database } from '../unit-of-work.ts';
import type { NotedKey } from './rotation-plan.ts';
import { sealedTables } from './sealed-columns.ts';

interface KeyColumns extends Record<string, unknown> {
  id: string | null;
  proof: string;
  noted_at: number;
  began_at: number | null;
  ended_at: number | null;
  resealed: number;
  unreadable: number;
  now: number;
}

/** One row at least, for the clock. */
const read = `
SELECT k.id, k.proof, k.noted_at, k.began_at, k.ended_at, k.resealed, k.unreadable, m.now
FROM (SELECT clock_timestamp() AS now) m LEFT JOIN platform.vault_keys k ON true ORDER BY k.noted_at, k.id`;

export async function notedKeys(db: Database): Promise<{ keys: NotedKey[]; nowMs: number }> {
  const rows = await db.asPlatform((unit) => unit.query<KeyColumns>(read));
  const keys = rows.flatMap(({ id, proof, noted_at, began_at, ended_at, resealed, unreadable }) =>
    id === null
      ? []
      : [{ id, proof, notedAtMs: noted_at, beganAtMs: began_at, endedAtMs: ended_at, resealed, unreadable }],
  );
  return { keys, nowMs: rows[0]!.now };
}

/** Cancelled ones too, until they are purged. */
export async function tenantsWithData(db: Database): Promise<string[]> {
  const rows = await db.asPlatform((unit) =>
    unit.query<{ id: string }>(
      "SELECT id FROM platform.tenants WHERE purged_at IS NULL AND status NOT IN ('provisioning', 'failed') ORDER BY id",
    ),
  );
  return rows.map(({ id }) => id);
}

export interface SealedCount {
  key: string;
  /** Sealed values, and hashes by which users are found. */
  values: number;
  lookups: number;
}

const count = `
SELECT key, sum(found) FILTER (WHERE what = 'value') AS values, sum(found) FILTER (WHERE what = 'lookup') AS lookups FROM (
${sealedTables
  .flatMap(({ table, columns }) =>
    columns.map(
      (column) =>
        `  SELECT 'value' AS what, split_part(${column}, ':', 2) AS key, count(*) AS found FROM ${table} WHERE ${column} IS NOT NULL GROUP BY 2`,
    ),
  )
  .join('\n  UNION ALL\n')}
  UNION ALL
  SELECT 'lookup', split_part(lookup, ':', 1), count(*) FROM user_emails GROUP BY 2
) s GROUP BY key ORDER BY key`;

/** By key; of a tenant whose schema has nothing sealed yet, nothing. */
export async function countSealed(db: Database, tenantId: string): Promise<SealedCount[]> {
  try {
    const rows = await db.asTenant(tenantId, (unit) =>
      unit.query<{ key: string; values: number | string | null; lookups: number | string | null }>(count),
    );
    return rows.map(({ key, values, lookups }) => ({
      key,
      values: Number(values ?? 0),
      lookups: Number(lookups ?? 0),
    }));
  } catch (error) {
    if (hasNothing(error)) return [];
    throw error;
  }
}

/** Live users that the key does not find. */
const unfound = `
SELECT count(*) AS found FROM users u WHERE archived_at IS NULL AND NOT EXISTS (
  SELECT FROM user_emails WHERE user_id = u.id AND split_part(lookup, ':', 1) = $1)`;

export async function countUnfound(db: Database, tenantId: string, keyId: string): Promise<number> {
  try {
    const rows = await db.asTenant(tenantId, (unit) => unit.query<{ found: number }>(unfound, [keyId]));
    return Number(rows[0]!.found);
  } catch (error) {
    if (hasNothing(error)) return 0;
    throw error;
  }
}

export async function dropLookups(db: Database, tenantId: string, keyId: string): Promise<void> {
  const drop = "DELETE FROM user_emails WHERE split_part(lookup, ':', 1) = $1";
  await db
    .asTenant(tenantId, (unit) => unit.query(drop, [keyId]))
    .catch((error: unknown) => {
      if (!hasNothing(error)) throw error;
    });
}

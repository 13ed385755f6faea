/** What the database says about keys: which were noted, and how many values of which tenant are sealed with each. */
import { StoreError } from '../errors.ts';
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

/**
 * Those who restore share it to the end of their transaction; who retires a key has it alone. Nobody sees what a restore
 * brings before its end, nor which keys that is sealed with.
 */
export const restoreLock = 'SELECT pg_advisory_xact_lock_shared(1885956973, 2)';
const lockAlone = 'SELECT pg_try_advisory_lock(1885956973, 2) AS got';
const unlock = 'SELECT pg_advisory_unlock(1885956973, 2)';

/** Throws `restore_running`. */
export async function withoutRestores<T>(db: Database, work: () => Promise<T>): Promise<T> {
  return await db.asPlatform(async (unit) => {
    const [row] = await unit.query<{ got: boolean }>(lockAlone);
    if (row?.got !== true)
      throw new StoreError(
        'restore_running',
        'a backup is restored at this moment, and what it brings may be sealed with any key: try again when it has ended',
      );
    try {
      return await work();
    } finally {
      await unit.query(unlock);
    }
  });
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

/**
 * One column each: a tenant one version behind may lack one, and what the others hold must be counted all the same, or a key
 * in use would be retired.
 */
const counts = [
  ...sealedTables.flatMap(({ table, columns }) =>
    columns.map((column) => ({
      what: 'values' as const,
      text: `SELECT split_part(${column}, ':', 2) AS key, count(*) AS found FROM ${table} WHERE ${column} IS NOT NULL GROUP BY 1`,
    })),
  ),
  {
    what: 'lookups' as const,
    text: "SELECT split_part(lookup, ':', 1) AS key, count(*) AS found FROM user_emails GROUP BY 1",
  },
];

/** By key; of a tenant whose schema has nothing sealed yet, nothing. */
export async function countSealed(db: Database, tenantId: string): Promise<SealedCount[]> {
  const found = new Map<string, SealedCount>();
  for (const { what, text } of counts) {
    const rows = await orNothing(
      db.asTenant(tenantId, (unit) => unit.query<{ key: string; found: number }>(text)),
    );
    for (const row of rows) {
      const one = found.get(row.key) ?? { key: row.key, values: 0, lookups: 0 };
      found.set(row.key, { ...one, [what]: one[what] + Number(row.found) });
    }
  }
  return [...found.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
}

/** Live users that the key does not find. */
const unfound = `
SELECT count(*) AS found FROM users u WHERE archived_at IS NULL AND NOT EXISTS (
  SELECT FROM user_emails WHERE user_id = u.id AND split_part(lookup, ':', 1) = $1)`;

export async function countUnfound(db: Database, tenantId: string, keyId: string): Promise<number> {
  const asked = db.asTenant(tenantId, (unit) => unit.query<{ found: number }>(unfound, [keyId]));
  return Number((await orNothing(asked))[0]?.found ?? 0);
}

export async function dropLookups(db: Database, tenantId: string, keyId: string): Promise<void> {
  const drop = "DELETE FROM user_emails WHERE split_part(lookup, ':', 1) = $1";
  await orNothing(db.asTenant(tenantId, (unit) => unit.query(drop, [keyId])));
}

async function orNothing<Row>(asked: Promise<Row[]>): Promise<Row[]> {
  return await asked.catch((error: unknown) => {
    if (hasNothing(error)) return [];
    throw error;
  });
}

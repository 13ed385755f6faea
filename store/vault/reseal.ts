/**
 * A tenant's rows that are not sealed with the active key, brought under it in small batches. A row is written only where
 * it still says what was opened, so whoever changes it meanwhile wins, and two that do this at once do no harm.
 */
import { textColumn } from '../columns.ts';
import { StoreError } from '../errors.ts';
import { limits } from '../limits.ts';
import { hasNothing } from '../schema-versions.ts';
import type { Database } from '../unit-of-work.ts';
import { blindIndex, normalEmail } from './blind-index.ts';
import { openField, sealField } from './field.ts';
import type { VaultKey } from './key-ring.ts';
import { emailLookup, type SealedTable } from './sealed-columns.ts';

export interface ResealBatch {
  resealed: number;
  unreadable: number;
  /** Of the first that does not open. */
  error: string | null;
  /** Where the next batch begins; null: the table has no more. */
  after: string | null;
}

export type Row = { id: string } & Record<string, string | null>;

export interface ResealWork {
  db: Database;
  /** Seals. */
  key: VaultKey;
  /** Opens. */
  keyOf(id: string): VaultKey;
}

/** `$1`: the id after which, `$2`: the active key's. */
export function rowsOfOtherKeys({ table, columns }: SealedTable): string {
  const others = columns.map((column) => `split_part(${column}, ':', 2) <> $2`).join(' OR ');
  return `
SELECT id, ${columns.join(', ')} FROM ${table} WHERE id > $1 AND (${others}) ORDER BY id LIMIT ${limits.resealRows}`;
}

/** `$1` ids, `$2` lookups or nulls, then of each column what it says and what it shall say. */
export function replaceRows({ table, columns }: SealedTable): string {
  const given = columns.flatMap((_, at) => [`was_${at}`, `now_${at}`]);
  const parameters = ['$1', '$2', ...given.map((_, at) => `$${at + 3}`)].map((one) => `${one}::text[]`);
  const set = columns.map((column, at) => `${column} = g.now_${at}`).join(', ');
  const same = columns.map((column, at) => `t.${column} IS NOT DISTINCT FROM g.was_${at}`).join(' AND ');
  const found =
    table !== 'users'
      ? ''
      : `,
found AS (
  INSERT INTO user_emails (lookup, user_id) SELECT u.lookup, u.id FROM u WHERE u.archived_at IS NULL AND u.lookup IS NOT NULL
  ON CONFLICT DO NOTHING
)`;
  return `
WITH u AS (
  UPDATE ${table} t SET ${set}
  FROM unnest(${parameters.join(', ')}) AS g(id, lookup, ${given.join(', ')})
  WHERE t.id = g.id AND ${same} RETURNING t.*, g.lookup
)${found}
SELECT id FROM u`;
}

/** The same row under another key. Throws as `openField` does. */
export function resealedRow(
  { key, keyOf }: Omit<ResealWork, 'db'>,
  tenantId: string,
  { table, columns }: SealedTable,
  row: Row,
): { lookup: string | null; sealed: (string | null)[] } {
  const opened = columns.map((column) => {
    const sealed = row[column] ?? null;
    return sealed === null ? null : openField(keyOf, { tenantId, table, column, rowId: row.id }, sealed);
  });
  const sealed = opened.map((text, at) =>
    text === null ? null : sealField(key, { tenantId, table, column: columns[at]!, rowId: row.id }, text),
  );
  const email = table === 'users' ? normalEmail(opened[columns.indexOf('email_sealed')] ?? '') : null;
  return { lookup: email === null ? null : blindIndex(key, tenantId, emailLookup, email), sealed };
}

export async function resealBatch(
  work: ResealWork,
  tenantId: string,
  table: SealedTable,
  after: string,
): Promise<ResealBatch> {
  const { db, key } = work;
  const rows = await db
    .asTenant(tenantId, (unit) => unit.query<Row>(rowsOfOtherKeys(table), [after, key.id]))
    .catch((error: unknown) => {
      // Of a schema that has no such table yet, or a tenant that went meanwhile, nothing is sealed.
      if (hasNothing(error)) return [];
      throw error;
    });
  const made: { row: Row; lookup: string | null; sealed: (string | null)[] }[] = [];
  let error: string | null = null;
  for (const row of rows) {
    try {
      made.push({ row, ...resealedRow(work, tenantId, table, row) });
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      error ??= `tenant ${tenantId}: ${cause.code}: ${cause.message}`;
    }
  }
  const values = [
    textColumn(made.map(({ row }) => row.id)),
    textColumn(made.map(({ lookup }) => lookup)),
    ...table.columns.flatMap((column, at) => [
      textColumn(made.map(({ row }) => row[column] ?? null)),
      textColumn(made.map(({ sealed }) => sealed[at]!)),
    ]),
  ];
  const written =
    made.length === 0 ? [] : await db.asTenant(tenantId, (unit) => unit.query(replaceRows(table), values));
  return {
    resealed: written.length,
    unreadable: rows.length - made.length,
    error,
    after: rows.length < limits.resealRows ? null : rows.at(-1)!.id,
  };
}

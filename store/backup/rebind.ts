/**
 * What is sealed in the rows of a restored tenant, made to open where it is now: values are bound to the tenant's id, and
 * an archive may hold some of a key that opens no field any more. Within the restore's transaction, in batches. A value that
 * did not open when it was archived stays as it is; one whose key is nowhere ends the restore, since another ring has it.
 */
import { textColumn } from '../columns.ts';
import { StoreError } from '../errors.ts';
import { tenantRole } from '../ids.ts';
import { limits } from '../limits.ts';
import { blindIndexes, normalEmail } from '../vault/blind-index.ts';
import { type FieldPlace, keyIdOf, openField, sealField } from '../vault/field.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { type Row, replaceRows } from '../vault/reseal.ts';
import { emailLookup, type SealedTable, sealedTables } from '../vault/sealed-columns.ts';
import type { CopySession } from './copy-session.ts';

export interface Rebind {
  session: CopySession;
  keys: KeyRing;
  /** Whose it was, and whose it is. */
  fromId: string;
  tenantId: string;
  /** Before the first value: that the database's values are sealed with this ring. Throws `ring_foreign`. */
  note(): Promise<void>;
}

export async function rebind(work: Rebind): Promise<void> {
  const { session, keys, fromId, tenantId } = work;
  const role = tenantRole(tenantId);
  await session.run(`SET LOCAL ROLE ${role}; SET LOCAL search_path = ${role}`);
  for (const table of sealedTables) {
    const [there] = await session.rows<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
      table.table,
    ]);
    if (!there!.there) continue;
    if (table.table === 'users') await forget(work);
    for (let after: string | null = ''; after !== null; ) after = await rebindSome(work, table, after);
  }
  await session.run(`SET LOCAL search_path = ''; SET LOCAL ROLE NONE`);

  /** Hashes of another tenant, and of keys that find nobody any more. */
  async function forget({ session: on }: Rebind): Promise<void> {
    const kept = keys.keys.filter(({ state }) => state !== 'retired').map(({ id }) => id);
    const stays = fromId === tenantId ? kept : [];
    await on.rows(`DELETE FROM user_emails WHERE split_part(lookup, ':', 1) <> ALL ($1::text[])`, [
      textColumn(stays),
    ]);
  }
}

async function rebindSome(work: Rebind, table: SealedTable, after: string): Promise<string | null> {
  const { session } = work;
  const select = `SELECT * FROM ${table.table} WHERE id > $1 ORDER BY id LIMIT ${limits.rebindRows}`;
  const rows = await session.rows<Row>(select, [after]);
  if (rows.some((row) => table.columns.some((column) => row[column] !== null))) await work.note();
  const made = rows.map((row) => ({ row, ...reboundRow(work, table, row) }));
  const values = [
    textColumn(made.map(({ row }) => row.id)),
    textColumn(made.map(() => null)),
    ...table.columns.flatMap((column, at) => [
      textColumn(made.map(({ row }) => row[column] ?? null)),
      textColumn(made.map(({ sealed }) => sealed[at]!)),
    ]),
  ];
  if (made.length > 0) await session.rows(replaceRows(table), values);
  const found = made.flatMap(({ row, lookups }) => lookups.map((lookup) => ({ lookup, id: row.id })));
  if (found.length > 0)
    await session.rows(
      'INSERT INTO user_emails (lookup, user_id) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING',
      [textColumn(found.map(({ lookup }) => lookup)), textColumn(found.map(({ id }) => id))],
    );
  return rows.length < limits.rebindRows ? null : rows.at(-1)!.id;
}

function reboundRow(work: Rebind, { table, columns }: SealedTable, row: Row) {
  const { keys, tenantId } = work;
  const rebound = columns.map((column) => {
    const sealed = row[column] ?? null;
    return sealed === null ? null : reboundField(work, { tenantId, table, column, rowId: row.id }, sealed);
  });
  const email = table === 'users' ? rebound[columns.indexOf('email_sealed')]?.text : undefined;
  const normal =
    email === undefined || email === null || row.archived_at !== null ? null : normalEmail(email);
  return {
    sealed: rebound.map((one) => one?.sealed ?? null),
    lookups: normal === null ? [] : blindIndexes(keys, tenantId, emailLookup, normal),
  };
}

/** As it is, where it opens as it is. */
function reboundField(
  { keys, fromId, tenantId }: Rebind,
  place: FieldPlace,
  sealed: string,
): { sealed: string; text: string | null } {
  try {
    const text = openField((id) => keys.byId(id), { ...place, tenantId: fromId }, sealed);
    const isRetired = keys.byId(keyIdOf(sealed)!).state === 'retired';
    const stays = fromId === tenantId && !isRetired;
    return { sealed: stays ? sealed : sealField(keys.current(), place, text), text };
  } catch (error) {
    if (!(error instanceof StoreError) || error.code === 'no_such_key') throw error;
    return { sealed, text: null };
  }
}

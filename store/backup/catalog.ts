/**
 * Which tables and sequences a tenant has, by the database's own catalog, so that what a later migration makes is in the
 * next backup without a line here: all of the tenant's schema, and its rows of each table that tenants share. What only
 * passes through is left out by name.
 */
import { tenantRole } from '../ids.ts';
import type { CopySession } from './copy-session.ts';
import type { ArchivedSequence, TableHome } from './manifest.ts';

export interface Column {
  name: string;
  /** As a statement says it: `timestamp(3) with time zone`. */
  type: string;
  /** Has a collation, which is set aside when rows are put in order. */
  isText: boolean;
}

export interface Table {
  home: TableHome;
  name: string;
  /** Those that are written; what the database computes is left out. */
  columns: Column[];
  /** Names of the primary key's columns; empty: it has none. */
  key: string[];
  /** Tables of the same schema that it refers to. */
  refersTo: string[];
}

/**
 * Documents wait here some days for whoever reads them, and may hold gigabytes; and the gate's epoch is of this database's
 * leases. A tenant that was restored begins without any.
 */
export const notArchived: ReadonlySet<string> = new Set([
  ...['documents', 'documents_ordinal_seq', 'document_parts', 'document_gate'],
]);

const tables = `
SELECT c.relname::text AS name,
  (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
      'isText', a.attcollation <> 0) ORDER BY a.attnum)
   FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
  coalesce((SELECT json_agg(a.attname ORDER BY k.place)
   FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k(attnum, place), pg_attribute a
   WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.attnum), '[]') AS key,
  coalesce((SELECT json_agg(DISTINCT r.relname) FROM pg_constraint k JOIN pg_class r ON r.oid = k.confrelid
   WHERE k.conrelid = c.oid AND k.contype = 'f' AND r.oid <> c.oid AND r.relnamespace = c.relnamespace), '[]') AS "refersTo"
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND ($1 <> 'telemetry' OR EXISTS (
    SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
ORDER BY c.relname`;

/** Those that are referred to come before those that refer to them. Readable by any role. */
export async function tablesOf(session: CopySession, tenantId: string): Promise<Table[]> {
  const own = await session.rows<Omit<Table, 'home'>>(tables, [tenantRole(tenantId)]);
  const shared = await session.rows<Omit<Table, 'home'>>(tables, ['telemetry']);
  return [
    ...inOrder(
      own.filter(({ name }) => !notArchived.has(name)).map((table) => ({ ...table, home: 'tenant' })),
    ),
    ...shared.map((table): Table => ({ ...table, home: 'telemetry' })),
  ];
}

/** Tables that refer to each other in a circle come last, by name; to load them takes constraints that can wait. */
export function inOrder(given: readonly Table[]): Table[] {
  const ordered: Table[] = [];
  const waiting = new Set(given);
  const isReady = ({ refersTo }: Table) =>
    refersTo.every((name) => ![...waiting].some((other) => other.name === name));
  for (let ready = [...waiting].filter(isReady); ready.length > 0; ready = [...waiting].filter(isReady)) {
    ordered.push(...ready);
    for (const table of ready) waiting.delete(table);
  }
  return [...ordered, ...waiting];
}

/** As the tenant, whose they are. */
export async function sequencesOf(session: CopySession, tenantId: string): Promise<ArchivedSequence[]> {
  const schema = tenantRole(tenantId);
  const names = await session.rows<{ name: string }>(
    "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'S' ORDER BY 1",
    [schema],
  );
  const found: ArchivedSequence[] = [];
  for (const { name } of names) {
    if (notArchived.has(name)) continue;
    const [row] = await session.rows<{ last: string; called: boolean }>(
      `SELECT last_value::text AS last, is_called AS called FROM ${schema}.${quoted(name)}`,
    );
    found.push({ name, ...row! });
  }
  return found;
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** All rows of it in one order on every server, whatever its collation; `where` is a text of ours. */
export function copyOutText(
  from: string,
  { columns, key }: Table,
  names: readonly string[],
  where: string,
): string {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const order = (key.length > 0 ? key : names).map((name) => {
    const isText = byName.get(name)?.isText ?? false;
    // What has no order of its own (json) has one as text.
    const text = key.length > 0 ? quoted(name) : `${quoted(name)}::text`;
    return isText || key.length === 0 ? `${text} COLLATE "C"` : text;
  });
  return `COPY (SELECT ${names.map(quoted).join(', ')} FROM ${from} ${where} ORDER BY ${order.join(', ')}) TO STDOUT`;
}

/**
 * The inside of an archive into a tenant, all in one transaction of the caller's: role, schema at the archive's version,
 * rows, and the steps of the schema that came since. For a restore it is committed, for a check it is undone, and a kill
 * at any moment leaves nothing of it. What names the tenant or its checks is rewritten when the id is another one.
 */
import { StoreError } from '../errors.ts';
import { tenantRole } from '../ids.ts';
import { missingMigrations, tenantScript } from '../migration-plan.ts';
import type { Migration } from '../migrations/all.ts';
import { foundationOf } from '../provisioning.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { type Column, copyOutText, quoted, type Table, tablesOf } from './catalog.ts';
import type { CopySession } from './copy-session.ts';
import type { OnProgress } from './dump.ts';
import {
  type ArchivedTable,
  type Manifest,
  schemaVersionOf,
  type TableSum,
  type Totals,
} from './manifest.ts';
import { rebind } from './rebind.ts';
import { type RecordReader, Summing } from './records.ts';
import { rollRestored } from './restored-rollups.ts';
import { cut } from './seal.ts';
import { endTokens } from './tokens.ts';

export interface Load {
  session: CopySession;
  reader: RecordReader;
  archive: string;
  manifest: Manifest;
  /** The tenant that it becomes. */
  tenantId: string;
  migrations: readonly Migration[];
  /** Opens what is sealed in its rows. */
  keys: KeyRing;
  /** See `Rebind`. */
  note(): Promise<void>;
  /**
   * `shared`: rows of telemetry go to the shared tables. `scratch`: to temporary ones of the same form, and all that was
   * written is read again and held against the archive's sums.
   */
  into: 'shared' | 'scratch';
  onProgress: OnProgress;
}

/** Answers when the archive was read to its end, and its end was found. */
export async function load(work: Load): Promise<Totals> {
  const { session, reader, archive, manifest, tenantId } = work;
  const newer = await makeSchema(work);
  const tables = await tablesOf(session, tenantId);
  await emptySchema(session, tables, tenantId);
  const totals: Totals = { tables: 0, rows: 0, bytes: 0 };
  for (const [at, archived] of manifest.tables.entries()) {
    if ((await reader.nextJson<number>('T')) !== at) throw cut(archive, `table ${at} is missing`);
    const sum = await loadTable(work, archived, fitting(work, archived, tables));
    totals.tables += 1;
    totals.rows += sum.rows;
    totals.bytes += sum.bytes;
    const { slug } = manifest.tenant;
    const progress = { tenant: slug, table: archived.name, at: at + 1, of: manifest.tables.length };
    work.onProgress({ ...progress, bytes: sum.bytes, rows: sum.rows });
  }
  const told = await reader.end();
  if (told.tables !== totals.tables || told.rows !== totals.rows || told.bytes !== totals.bytes)
    throw cut(archive, 'its totals are not those of its tables');
  await finishSchema(work, tables);
  for (const migration of newer) await session.run(tenantScript(tenantId, migration));
  await rebind({ session, keys: work.keys, fromId: manifest.tenant.id, tenantId, note: work.note });
  await endTokens(session, manifest.tenant.id, tenantId);
  if (work.into === 'shared') await rollRestored(session, tenantId);
  return totals;
}

/** At the archive's version; answers the steps that came since. */
async function makeSchema({ session, manifest, tenantId, migrations, archive }: Load): Promise<Migration[]> {
  const newer = missingMigrations(migrations, manifest.migrations, `archive ${archive}`);
  const version = schemaVersionOf(manifest);
  if (newer.some((migration) => migration.version < version))
    throw new StoreError(
      'archive_unfit',
      `archive ${archive} lacks a step of the tenant's schema below ${version}`,
    );
  await session.run(foundationOf(tenantId));
  for (const migration of migrations.filter((one) => one.version <= version))
    await session.run(tenantScript(tenantId, migration));
  return newer;
}

const own = (tables: readonly Table[], tenantId: string) =>
  tables.filter(({ home }) => home === 'tenant').map(({ name }) => `${tenantRole(tenantId)}.${quoted(name)}`);

async function asTenant(session: CopySession, tenantId: string, text: string): Promise<void> {
  await session.run(`SET LOCAL ROLE ${tenantRole(tenantId)}; ${text}; SET LOCAL ROLE NONE;`);
}

/** What the migrations put in is in the archive, too; what triggers would count was counted. */
async function emptySchema(session: CopySession, tables: readonly Table[], tenantId: string): Promise<void> {
  const names = own(tables, tenantId);
  if (names.length === 0) return;
  const still = names.map((name) => `ALTER TABLE ${name} DISABLE TRIGGER USER`);
  await asTenant(session, tenantId, [`TRUNCATE ${names.join(', ')}`, ...still].join('; '));
}

async function finishSchema({ session, manifest, tenantId }: Load, tables: readonly Table[]): Promise<void> {
  const role = tenantRole(tenantId);
  const texts = own(tables, tenantId).map((name) => `ALTER TABLE ${name} ENABLE TRIGGER USER`);
  for (const { name, last, called } of manifest.sequences)
    texts.push(`SELECT setval('${role}.${quoted(name)}', ${last}, ${called})`);
  if (texts.length > 0) await asTenant(session, tenantId, texts.join('; '));
}

/** The table as it is here, with the archive's columns in the archive's order. */
function fitting({ archive }: Load, archived: ArchivedTable, tables: readonly Table[]) {
  const table = tables.find(({ home, name }) => home === archived.home && name === archived.name);
  const columns = archived.columns.map((name) => table?.columns.find((column) => column.name === name));
  if (table !== undefined && columns.every((column) => column !== undefined))
    return { table, columns: columns as Column[] };
  const missing = archived.columns.filter((_, at) => columns[at] === undefined).join(', ');
  throw new StoreError(
    'archive_unfit',
    `archive ${archive} has the table ${archived.name} (${missing}), for which this database has no place: bring it up with picket db migrate, or use the picket that wrote it`,
  );
}

interface Fit {
  table: Table;
  columns: Column[];
}

/** By way of a temporary table of texts: a shared table takes no COPY under row-level security, and ids are rewritten so. */
async function loadTable(
  work: Load,
  { home, name }: ArchivedTable,
  { table, columns }: Fit,
): Promise<TableSum> {
  const { session, reader, archive, tenantId, into } = work;
  const role = home === 'tenant' ? tenantRole(tenantId) : into === 'shared' ? 'picket_writer' : 'NONE';
  let target = home === 'tenant' ? `${tenantRole(tenantId)}.${quoted(name)}` : `telemetry.${quoted(name)}`;
  if (home === 'telemetry' && into === 'scratch') {
    await session.run(
      `CREATE TEMP TABLE ${quoted(`scratch_${name}`)} (LIKE ${target} INCLUDING ALL) ON COMMIT DROP`,
    );
    target = `pg_temp.${quoted(`scratch_${name}`)}`;
  }
  const names = columns.map((column) => quoted(column.name)).join(', ');
  const texts = columns.map((column) => `${quoted(column.name)} text`).join(', ');
  await session.run(`CREATE TEMP TABLE arriving (${texts}) ON COMMIT DROP;
GRANT SELECT ON pg_temp.arriving TO ${role === 'NONE' ? 'CURRENT_USER' : role}`);
  let told: TableSum | null = null;
  const rows = await session.copyIn(
    `COPY pg_temp.arriving (${names}) FROM STDIN`,
    reader.rows((sum, summing) => {
      told = sum;
      hold(archive, name, sum, summing.sum(sum.rows));
    }),
  );
  const sum = told as TableSum | null;
  if (sum === null || sum.rows !== rows)
    throw cut(archive, `table ${name} has ${rows} rows, and ${sum?.rows} were written`);
  const values = columns.map((column) => arrivalOf(work, home, name, column)).join(', ');
  await session.run(`SET LOCAL ROLE ${role};
INSERT INTO ${target} (${names}) OVERRIDING SYSTEM VALUE SELECT ${values} FROM pg_temp.arriving;
SET LOCAL ROLE NONE;
DROP TABLE pg_temp.arriving;`);
  if (into === 'scratch') await readAgain(work, { table, columns }, target, sum);
  return sum;
}

/** Ids of checks are unique across tenants, so a tenant under another id has other checks: always the same ones. */
function arrivalOf(
  { manifest, tenantId, into }: Load,
  home: string,
  table: string,
  { name, type }: Column,
): string {
  const column = quoted(name);
  // Whatever the archive says: the writer's role would take another tenant's rows, too.
  if (home === 'telemetry' && name === 'tenant_id' && into === 'shared') return `'${tenantId}'`;
  if (tenantId === manifest.tenant.id || into === 'scratch') return `${column}::${type}`;
  const isAudit = table === 'lives_audit' && name === 'subject';
  if (name !== 'check_id' && !(table === 'checks' && name === 'id') && !isAudit) return `${column}::${type}`;
  const hash = `encode(sha256(convert_to('${tenantId} ' || ${column}, 'UTF8')), 'hex')`;
  // Digits that an id does not have become letters that hexadecimal does not.
  const renamed = `'chk_' || translate(left(${hash}, 16), '0189', 'wxyz')`;
  return isAudit ? `CASE WHEN what = 'check' THEN ${renamed} ELSE ${column} END` : renamed;
}

async function readAgain(work: Load, { table, columns }: Fit, target: string, told: TableSum): Promise<void> {
  const { session, archive, tenantId } = work;
  const summing = new Summing();
  const names = columns.map(({ name }) => name);
  if (table.home === 'tenant') await session.run(`SET LOCAL ROLE ${tenantRole(tenantId)}`);
  const reading = session.copyOut(copyOutText(target, table, names, ''), (piece) => {
    summing.add(piece);
    return [];
  });
  const { value: rows } = await reading.next();
  await session.run('SET LOCAL ROLE NONE');
  hold(archive, table.name, told, summing.sum(rows as number));
}

function hold(archive: string, table: string, told: TableSum, found: TableSum): void {
  if (told.rows === found.rows && told.bytes === found.bytes && told.sha256 === found.sha256) return;
  const written = `${told.rows} rows, ${told.bytes} bytes`;
  throw cut(
    archive,
    `table ${table}: ${written} were written, ${found.rows} rows, ${found.bytes} bytes are found`,
  );
}

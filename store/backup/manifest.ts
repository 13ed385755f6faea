/**
 * What an archive says of itself: whose it is, of when, at which versions of the schemas, and of each table what was
 * written. Between the one who writes archives and the one who reads them; what is read is judged here.
 */
import { StoreError } from '../errors.ts';
import { isTenantId } from '../ids.ts';
import type { Applied } from '../migration-plan.ts';

export interface ArchivedTenant {
  id: string;
  slug: string;
  name: string;
  plan: string;
  status: string;
}

/** `tenant`: in the schema of its own. `telemetry`: its rows of a table that tenants share. */
export type TableHome = 'tenant' | 'telemetry';

export interface ArchivedTable {
  home: TableHome;
  name: string;
  columns: readonly string[];
}

export interface ArchivedSequence {
  name: string;
  /** As text: it may be larger than a safe integer. */
  last: string;
  called: boolean;
}

/** The first record. */
export interface Manifest {
  picket: string;
  /** RFC 3339, on the database's clock: the moment of the one snapshot. */
  takenAt: string;
  tenant: ArchivedTenant;
  platformVersion: number;
  /** Of the tenant's schema, in order. */
  migrations: readonly Applied[];
  tables: readonly ArchivedTable[];
  sequences: readonly ArchivedSequence[];
}

/** After the rows of a table. */
export interface TableSum {
  rows: number;
  /** Of the rows as text. */
  bytes: number;
  /** SHA-256 of them, hex. */
  sha256: string;
}

/** The last record. */
export interface Totals {
  tables: number;
  rows: number;
  bytes: number;
}

/** Of the sum of a table, and of the totals, as they were read. */
export function isSum(found: unknown): found is TableSum {
  const { rows, bytes, sha256 } = (found ?? {}) as Partial<TableSum>;
  return Number.isSafeInteger(rows) && Number.isSafeInteger(bytes) && typeof sha256 === 'string';
}

export function isTotals(found: unknown): found is Totals {
  const { tables, rows, bytes } = (found ?? {}) as Partial<Totals>;
  return [tables, rows, bytes].every(Number.isSafeInteger);
}

/** What is no object has none of the fields that are asked for. */
function isListOf<T>(found: unknown, isOne: (one: Partial<T>) => boolean): boolean {
  return Array.isArray(found) && found.every((one) => isOne((one ?? {}) as Partial<T>));
}

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const plainName = /^[a-z_][a-z0-9_]{0,62}$/;

/** The JSON of a first record. Names go into statements: what is no plain name is refused. Throws `archive_unfit`. */
export function parseManifest(text: string, archive: string): Manifest {
  const refuse = (what: string) =>
    new StoreError('archive_unfit', `archive ${archive} cannot be read: its manifest has no good ${what}`);
  let found: Partial<Manifest>;
  try {
    found = (JSON.parse(text) ?? {}) as Partial<Manifest>;
  } catch {
    throw refuse('JSON');
  }
  const { tenant, takenAt, migrations, tables, sequences } = found;
  const texts = [tenant?.id, tenant?.slug, tenant?.name, tenant?.plan, tenant?.status, takenAt, found.picket];
  if (!texts.every((one) => typeof one === 'string') || !isTenantId(tenant!.id)) throw refuse('tenant');
  if (!instant.test(takenAt!)) throw refuse('moment');
  if (!Number.isInteger(found.platformVersion)) throw refuse('platform version');
  const isMigration = ({ version, checksum }: Partial<Applied>) =>
    Number.isInteger(version) && typeof checksum === 'string';
  if (!isListOf(migrations, isMigration)) throw refuse('migrations');
  const isName = (name: unknown) => typeof name === 'string' && plainName.test(name);
  const isTable = ({ home, name, columns }: Partial<ArchivedTable>) =>
    (home === 'tenant' || home === 'telemetry') &&
    isName(name) &&
    Array.isArray(columns) &&
    columns.every(isName);
  if (!isListOf(tables, isTable)) throw refuse('tables');
  const isSequence = ({ name, last, called }: Partial<ArchivedSequence>) =>
    isName(name) && typeof last === 'string' && /^-?\d{1,19}$/.test(last) && typeof called === 'boolean';
  if (!isListOf(sequences, isSequence)) throw refuse('sequences');
  return found as Manifest;
}

export function schemaVersionOf({ migrations }: Manifest): number {
  return Math.max(0, ...migrations.map(({ version }) => version));
}

/**
 * One tenant as the plain inside of an archive: everything in one snapshot, read as the tenant's own role, so that
 * row-level security and the rights of its schema say what is its own. Nothing is held but the piece that goes by.
 */
import { StoreError } from '../errors.ts';
import { tenantRole } from '../ids.ts';
import { copyOutText, sequencesOf, type Table, tablesOf } from './catalog.ts';
import type { CopySession } from './copy-session.ts';
import type { Manifest, Totals } from './manifest.ts';
import { record, rowRecords, Summing } from './records.ts';

/** Rows of what is under way are not known before its end. */
export interface BackupProgress {
  tenant: string;
  table: string;
  /** Of how many tables, this one counted. */
  at: number;
  of: number;
  bytes: number;
  /** Null until the table is done. */
  rows: number | null;
}
export type OnProgress = (progress: BackupProgress) => void;

interface TenantColumns extends Record<string, unknown> {
  slug: string;
  name: string;
  plan: string;
  status: string;
  taken: string;
  platform: number;
  migrations: { version: number; checksum: string }[] | null;
}

const about = `
SELECT t.slug, t.name, t.plan, t.status,
  to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS taken,
  (SELECT coalesce(max(version), 0) FROM platform.migrations) AS platform,
  (SELECT json_agg(json_build_object('version', version, 'checksum', checksum) ORDER BY version)
   FROM platform.tenant_migrations WHERE tenant_id = t.id) AS migrations
FROM platform.tenants t WHERE t.id = $1`;

/** Migrations of this tenant and of the platform wait while it is read: they could rewrite a table under the snapshot. */
export function dumpLocks(tenantId: string): string {
  return `SELECT pg_advisory_lock_shared(1885956971, 1);
SELECT pg_advisory_lock_shared(1885956972, hashtext('${tenantRole(tenantId).slice(7)}'));`;
}

/** In a transaction `ISOLATION LEVEL REPEATABLE READ READ ONLY`. Throws `tenant_not_there`. */
export async function manifestOf(
  session: CopySession,
  tenantId: string,
  picket: string,
): Promise<{ manifest: Manifest; tables: Table[] }> {
  const [row] = await session.rows<TenantColumns>(about, [tenantId]);
  if (
    row === undefined ||
    row.migrations === null ||
    row.status === 'provisioning' ||
    row.status === 'failed'
  ) {
    const state = row === undefined ? 'not there' : row.migrations === null ? 'without data' : row.status;
    throw new StoreError(
      'tenant_not_there',
      `tenant ${row?.slug ?? tenantId} is ${state}: there is nothing to back up`,
    );
  }
  const tables = await tablesOf(session, tenantId);
  const role = tenantRole(tenantId);
  await session.run(`SET LOCAL ROLE ${role}; SET LOCAL search_path = '';`);
  const { slug, name, plan, status } = row;
  const manifest: Manifest = {
    picket,
    takenAt: row.taken,
    tenant: { id: tenantId, slug, name, plan, status },
    platformVersion: row.platform,
    migrations: row.migrations,
    tables: tables.map(({ home, name, columns }) => ({
      home,
      name,
      columns: columns.map((one) => one.name),
    })),
    sequences: await sequencesOf(session, tenantId),
  };
  return { manifest, tables };
}

/** Where the rows of a table lie, and which of them are the tenant's; row-level security says the same once more. */
export function sourceOf(table: Table, tenantId: string): { from: string; where: string } {
  const role = tenantRole(tenantId);
  if (table.home === 'tenant') return { from: `${role}.${quotedName(table)}`, where: '' };
  return { from: `telemetry.${quotedName(table)}`, where: `WHERE tenant_id = '${role.slice(7)}'` };
}

const quotedName = ({ name }: Table) => `"${name}"`;

export async function* dump(
  session: CopySession,
  { manifest, tables }: { manifest: Manifest; tables: Table[] },
  progressBytes: number,
  onProgress: OnProgress,
): AsyncGenerator<Buffer> {
  const totals: Totals = { tables: tables.length, rows: 0, bytes: 0 };
  yield record('M', manifest);
  for (const [at, table] of tables.entries()) {
    const tell = (bytes: number, rows: number | null) =>
      onProgress({
        tenant: manifest.tenant.slug,
        table: table.name,
        at: at + 1,
        of: tables.length,
        bytes,
        rows,
      });
    yield record('T', at);
    const summing = new Summing();
    let toldAt = 0;
    const { from, where } = sourceOf(table, manifest.tenant.id);
    const text = copyOutText(from, table, manifest.tables[at]!.columns, where);
    const rows = yield* session.copyOut(text, (piece) => {
      summing.add(piece);
      if (summing.bytes - toldAt >= progressBytes) {
        toldAt = summing.bytes;
        tell(toldAt, null);
      }
      return rowRecords(piece);
    });
    const sum = summing.sum(rows);
    yield record('S', sum);
    totals.rows += sum.rows;
    totals.bytes += sum.bytes;
    tell(sum.bytes, sum.rows);
  }
  yield record('E', totals);
}

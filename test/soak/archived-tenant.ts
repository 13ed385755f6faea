/**
 * The tenant that is archived: filled straight into its tables, as a year of work would have, and held against its copy
 * row by row in the database. A copy under another slug has other ids of the tenant and its checks; nothing else may differ.
 */
import pg from 'pg';
import { systemClock } from '../../runtime/index.ts';
import { openStore } from '../../store/index.ts';
import { archivedChecks, archivedDevices, archivedResults } from './bounds.ts';

const results = `
INSERT INTO telemetry.results (tenant_id, check_id, due_at, started_at, latency_ms, status, reason, agent, poller)
SELECT $1, ids[1 + n % cardinality(ids)], at, at + interval '3 ms', (n::bigint * 7919 % 100000) / 1000.0,
  CASE WHEN n % 997 = 0 THEN 'critical' ELSE 'success' END,
  CASE WHEN n % 997 = 0 THEN 'no answer within 2000 ms' END, 'agent_' || n % 5, 'poller_' || n % 2
FROM (SELECT $2::text[] AS ids, n,
    date_trunc('day', now()) + (n / cardinality($2::text[])) * interval '1 second' AS at
  FROM generate_series(0, $3::int - 1) n) s`;
const devices = `
INSERT INTO devices (id, name, "partition", type, addresses, macs, serial, state, state_at, created_at)
SELECT 'dev_' || n, 'device ' || n, 'site ' || n % 40, 'switch', ARRAY[host('10.0.0.0'::inet + n)],
  ARRAY[lpad(to_hex(n), 12, '0')], 'SN' || n, 'managed', now(), now() FROM generate_series(1, $1::int) n`;

export interface ArchivedTenant {
  readonly id: string;
  readonly slug: string;
}

/** A core's rights, and no more. */
export async function fillTenant(url: string, slug: string): Promise<ArchivedTenant> {
  const store = openStore({ url, phaseOf: () => 0, clock: systemClock() });
  const client = new pg.Client({ connectionString: url });
  try {
    await store.migrate();
    const made = await store.tenants.create(slug, 'Acme');
    if ('refused' in made) throw new Error(made.detail);
    const { id } = made.tenant;
    const checks = Array.from({ length: archivedChecks }, (_, n) => ({
      ...{ name: `check ${n}`, kind: 'tcp' as const, target: '192.0.2.1', port: 80, partition: 'default' },
      ...{ intervalMs: 1_000, timeoutMs: 500, retries: 1, settings: { n: String(n) } },
    }));
    const ids = (await store.checks.add(id, checks)).map((check) => check.id);
    await client.connect();
    await client.query('SET ROLE picket_writer');
    await client.query(results, [id, ids, archivedResults]);
    await client.query(`SET ROLE tenant_${id}; SET search_path = tenant_${id}`);
    await client.query(devices, [archivedDevices]);
    return { id, slug };
  } finally {
    await client.end();
    await store.close();
  }
}

/** Rows that only one of the two has, of every table, and how many were compared. */
export async function differences(
  url: string,
  original: ArchivedTenant,
  slug: string,
): Promise<{ compared: Record<string, number>; faults: string[] }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query<{ id: string }>('SELECT id FROM platform.tenants WHERE slug = $1', [
      slug,
    ]);
    const pair: Pair = { id: original.id, copy: found.rows[0]!.id, checks: new Map() };
    await pairChecks(client, pair);
    const compared: Record<string, number> = {};
    const faults: string[] = [];
    for (const table of await tablesOf(client, original.id)) {
      const isShared = table.schema === 'telemetry';
      const { rows, lost, added } = await (isShared ? compareShared : compareOwn)(client, table, pair);
      compared[table.name] = rows;
      if (lost + added > 0) faults.push(`${table.name}: of ${rows} rows ${lost} are lost, ${added} are new`);
    }
    return { compared, faults };
  } finally {
    await client.end();
  }
}

interface Pair {
  readonly id: string;
  readonly copy: string;
  /** Ids of the copy's checks, by those of the original. */
  readonly checks: Map<string, string>;
}

interface TableColumns {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
}

interface Compared {
  readonly rows: number;
  readonly lost: number;
  readonly added: number;
}

/** By their names, which are the tenant's own; as a table, too, for what is compared by the database. */
async function pairChecks(client: pg.Client, { id, copy, checks }: Pair): Promise<void> {
  const [before, after] = [await checksOf(client, id), await checksOf(client, copy)];
  for (const [name, check] of before) checks.set(check, after.get(name) ?? `no ${name}`);
  await client.query('CREATE TEMP TABLE same_check (old text PRIMARY KEY, new text NOT NULL UNIQUE)');
  await client.query('INSERT INTO same_check SELECT * FROM unnest($1::text[], $2::text[])', [
    [...checks.keys()],
    [...checks.values()],
  ]);
  await client.query('GRANT SELECT ON same_check TO picket_writer');
}

async function checksOf(client: pg.Client, id: string): Promise<Map<string, string>> {
  const rows = await rowsAs<{ id: string; name: string }>(
    client,
    `tenant_${id}`,
    `SELECT id, name FROM tenant_${id}.checks`,
  );
  return new Map(rows.map((row) => [row.name, row.id]));
}

async function rowsAs<Row extends pg.QueryResultRow>(
  client: pg.Client,
  role: string,
  text: string,
): Promise<Row[]> {
  await client.query(`SET ROLE ${role}`);
  const { rows } = await client.query<Row>(text);
  await client.query('RESET ROLE');
  return rows;
}

async function tablesOf(client: pg.Client, id: string): Promise<TableColumns[]> {
  const { rows } = await client.query<TableColumns>(
    `SELECT n.nspname AS schema, c.relname AS name,
       (SELECT json_agg(attname ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('telemetry', $1) AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1, 2`,
    [`tenant_${id}`],
  );
  return rows;
}

/** By the database: too many rows to be held here. */
async function compareShared(client: pg.Client, table: TableColumns, pair: Pair): Promise<Compared> {
  const rest = table.columns.filter((name) => name !== 'tenant_id' && name !== 'check_id');
  const hasCheck = table.columns.includes('check_id');
  const from = `telemetry."${table.name}" t`;
  const select = (check: string) =>
    [...(hasCheck ? [check] : []), ...rest.map((name) => `t."${name}"`)].join(', ');
  const joined = hasCheck ? 'JOIN pg_temp.same_check m ON m.old = t.check_id' : '';
  const [counts] = await rowsAs<{ rows: string; lost: string; added: string }>(
    client,
    'picket_writer',
    `WITH mine AS (SELECT ${select('m.new')} FROM ${from} ${joined} WHERE t.tenant_id = '${pair.id}'),
       its AS (SELECT ${select('t.check_id')} FROM ${from} WHERE t.tenant_id = '${pair.copy}')
     SELECT (SELECT count(*) FROM ${from} WHERE t.tenant_id = '${pair.id}') AS rows,
       (SELECT count(*) FROM (SELECT * FROM mine EXCEPT ALL SELECT * FROM its) l) AS lost,
       (SELECT count(*) FROM (SELECT * FROM its EXCEPT ALL SELECT * FROM mine) a) AS added`,
  );
  const { rows, lost, added } = counts!;
  return { rows: Number(rows), lost: Number(lost), added: Number(added) };
}

async function compareOwn(client: pg.Client, table: TableColumns, pair: Pair): Promise<Compared> {
  const columns = table.columns.map((name) => `"${name}"`).join(', ');
  const textsOf = async (id: string) => {
    const text = `SELECT ${columns} FROM tenant_${id}."${table.name}"`;
    return (await rowsAs(client, `tenant_${id}`, text)).map((row) => JSON.stringify(row));
  };
  const mine = (await textsOf(pair.id)).map((row) => inCopy(row, pair));
  const left = new Map<string, number>();
  for (const row of mine) left.set(row, (left.get(row) ?? 0) + 1);
  let added = 0;
  for (const row of await textsOf(pair.copy)) {
    const count = left.get(row) ?? 0;
    if (count === 0) added += 1;
    else left.set(row, count - 1);
  }
  const lost = [...left.values()].reduce((sum, count) => sum + count, 0);
  return { rows: mine.length, lost, added };
}

function inCopy(row: string, { checks }: Pair): string {
  return row.replace(/chk_[a-z0-9]+/g, (check) => checks.get(check) ?? check);
}

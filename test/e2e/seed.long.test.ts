/** `picket seed` from outside: once, again without a trace, and taken over by a cluster that finds every instant accounted for. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startIn } from '../contract/scratch-database.ts';
import { coverageProblems } from './coverage.ts';
import { type Cluster, cluster, type GapRow, type ResultRow, until } from './picket.ts';

interface Seeded {
  tenant: string;
  tenant_id: string;
  made: boolean;
  users: number;
  devices: number;
  checks: number;
  results: number;
  gap_instants: number;
}

const weekMs = 7 * 86_400_000;
let c: Cluster;
let seeded: Seeded[] = [];
let gone: [check: string, device: string];
/** The week of each tenant began a week before this, or earlier. */
let seededMs = 0;
const tenant = 'northwind-clinics';
beforeAll(async () => {
  c = await cluster('core=1,web=0,poller=1,agent=1');
});
afterAll(() => c.close());

/** On the embedded server of the folder, while nothing else runs on it. */
async function onDatabase<T>(work: (raw: pg.Client) => Promise<T>): Promise<T> {
  const server = await startIn(c.data);
  const raw = new pg.Client({ connectionString: server.url });
  await raw.connect();
  try {
    return await work(raw);
  } finally {
    await raw.end();
    await server.stop();
  }
}

/** A digest of every table. */
function allRows(): Promise<Record<string, string>> {
  return onDatabase(async (raw) => {
    const digests: Record<string, string> = {};
    const { rows: tables } = await raw.query<{ s: string; t: string }>(
      `SELECT n.nspname s, c.relname t FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE (n.nspname IN ('platform', 'telemetry') OR n.nspname LIKE 'tenant\\_%') AND c.relkind IN ('r', 'p')
         AND NOT c.relispartition`,
    );
    for (const { s, t } of tables) {
      await raw.query(`SET ROLE ${s === 'platform' ? 'NONE' : s === 'telemetry' ? 'picket_writer' : s}`);
      const { rows } = await raw.query<{ digest: string }>(
        `SELECT count(*) || ' ' || coalesce(sum(hashtextextended(x::text, 0)), 0) AS digest FROM ${s}."${t}" x`,
      );
      digests[`${s}.${t}`] = rows[0]!.digest;
    }
    return digests;
  });
}

/** A check and a device that were archived, as if it had been 31 days earlier. */
async function backdated(): Promise<[check: string, device: string]> {
  const { tenant_id: id } = seeded.find((one) => one.tenant === tenant)!;
  return await onDatabase(async (raw) => {
    await raw.query(`SET ROLE tenant_${id}; SET search_path = tenant_${id}`);
    const ids: string[] = [];
    for (const table of ['checks', 'devices']) {
      const { rows } = await raw.query<{ id: string }>(
        `UPDATE ${table} SET archived_at = archived_at - interval '31 days' WHERE id = (
           SELECT id FROM ${table} WHERE archived_at IS NOT NULL ORDER BY id LIMIT 1) RETURNING id`,
      );
      ids.push(rows[0]!.id);
    }
    return ids as [check: string, device: string];
  });
}

test('two tenants with a week behind them are made once, and a second run changes no row', async () => {
  const first = await c.run('seed', '--json');
  seededMs = Date.now();
  expect(first.status, first.err).toBe(0);
  seeded = JSON.parse(first.out) as Seeded[];
  expect(first.err).toContain('Northwind Clinics ...');
  expect(seeded.map(({ made }) => made)).toEqual([true, true]);
  for (const one of seeded) {
    expect(one.users).toBeGreaterThan(2);
    expect(one.devices).toBeGreaterThan(100);
    expect(one.results).toBeGreaterThan(50_000);
    expect(one.gap_instants).toBeGreaterThan(0);
  }
  const before = await allRows();
  expect(before['telemetry.results']).toMatch(new RegExp(`^${seeded[0]!.results + seeded[1]!.results} `));
  const again = await c.ask<Seeded[]>('seed');
  expect(again).toEqual(seeded.map((one) => ({ ...one, made: false })));
  expect(await allRows()).toEqual(before);
});

test('a cluster goes on where the week ends: every instant of it has exactly one row', async () => {
  gone = await backdated();
  await c.up();
  const checks = await until('the cluster runs the seeded tenant', 30_000, () =>
    c.ask<{ id: string; name: string; interval_ms: number }[]>('check', 'list', '--tenant', tenant),
  );
  expect(checks.length).toBeGreaterThan(20);
  const rows = await c.ask<(ResultRow | GapRow)[]>(
    ...['results', '--tenant', tenant, '--since', '8d', '--limit', '100000', '--gaps'],
  );
  const results = rows.filter((row): row is ResultRow => 'due_at' in row);
  const gaps = rows.filter((row): row is GapRow => 'from' in row);
  expect(results.length).toBeGreaterThan(50_000);
  const window = { fromMs: seededMs - weekMs, untilMs: Date.now() - 600_000 };
  expect(coverageProblems(checks, results, gaps, window)).toEqual([]);
  const devices = await c.ask<{ state: string }[]>('device', 'list', '--tenant', tenant);
  expect(new Set(devices.map(({ state }) => state))).toEqual(
    new Set(['discovered', 'identified', 'managed']),
  );
  const users = await c.ask<{ email: string | null }[]>('user', 'list', '--tenant', tenant);
  expect(users.map(({ email }) => email)).toContain('ingrid.solheim@northwind-clinics.example');
  const archived = await c.ask<{ id: string }[]>('check', 'list', '--tenant', tenant, '--archived');
  const { id } = archived.find((row) => row.id !== gone[0])!;
  const ofIt = ['results', '--tenant', tenant, '--check', id, '--limit', '10'];
  expect(await c.ask<ResultRow[]>(...ofIt)).toHaveLength(10);
  expect((await c.run('check', 'restore', id)).status).toBe(0);
});

test('a cluster removes what was archived long ago, by itself', async () => {
  const left = await until('the coordinator has removed them', 60_000, async () => {
    const rows = await c.ask<{ id: string }[]>('check', 'list', '--tenant', tenant, '--archived');
    return rows.every((row) => row.id !== gone[0]) && rows;
  });
  expect(left.length).toBeGreaterThan(0);
  const shown = await c.run('device', 'show', gone[1], '--tenant', tenant);
  expect([shown.status, shown.err]).toEqual([1, expect.stringContaining('no_such_device')]);
  expect(shown.err).toContain('it was removed at');
  const results = await c.run('results', '--tenant', tenant, '--check', gone[0]);
  expect([results.status, results.err]).toEqual([1, expect.stringContaining('no_such_check')]);
});

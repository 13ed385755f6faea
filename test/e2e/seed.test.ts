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
  devices: number;
  checks: number;
  results: number;
  gap_instants: number;
}

const weekMs = 7 * 86_400_000;
let c: Cluster;
beforeAll(async () => {
  c = await cluster('core=1,web=0,poller=1,agent=1');
});
afterAll(() => c.close());

/** A digest of every table, read on the embedded server of the folder while nothing else runs on it. */
async function allRows(): Promise<Record<string, string>> {
  const server = await startIn(c.data);
  const raw = new pg.Client({ connectionString: server.url });
  await raw.connect();
  try {
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
  } finally {
    await raw.end();
    await server.stop();
  }
}

test('two tenants with a week behind them are made once, and a second run changes no row', async () => {
  const first = await c.run('seed', '--json');
  expect(first.status, first.err).toBe(0);
  const seeded = JSON.parse(first.out) as Seeded[];
  expect(first.err).toContain('Northwind Clinics ...');
  expect(seeded.map(({ made }) => made)).toEqual([true, true]);
  for (const one of seeded) {
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
  const beganMs = Date.now() - weekMs;
  await c.up();
  const tenant = 'northwind-clinics';
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
  const window = { fromMs: beganMs, untilMs: Date.now() - 600_000 };
  expect(coverageProblems(checks, results, gaps, window)).toEqual([]);
  const devices = await c.ask<{ state: string }[]>('device', 'list', '--tenant', tenant);
  expect(new Set(devices.map(({ state }) => state))).toEqual(
    new Set(['discovered', 'identified', 'managed']),
  );
  const archived = await c.ask<{ id: string }[]>('check', 'list', '--tenant', tenant, '--archived');
  const old = await c.ask<ResultRow[]>(
    'results',
    '--tenant',
    tenant,
    '--check',
    archived[0]!.id,
    '--limit',
    '10',
  );
  expect(old).toHaveLength(10);
  expect((await c.run('check', 'restore', archived[0]!.id)).status).toBe(0);
});

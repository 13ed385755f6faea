/**
 * What the status and the health page say, against the database itself and against what was done: two tenants, checks that
 * come and go, nodes that are stopped and leave.
 */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CheckRow, type Cluster, cluster, until } from './picket.ts';
import { kill } from './processes.ts';
import { type TcpTarget, tcpTarget } from './targets.ts';

const storyMs = 120_000;
const seenMs = 30_000;
const asked = ['core_1', 'core_2', 'web_1', 'poller_1', 'agent_1'];

interface Status {
  status: string;
  nodes_up: number;
  tenants: number;
  checks: number;
  pollers: number;
  agents: number;
  results_per_s: number;
  splits: number;
  because: string[];
}

interface HealthNode {
  name: string;
  status: string;
  last_seen: string;
}

let picket: Cluster;
let target: TcpTarget;
let database: pg.Client;
let pids: Map<string, number>;

beforeAll(async () => {
  [target, picket] = await Promise.all([tcpTarget(), cluster('core=2,web=1,poller=2,agent=2')]);
  const { nodes } = await picket.up();
  pids = new Map(nodes.map(({ name, pid }) => [name, pid]));
  // What the launcher gave to a core.
  const environment = readFileSync(`/proc/${pids.get('core_1')}/environ`, 'utf8').split('\0');
  const url = environment.find((one) => one.startsWith('DATABASE_URL='))!.slice('DATABASE_URL='.length);
  database = new pg.Client({ connectionString: url });
  await database.connect();
}, 120_000);
afterAll(async () => {
  for (const pid of pids?.values() ?? []) kill(pid, 'SIGCONT');
  await database?.end();
  await Promise.all([picket?.close(), target?.close()]);
});

/** As the rows say: active tenants, and their checks that were not removed. */
async function inDatabase(): Promise<{ tenants: number; checks: number }> {
  const { rows } = await database.query<{ id: string }>(
    "SELECT id FROM platform.tenants WHERE status = 'active' ORDER BY id",
  );
  let checks = 0;
  for (const { id } of rows) {
    const schema = await database.query<{ name: string }>(
      "SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE '%' || $1",
      [id],
    );
    const [{ name } = { name: '' }] = schema.rows;
    // The login may become the tenant's role, and reads nothing otherwise.
    await database.query('BEGIN');
    await database.query(`SET LOCAL ROLE ${name}`);
    const count = await database.query<{ count: string }>(
      `SELECT count(*) FROM ${name}.checks WHERE archived_at IS NULL`,
    );
    await database.query('ROLLBACK');
    checks += Number(count.rows[0]!.count);
  }
  return { tenants: rows.length, checks };
}

const status = (node: string) => picket.ask<Status>('status', '--node', node);

async function health(): Promise<HealthNode[]> {
  const answer = await fetch(`http://127.0.0.1:${picket.port}/health/cluster`);
  return ((await answer.json()) as { nodes: HealthNode[] }).nodes;
}

async function add(tenant: string, name: string): Promise<string> {
  const at = ['--kind', 'tcp', '--target', tenant === 'acme' ? '192.0.2.1' : '127.0.0.1'];
  const flags = ['--tenant', tenant, '--name', name, '--port', String(target.port), '--interval', '1s'];
  return (await picket.ask<CheckRow>('check', 'add', ...flags, ...at)).id;
}

test('the counts are those of the database, whichever node is asked', { timeout: storyMs }, async () => {
  await picket.ask('tenant', 'create', 'acme', '--name', 'Acme');
  const removed = await add('acme', 'goes again');
  for (const name of ['one', 'two', 'three']) await add('acme', name);
  for (const name of ['four', 'five']) await add('default', name);
  await picket.ask('check', 'remove', removed, '--tenant', 'acme');
  const rows = await inDatabase();
  expect(rows.tenants).toBe(2);
  expect(rows.checks).toBeGreaterThanOrEqual(5);
  for (const node of asked) {
    const seen = await until(`${node} to say it`, seenMs, async () => {
      const one = await status(node);
      return one.because.length === 0 && one.results_per_s > 0 && one;
    });
    expect(seen).toMatchObject({ ...rows, nodes_up: 7, pollers: 2, agents: 2, splits: 0, status: 'ok' });
  }
});

test('a poller that is stopped is not counted, and when it was seen last stands still', {
  timeout: storyMs,
}, async () => {
  const stoppedMs = Date.now();
  kill(pids.get('poller_2')!, 'SIGSTOP');
  for (const node of asked) {
    const seen = await until(`${node} to count one poller`, seenMs, async () => {
      const one = await status(node);
      return one.pollers === 1 && one;
    });
    expect(seen).toMatchObject({ status: 'degraded', nodes_up: 6, agents: 2, ...(await inDatabase()) });
    expect(seen.because.join()).toContain('poller_2 is down');
  }
  const [first, second] = [await health(), await health()].map((rows) => {
    return rows.find(({ name }) => name === 'poller_2')!;
  });
  expect([first!.status, second!.status]).toEqual(['down', 'down']);
  const seenAtMs = Date.parse(first!.last_seen);
  // A heartbeat each second went before; the two readings may differ by a rounded millisecond.
  expect(Math.abs(seenAtMs - stoppedMs)).toBeLessThan(3_000);
  expect(Math.abs(Date.parse(second!.last_seen) - seenAtMs)).toBeLessThan(50);
  for (const { name, status: is, last_seen: at } of await health())
    if (name !== 'poller_2')
      expect([name, is, Date.now() - Date.parse(at) < 3_000]).toEqual([name, 'up', true]);
  kill(pids.get('poller_2')!, 'SIGCONT');
  await until('two pollers', seenMs, async () => (await status('agent_1')).pollers === 2);
});

test('an agent that leaves is told as left, with when it was seen last, until it is back', {
  timeout: storyMs,
}, async () => {
  const left = until('agent_2 to have left', seenMs, async () => {
    const row = (await health()).find(({ name }) => name === 'agent_2');
    return row?.status === 'left' && row;
  });
  const askedMs = Date.now();
  kill(pids.get('agent_2')!, 'SIGTERM');
  expect(Date.parse((await left).last_seen)).toBeGreaterThan(askedMs - 3_000);
  await until('it to be back', seenMs, async () => {
    const row = (await health()).find(({ name }) => name === 'agent_2');
    return row?.status === 'up' && (await status('web_1')).agents === 2;
  });
});

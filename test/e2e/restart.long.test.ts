import { afterAll, beforeAll, expect, test } from 'vitest';
import { coverageProblems } from './coverage.ts';
import {
  type CheckRow,
  type Cluster,
  cluster,
  type MemberRow,
  pause,
  type ResultRow,
  until,
} from './picket.ts';
import { alive, kill } from './processes.ts';
import { type TcpTarget, tcpTarget } from './targets.ts';

/** Long enough that each check, also those of 5 s, misses a due instant. */
const offMs = 6_000;
const waitMs = 30_000;

let picket: Cluster;
let target: TcpTarget;
let checks: CheckRow[] = [];
let addedMs = 0;

beforeAll(async () => {
  [target, picket] = await Promise.all([tcpTarget(), cluster()]);
  await picket.up();
  await picket.ask('tenant', 'create', 'acme', '--name', 'Acme Ltd');
  const flags = ['--target', '127.0.0.1', '--port', String(target.port), '--interval', '1s'];
  await picket.ask('check', 'add', '--kind', 'tcp', '--name', 'often', ...flags);
  checks = await picket.ask<CheckRow[]>('check', 'list');
  addedMs = Date.now();
});
afterAll(async () => {
  await Promise.all([picket.close(), target.close()]);
});

const tenantIds = async () =>
  (await picket.ask<{ slug: string; id: string }[]>('tenant', 'list')).map(({ slug, id }) => `${slug} ${id}`);
const checkIds = async () => (await picket.ask<CheckRow[]>('check', 'list')).map(({ id }) => id).sort();

function everyCheckRan(sinceMs: number): Promise<ResultRow[]> {
  return until('a run of every check', waitMs, async () => {
    const { results } = await picket.rowsSince(sinceMs);
    const ran = new Set(
      results.filter(({ started_at }) => started_at !== null).map(({ check_id }) => check_id),
    );
    return checks.every(({ id }) => ran.has(id)) && results;
  });
}

async function allUp(): Promise<void> {
  const members = await picket.ask<MemberRow[]>('members');
  expect(members.map(({ status }) => status)).toEqual(Array(5).fill('up'));
}

test('everything is killed at once, the database too: up brings back the same, and the time off is one gap a check', async () => {
  const before = {
    tenants: await tenantIds(),
    checks: await checkIds(),
    results: await everyCheckRan(addedMs),
  };
  const pids = picket.pids();
  const killedMs = Date.now();
  for (const pid of pids) kill(pid, 'SIGKILL');
  await until('the end of every process', waitMs, () => alive(pids).length === 0);
  await pause(offMs);
  await picket.up();
  const backMs = Date.now();
  await allUp();
  expect(await tenantIds()).toEqual(before.tenants);
  expect(await checkIds()).toEqual(before.checks);
  await everyCheckRan(backMs);
  const window = { fromMs: addedMs, untilMs: Date.now() };
  const after = await until('an account of every instant', waitMs, async () => {
    const rows = await picket.rowsSince(addedMs - 60_000);
    const problems = coverageProblems(checks, rows.results, rows.gaps, window);
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    return rows;
  });
  expect(after.results).toEqual(expect.arrayContaining(before.results));
  for (const { id, name, interval_ms } of checks) {
    const gaps = after.gaps.filter(({ check_id, to }) => check_id === id && Date.parse(to) > killedMs);
    expect([name, gaps.length]).toEqual([name, 1]);
    expect(gaps[0]!.count).toBeGreaterThanOrEqual(Math.floor(offMs / interval_ms));
    expect(gaps[0]!.reason).toBe('no_core');
  }
});

test('the launcher alone is killed: the nodes end by themselves, and the next up works', async () => {
  const [launcher, ...rest] = picket.pids();
  const database = picket.databasePids();
  const nodes = rest.filter((pid) => !database.includes(pid));
  expect(nodes).toHaveLength(5);
  kill(launcher!, 'SIGKILL');
  await until('the end of every node', waitMs, () => alive(nodes).length === 0);
  const before = await picket.run('members');
  expect(before.status).toBe(1);
  const sinceMs = Date.now();
  await picket.up();
  await allUp();
  await everyCheckRan(sinceMs);
});

test('the launcher alone is killed, and down ends what is left', async () => {
  const pids = picket.pids();
  kill(pids[0]!, 'SIGKILL');
  expect((await picket.run('down')).status).toBe(0);
  expect(alive(pids)).toEqual([]);
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { coverageProblems } from './coverage.ts';
import { type CheckRow, type Cluster, cluster, type MemberRow, pause, until } from './picket.ts';
import { kill } from './processes.ts';
import { type TcpTarget, tcpTarget } from './targets.ts';

const checkCount = 300;
const intervalMs = 2_000;
/** When a test gives up; how long it took is printed. */
const recoveryMs = 15_000;
/** Longer than a core's session and than a death takes to be noticed. */
const stoppedMs = 8_000;

let picket: Cluster;
let target: TcpTarget;
let checks: CheckRow[] = [];
let addedMs = 0;

beforeAll(async () => {
  [target, picket] = await Promise.all([tcpTarget(), cluster('core=2,web=1,poller=2,agent=2')]);
  await picket.up();
  const file = join(picket.data, 'checks.ndjson');
  const one = { kind: 'tcp', target: '127.0.0.1', port: target.port, interval_ms: intervalMs };
  const lines = Array.from({ length: checkCount }, (_, at) =>
    JSON.stringify({ name: `check ${at}`, ...one }),
  );
  writeFileSync(file, lines.join('\n'));
  checks = await picket.ask<CheckRow[]>('check', 'import', file);
  addedMs = Date.now();
});
afterAll(async () => {
  await Promise.all([picket.close(), target.close()]);
});

/** Awaits a run of every check that began after `sinceMs`; the time until the last of them began, in milliseconds. */
function allRunSince(sinceMs: number): Promise<number> {
  return until(`a run of each of the ${checkCount} checks`, recoveryMs, async () => {
    const { results } = await picket.rowsSince(sinceMs - 10_000);
    const first = new Map<string, number>();
    for (const { check_id, started_at } of results) {
      const startedMs = started_at === null ? 0 : Date.parse(started_at);
      if (startedMs > sinceMs) first.set(check_id, Math.min(startedMs, first.get(check_id) ?? startedMs));
    }
    return checks.every(({ id }) => first.has(id)) && Math.max(...first.values()) - sinceMs;
  });
}

async function strike(what: string, name: string, act: (pid: number) => Promise<void> | void): Promise<void> {
  const members = await picket.ask<MemberRow[]>('members');
  const { pid } = members.find((member) => member.name === name)!;
  const atMs = Date.now();
  await act(pid);
  const tookMs = await allRunSince(atMs);
  process.stdout.write(`${what} (${name}): each of ${checkCount} checks ran again within ${tookMs} ms\n`);
}

const killed = (pid: number) => kill(pid, 'SIGKILL');

test('checks that are added together run, spread over their interval', async () => {
  expect(checks).toHaveLength(checkCount);
  await allRunSince(addedMs);
  const { results } = await picket.rowsSince(addedMs);
  const phases = new Map(results.map(({ check_id, due_at }) => [check_id, Date.parse(due_at) % intervalMs]));
  const tenths = Array(10).fill(0);
  for (const { id } of checks) tenths[Math.floor((phases.get(id)! * 10) / intervalMs)] += 1;
  expect(Math.min(...tenths)).toBeGreaterThan(checkCount / 10 / 4);
});

test('a poller is killed: all checks run again', () => strike('poller killed', 'poller_1', killed));

test('an agent is killed: all checks run again', () => strike('agent killed', 'agent_1', killed));

test('the core that holds the tenant is killed: all checks run again', async () => {
  const [tenant] = await picket.ask<{ node: string }[]>('registry', '--kind', 'tenant');
  await strike('core killed', tenant!.node, killed);
});

test('the core that holds the tenant stands still for 8 s: another takes over, and it writes nothing of its past lease', async () => {
  const holders = () => picket.ask<{ node: string }[]>('registry', '--kind', 'tenant');
  const [tenant] = await holders();
  await strike('core stopped', tenant!.node, async (pid) => {
    kill(pid, 'SIGSTOP');
    await pause(stoppedMs);
    const [taken] = await holders();
    expect(taken!.node).not.toBe(tenant!.node);
    kill(pid, 'SIGCONT');
    // What it would write twice, or over the other's, is seen at the end: every instant has one row.
    await until('all to be up', recoveryMs, async () => {
      const members = await picket.ask<MemberRow[]>('members');
      return members.length === 7 && members.every(({ status }) => status === 'up');
    });
  });
  expect(await holders()).toHaveLength(1);
});

test('an agent stands still for 3 s: all checks run again', () =>
  strike('agent stopped for 3 s', 'agent_2', async (pid) => {
    kill(pid, 'SIGSTOP');
    await pause(3_000);
    kill(pid, 'SIGCONT');
  }));

test('after all that every due instant is covered exactly once, by a result or a gap with its reason', async () => {
  const window = { fromMs: addedMs, untilMs: Date.now() };
  const rows = await until('an account of every instant', recoveryMs, async () => {
    const { results, gaps } = await picket.rowsSince(addedMs - 60_000);
    const problems = coverageProblems(checks, results, gaps, window);
    if (problems.length > 0)
      throw new Error(`${problems.length} problems: ${JSON.stringify(problems.slice(0, 5))}`);
    return { results, gaps };
  });
  const ours = new Set(checks.map(({ id }) => id));
  const results = rows.results.filter(({ check_id }) => ours.has(check_id));
  const gaps = rows.gaps.filter(({ check_id }) => ours.has(check_id));
  for (const row of [...gaps, ...results.filter(({ status }) => status !== 'success')]) {
    expect(row.reason).toMatch(/\w/);
  }
  const tally: Record<string, number> = {};
  for (const { status, reason } of results)
    tally[`${status} ${reason ?? ''}`] = (tally[`${status} ${reason ?? ''}`] ?? 0) + 1;
  for (const { reason, count } of gaps) tally[`gap ${reason}`] = (tally[`gap ${reason}`] ?? 0) + count;
  process.stdout.write(`accounted for: ${JSON.stringify(tally)}\n`);
});

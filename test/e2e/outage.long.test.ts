import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { coverageProblems } from './coverage.ts';
import { type CheckRow, type Cluster, cluster, pause, until } from './picket.ts';
import { kill } from './processes.ts';
import { type TcpTarget, tcpTarget } from './targets.ts';

const checkCount = 50;
const outageMs = 10_000;
const waitMs = 30_000;

let picket: Cluster;
let target: TcpTarget;
let checks: CheckRow[] = [];
let addedMs = 0;

beforeAll(async () => {
  [target, picket] = await Promise.all([tcpTarget(), cluster()]);
  await picket.up();
  const file = join(picket.data, 'checks.ndjson');
  const one = { kind: 'tcp', target: '127.0.0.1', port: target.port, interval: '1s' };
  writeFileSync(
    file,
    Array.from({ length: checkCount }, (_, at) => JSON.stringify({ name: `check ${at}`, ...one })).join('\n'),
  );
  checks = await picket.ask<CheckRow[]>('check', 'import', file);
  addedMs = Date.now();
  await ranBetween(addedMs, Date.now() + waitMs);
});
afterAll(async () => {
  await Promise.all([picket.close(), target.close()]);
});

/** Awaits, for every check, a stored run that began between the two instants. */
function ranBetween(fromMs: number, toMs: number): Promise<boolean> {
  return until('a stored run of every check', waitMs, async () => {
    const { results } = await picket.rowsSince(fromMs - 10_000);
    const began = results.filter(
      ({ started_at: at }) => at !== null && Date.parse(at) >= fromMs && Date.parse(at) <= toMs,
    );
    return new Set(began.map(({ check_id }) => check_id)).size >= checkCount;
  });
}

async function everyInstantOnce(): Promise<void> {
  const window = { fromMs: addedMs, untilMs: Date.now() };
  await until('an account of every instant', waitMs, async () => {
    const { results, gaps } = await picket.rowsSince(addedMs - 60_000);
    const problems = coverageProblems(checks, results, gaps, window);
    if (problems.length > 0)
      throw new Error(`${problems.length} problems: ${JSON.stringify(problems.slice(0, 5))}`);
    return true;
  });
}

test('a database that stands still for 10 s: checks go on, and their results are stored afterwards', async () => {
  const pids = picket.databasePids();
  expect(pids.length).toBeGreaterThan(1);
  for (const pid of pids) kill(pid, 'SIGSTOP');
  const stoppedMs = Date.now();
  const taken = target.taken();
  await pause(outageMs);
  const ranMeanwhile = target.taken() - taken;
  const contMs = Date.now();
  for (const pid of pids) kill(pid, 'SIGCONT');
  expect(ranMeanwhile).toBeGreaterThanOrEqual(checkCount * (outageMs / 1_000 - 1));
  // Runs of the second half of the outage: the core's session had long expired when they were done.
  await ranBetween(stoppedMs + outageMs / 2, contMs);
  await everyInstantOnce();
  const { results, gaps } = await picket.rowsSince(stoppedMs);
  const during = results.filter(
    ({ started_at: at }) => at !== null && Date.parse(at) > stoppedMs && Date.parse(at) < contMs,
  );
  expect(during.length).toBeGreaterThanOrEqual(checkCount * (outageMs / 1_000 - 1));
  expect(gaps.filter(({ from }) => Date.parse(from) < contMs && Date.parse(from) > stoppedMs)).toEqual([]);
});

test('a database that is killed: it is started again, checks go on, and nothing is lost', async () => {
  const pids = picket.databasePids();
  const killedMs = Date.now();
  for (const pid of pids) kill(pid, 'SIGKILL');
  const taken = target.taken();
  await until('the database to run again', waitMs, () => {
    const now = picket.databasePids();
    return now.length > 0 && !pids.includes(now[0]!);
  });
  await ranBetween(killedMs, Date.now() + waitMs);
  expect(target.taken()).toBeGreaterThan(taken);
  await everyInstantOnce();
});

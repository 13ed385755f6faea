/** A check is changed while it runs, by the command: what it is due from then on, and that no instant is lost or twice. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { phaseOf } from '../../actors/schedule.ts';
import { systemClock } from '../../runtime/clock.ts';
import { openStore, runningEmbedded, type Store } from '../../store/index.ts';
import { coverageProblems } from './coverage.ts';
import { type CheckRow, type Cluster, cluster, pause, until } from './picket.ts';
import { type TcpTarget, tcpTarget } from './targets.ts';

const waitMs = 30_000;

let picket: Cluster;
let target: TcpTarget;
let store: Store;
let tenantId = '';

beforeAll(async () => {
  [target, picket] = await Promise.all([tcpTarget(), cluster('core=2,web=1,poller=1,agent=1')]);
  await picket.up();
  const url = runningEmbedded(picket.data)!;
  store = openStore({ url, phaseOf, clock: systemClock() });
  tenantId = (await store.tenants.find('default'))!.id;
});
afterAll(async () => {
  await store?.close();
  await Promise.all([picket.close(), target.close()]);
});

const add = (name: string) => {
  const where = ['--target', '127.0.0.1', '--port', String(target.port)];
  return picket.ask<CheckRow>('check', 'add', '--name', name, '--kind', 'tcp', ...where, '--interval', '1s');
};

test('a check that is changed runs by its new interval, and each instant of every version has one row', async () => {
  const [{ id }, other] = [await add('often'), await add('stays')];
  await pause(3_000);
  const asked = ['--interval', '3s', '--retries', '2', '--why', 'too many connections'];
  const edited = await picket.ask<CheckRow>('check', 'edit', id, ...asked);
  expect(edited).toMatchObject({ id, name: 'often', interval_ms: 3_000, retries: 2 });
  await pause(7_000);
  expect(await picket.ask<CheckRow>('check', 'edit', id, '--name', 'seldom')).toMatchObject({
    ...{ name: 'seldom', interval_ms: 3_000 },
  });
  await pause(4_000);
  await picket.ask<CheckRow>('check', 'edit', id, '--interval', '1s', '--tenant', 'default');
  await pause(4_000);
  const { schedule } = (await store.checks.list(tenantId, 0)).find((one) => one.id === id)!;
  expect(schedule.map(({ intervalMs }) => intervalMs)).toEqual([1_000, 3_000, 3_000, 1_000]);
  const untilMs = Date.now();
  await until('an account of every instant of each version', waitMs, async () => {
    const { results, gaps } = await picket.rowsSince(schedule[0]!.validFromMs - 60_000);
    const problems = schedule.flatMap(({ intervalMs, validFromMs, validToMs }) => {
      const isIn = (at: string) =>
        Date.parse(at) >= validFromMs && (validToMs === null || Date.parse(at) < validToMs);
      const window = { fromMs: validFromMs, untilMs: (validToMs ?? untilMs) - 1 };
      const check = { id, interval_ms: intervalMs };
      return coverageProblems(
        [check],
        results.filter((row) => isIn(row.due_at)),
        gaps.filter((row) => isIn(row.from)),
        window,
      );
    });
    if (problems.length > 0) throw new Error(JSON.stringify(problems.slice(0, 5)));
    return true;
  });
  const { results } = await picket.rowsSince(schedule[3]!.validFromMs);
  expect(results.filter(({ check_id, started_at }) => check_id === id && started_at !== null)).not.toEqual(
    [],
  );
  const rows = await picket.ask<CheckRow[]>('check', 'list');
  // Behind those that a new cluster has of its own.
  expect(rows.slice(-2).map(({ name, interval_ms }) => [name, interval_ms])).toEqual([
    ['seldom', 1_000],
    [other.name, 1_000],
  ]);
});

test('who changed what is in the tenant’s history', async () => {
  const history = await picket.ask<{ event: string; who: string; why: string | null }[]>(
    ...['tenant', 'history', 'default'],
  );
  const edits = history.filter(({ event }) => event === 'check_edit');
  expect(edits.map(({ why }) => why?.replace(/^chk_\w+: /, ''))).toEqual([
    'interval, retries: too many connections',
    'name',
    'interval',
  ]);
  expect(edits[0]!.who).toContain('/operator/');
});

test('an edit that says nothing, or what no check may be, changes nothing and says why', async () => {
  const { id } = await add('as it is');
  const refused = async (...flags: string[]) => {
    const { status, err } = await picket.run('check', 'edit', ...flags);
    return [status, err];
  };
  expect(await refused(id)).toEqual([2, expect.stringContaining('nothing is to be changed')]);
  expect(await refused(id, '--interval', '100ms')).toEqual([1, expect.stringContaining('1s to 1d')]);
  expect(await refused(id, '--set', 'nonsense=1')).toEqual([1, expect.stringContaining('nonsense')]);
  expect(await refused('chk_none', '--name', 'x')).toEqual([1, expect.stringContaining('no_such_check')]);
  const checks = await store.checks.list(tenantId, 0);
  expect(checks.find((one) => one.id === id)!.schedule).toHaveLength(1);
  expect((await picket.run('check', 'edit', '--help')).out).toContain('Examples:');
});

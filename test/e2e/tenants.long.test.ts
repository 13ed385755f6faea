/** Tenants' lives as an operator leads them: suspended, activated, cancelled, purged; under a quota; and half made. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runningEmbedded } from '../../store/index.ts';
import { coverageProblems } from './coverage.ts';
import { type CheckRow, type Cluster, cluster, type GapRow, pause, type ResultRow, until } from './picket.ts';

interface TenantRow {
  id: string;
  slug: string;
  status: string;
  plan: string;
  purged_at: string | null;
}

let picket: Cluster;
beforeAll(async () => {
  picket = await cluster('core=2,web=1,poller=1,agent=1');
  await picket.up();
});
afterAll(() => picket.close());

const tcp = [
  '--kind',
  'tcp',
  '--target',
  '192.0.2.1',
  '--port',
  '9',
  '--interval',
  '1s',
  '--timeout',
  '200ms',
];
const add = (tenant: string, name: string) =>
  picket.ask<CheckRow>('check', 'add', '--tenant', tenant, '--name', name, ...tcp);
const rowsOf = async (tenant: string) => {
  const rows = await picket.ask<(ResultRow | GapRow)[]>(
    'results',
    '--tenant',
    tenant,
    '--limit',
    '10000',
    '--gaps',
  );
  return {
    results: rows.filter((row): row is ResultRow => 'due_at' in row),
    gaps: rows.filter((row): row is GapRow => 'from' in row),
  };
};
const tenantOf = async (name: string) =>
  (await picket.ask<TenantRow[]>('tenant', 'list')).find(({ slug, id }) => slug === name || id === name);

test('a suspended tenant stands still with a gap that says so, can be read, and runs again when it is activated', async () => {
  await picket.ask('tenant', 'create', 'acme');
  const check = await add('acme', 'one');
  const startMs = Date.now();
  await until('a first result', 15_000, async () => (await rowsOf('acme')).results.length > 0);
  await picket.ask('tenant', 'suspend', 'acme', '--why', 'unpaid');
  const gap = await until('a gap of the suspension', 20_000, async () => {
    const { gaps } = await rowsOf('acme');
    return gaps.find(({ reason, count }) => reason === 'suspended' && count >= 3) ?? null;
  });
  const after = (await rowsOf('acme')).results.filter(({ due_at }) => due_at > gap.from);
  expect(after).toEqual([]);
  expect((await picket.ask<CheckRow[]>('check', 'list', '--tenant', 'acme')).map(({ id }) => id)).toEqual([
    check.id,
  ]);
  const refused = await picket.run('check', 'add', '--tenant', 'acme', '--name', 'two', ...tcp);
  expect([refused.status, refused.err]).toEqual([1, expect.stringContaining('tenant_suspended')]);
  expect((await picket.run('check', 'run-now', check.id)).err).toContain('tenant_suspended');
  expect((await picket.run('check', 'remove', check.id)).err).toContain('tenant_suspended');
  const twice = await picket.run('tenant', 'suspend', 'acme');
  expect([twice.status, twice.err]).toEqual([
    1,
    expect.stringMatching(/bad_transition.*allowed now: activate, cancel/),
  ]);
  await picket.ask('tenant', 'activate', 'acme');
  const activatedMs = Date.now();
  await until('results again', 15_000, async () => {
    const { results } = await rowsOf('acme');
    return results.some(({ due_at, started_at }) => started_at !== null && Date.parse(due_at) > activatedMs);
  });
  const untilMs = Date.now();
  await until('an account of every instant', 15_000, async () => {
    const { results, gaps } = await rowsOf('acme');
    const problems = coverageProblems([check], results, gaps, { fromMs: startMs, untilMs });
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    return true;
  });
  const history = await picket.ask<{ event: string; who: string; why: string | null }[]>(
    'tenant',
    'history',
    'acme',
  );
  expect(history.map(({ event }) => event)).toEqual(['create', 'provisioned', 'suspend', 'activate']);
  expect(history[2]).toMatchObject({ who: expect.stringContaining('/operator/operator'), why: 'unpaid' });
});

test('a cancelled tenant stops and is kept; purged, it is gone but for its row, and its slug is free', async () => {
  const { id } = (await tenantOf('acme'))!;
  expect((await picket.run('tenant', 'purge', 'acme', '--yes')).err).toMatch(/bad_transition/);
  await picket.ask('tenant', 'cancel', 'acme', '--yes');
  expect((await picket.run('check', 'list', '--tenant', 'acme')).err).toContain('tenant_not_running');
  expect((await picket.run('tenant', 'activate', 'acme')).err).toContain('nothing changes it any more');
  await until('its name to go', 15_000, async () => {
    const names = await picket.ask<{ tenant_id: string }[]>('registry', '--kind', 'tenant');
    return !names.some(({ tenant_id }) => tenant_id === id);
  });
  expect((await rowsOf('acme')).results.length).toBeGreaterThan(0);
  const purged = await picket.ask<TenantRow>('tenant', 'purge', 'acme', '--yes');
  expect(purged).toMatchObject({ id, status: 'cancelled', purged_at: expect.any(String) });
  expect((await picket.run('results', '--tenant', 'acme')).err).toContain('no_such_tenant');
  const next = await picket.ask<TenantRow>('tenant', 'create', 'acme');
  expect(next.id).not.toBe(id);
  expect((await tenantOf(id))?.status).toBe('cancelled');
  expect(await rowsOf('acme')).toEqual({ results: [], gaps: [] });
  expect(await picket.ask('db', 'lint')).toEqual([]);
});

test('a plan bounds checks one by one and in a file, and past its results of a day there is a gap', async () => {
  await picket.ask('plan', 'set', 'tiny', '--checks', '2', '--results-per-day', '5');
  await picket.ask('tenant', 'create', 'globex', '--plan', 'tiny');
  await add('globex', 'one');
  const file = join(picket.data, 'globex.ndjson');
  const line = { kind: 'tcp', target: '192.0.2.1', port: 9, interval_ms: 1_000, timeout_ms: 200 };
  writeFileSync(file, [1, 2].map((at) => JSON.stringify({ name: `c${at}`, ...line })).join('\n'));
  const refused = await picket.run('check', 'import', file, '--tenant', 'globex');
  expect([refused.status, refused.err]).toEqual([1, expect.stringContaining('quota_checks')]);
  await add('globex', 'two');
  expect((await picket.run('check', 'add', '--tenant', 'globex', '--name', 'three', ...tcp)).err).toContain(
    'quota_checks',
  );
  await until('a gap of the quota', 30_000, async () =>
    (await rowsOf('globex')).gaps.some(({ reason }) => reason === 'quota'),
  );
  await until('all that may run', 15_000, async () => (await rowsOf('globex')).results.length === 5);
  // Two intervals of both checks, in which nothing more may come.
  await pause(3_000);
  expect((await rowsOf('globex')).results).toHaveLength(5);
  // A larger plan lets it run on; the results of the day still count.
  await picket.ask('tenant', 'plan', 'globex', 'pro');
  await until('more results', 20_000, async () => (await rowsOf('globex')).results.length > 7);
  expect((await picket.run('tenant', 'plan', 'globex', 'gold')).err).toContain('no_such_plan');
});

const steps = ['role', 'grants', 'schema', 'tables 1', 'tables 2', 'partition', 'provisioned'];

/** Makes a tenant on the cluster's own database in a process that ends itself by SIGKILL before the step. */
async function killedBefore(step: string, slug: string): Promise<void> {
  const at = (path: string) => JSON.stringify(pathToFileURL(join(process.cwd(), 'dist', path)).href);
  const program = `
    import { openStore } from ${at('store/index.js')};
    import { systemClock } from ${at('runtime/index.js')};
    const provisioningSeam = (step) => step === ${JSON.stringify(step)} && process.kill(process.pid, 'SIGKILL');
    const store = openStore({ url: process.env.URL, phaseOf: () => 0, clock: systemClock(), provisioningSeam });
    await store.tenants.create(${JSON.stringify(slug)}, 'Half made');`;
  const env = { ...process.env, URL: runningEmbedded(picket.data)! };
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { env, stdio: 'ignore' });
  const [, signal] = await once(child, 'exit');
  expect(signal).toBe('SIGKILL');
}

test('a tenant whose making was killed before any step is finished by a core', async () => {
  for (const [at, step] of steps.entries()) await killedBefore(step, `half-${at}`);
  await until('all of them to be active', 60_000, async () => {
    const rows = await Promise.all(steps.map((_, at) => tenantOf(`half-${at}`)));
    return rows.every((row) => row?.status === 'active');
  });
  for (const at of steps.keys()) await add(`half-${at}`, 'one');
  expect(await picket.ask('db', 'lint')).toEqual([]);
});

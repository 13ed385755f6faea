import { expect, test } from 'vitest';
import {
  type Check,
  dueRuns,
  judgeNewCheck,
  judgeNewDevice,
  phaseOf,
  type ResultRow,
  uncovered,
} from '../../actors/index.ts';
import { workload } from './history.ts';
import { madeUpTenants } from './made-up-tenants.ts';

const untilMs = Date.parse('2026-11-21T17:04:12.345Z');
const window = { fromMs: untilMs - 7 * 86_400_000, untilMs };

/** As the store schedules them. */
function scheduled(tenant: (typeof madeUpTenants)[number]): Check[] {
  return tenant.checks(window).map((check, at) => {
    const id = `chk_${tenant.slug}${at}`;
    const { intervalMs, archivedAtMs: validToMs } = check;
    const phaseMs = phaseOf(id, intervalMs);
    const schedule = [{ version: 1, intervalMs, phaseMs, validFromMs: window.fromMs, validToMs }];
    return { ...check, id, enabled: true, createdAtMs: window.fromMs, schedule };
  });
}

function pastOf(tenant: (typeof madeUpTenants)[number], check: Check) {
  const results: ResultRow[] = [];
  const rows = tenant.history(check, window);
  let last = rows.next();
  for (; !last.done; last = rows.next()) results.push(last.value);
  return { results, ...last.value };
}

test.each(madeUpTenants.map((tenant) => [tenant.slug, tenant] as const))(
  'every due instant of the week of %s is covered exactly once',
  (_slug, tenant) => {
    for (const check of scheduled(tenant)) {
      const { results, gaps } = pastOf(tenant, check);
      const due = dueRuns(check.schedule, window.fromMs - 1, untilMs);
      const dues = results.map(({ dueAtMs }) => dueAtMs);
      expect(new Set(dues).size).toBe(dues.length);
      expect(uncovered(due, dues, gaps)).toEqual([]);
      const wanted = due.reduce((sum, { count }) => sum + count, 0);
      expect(dues.length + gaps.reduce((sum, { count }) => sum + count, 0)).toBe(wanted);
      expect(wanted).toBeGreaterThan(1_000);
    }
  },
);

test.each(madeUpTenants.map((tenant) => [tenant.slug, tenant] as const))(
  'what is made up of %s is what a person could have added, and nothing of it is anybody’s',
  (_slug, tenant) => {
    for (const check of tenant.checks(window)) expect(judgeNewCheck(check, { allowAll: false })).toBeNull();
    const devices = tenant.devices(window);
    expect(devices.length).toBeGreaterThan(100);
    for (const device of devices) {
      const { createdAtMs: _at, life, ...said } = device;
      expect(judgeNewDevice(said)).toEqual({ device: said });
      expect(device.addresses.join(' ')).toMatch(
        /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+( 2001:db8:\S+)?$/,
      );
      expect(device.macs.join()).toMatch(/^00005E0053[0-9A-F]{2}$/);
      const instants = [device.createdAtMs, ...life.map(({ atMs }) => atMs), untilMs];
      expect(instants).toEqual([...instants].sort((a, b) => a - b));
    }
    const names = devices.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const macs = devices.map(({ partition, macs: [mac] }) => `${partition} ${mac}`);
    expect(new Set(macs).size).toBe(macs.length);
  },
);

test('the same is made up every time', () => {
  for (const tenant of madeUpTenants) {
    expect(tenant.devices(window)).toEqual(tenant.devices(window));
    const [check] = scheduled(tenant);
    expect(pastOf(tenant, check!)).toEqual(pastOf(tenant, check!));
  }
});

test('a week has outages, lost packets, runs without an answer and gaps, and most of it is well', () => {
  for (const tenant of madeUpTenants) {
    const pasts = scheduled(tenant).map((check) => pastOf(tenant, check));
    const rows = pasts.flatMap(({ results }) => results);
    const share = (status: string) => rows.filter((row) => row.status === status).length / rows.length;
    expect(share('success')).toBeGreaterThan(0.93);
    for (const status of ['timeout', 'critical', 'warning', 'skipped'])
      expect(share(status)).toBeGreaterThan(0);
    expect(pasts.some(({ gaps }) => gaps.length > 0)).toBe(true);
  }
});

test('latencies follow the working day', () => {
  const at = (text: string) => workload(Date.parse(text));
  expect(at('2026-11-18T13:00:00Z')).toBeCloseTo(1, 2);
  expect(at('2026-11-18T02:00:00Z')).toBe(0);
  expect(at('2026-11-21T13:00:00Z')).toBeCloseTo(0.2, 2);
  const [tenant] = madeUpTenants;
  const check = scheduled(tenant!).find(({ kind }) => kind === 'icmp')!;
  const rows = pastOf(tenant!, check).results.filter(({ status }) => status === 'success');
  const mean = (busy: boolean) => {
    const some = rows.filter(({ dueAtMs }) => (busy ? workload(dueAtMs) > 0.8 : workload(dueAtMs) === 0));
    return some.reduce((sum, { latencyMs }) => sum + latencyMs!, 0) / some.length;
  };
  expect(mean(true) / mean(false)).toBeGreaterThan(1.25);
});

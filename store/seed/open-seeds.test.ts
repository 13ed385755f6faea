/** A tenant that is made up is a tenant: its past is whole, its roll-ups are what a recount says, and nobody else's rows change. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dueRuns, uncovered } from '../../actors/index.ts';
import type { ResultRow } from '../../actors/ports/check.ts';
import { newDevice } from '../../test/contract/device-store.ts';
import {
  clock,
  phaseOf,
  type ScratchDatabase,
  scratchDatabase,
} from '../../test/contract/scratch-database.ts';
import { everything, newCheck, newTenant, unique } from '../../test/contract/store-setup.ts';
import { openSchema } from '../open-schema.ts';
import { openSeeds, type Seeds } from './open-seeds.ts';
import type { SeedTenant } from './seed-tenant.ts';

const intervalMs = 300_000;
let database: ScratchDatabase;
let seeds: Seeds;
let raw: pg.Client;

beforeAll(async () => {
  database = await scratchDatabase();
  const { url } = database.server;
  seeds = openSeeds({ url, phaseOf, clock });
  raw = new pg.Client({ connectionString: url });
  await raw.connect();
});
afterAll(async () => {
  await raw?.end();
  await seeds?.close();
  await database?.close();
});

/** Every third instant lies in a gap, every second of the others failed. */
const tenantOf = (slug: string): SeedTenant => ({
  slug,
  name: 'Made up',
  plan: 'pro',
  devices: ({ fromMs, untilMs }) => [
    {
      ...newDevice(),
      createdAtMs: fromMs,
      life: [{ event: 'identify', atMs: fromMs + 5, why: 'odd\t"\\N' }],
    },
    { ...newDevice(), createdAtMs: fromMs, life: [{ event: 'decommission', atMs: untilMs, why: null }] },
  ],
  checks: ({ fromMs }) => [
    { ...newCheck('one', intervalMs), archivedAtMs: null },
    { ...newCheck('gone', intervalMs), archivedAtMs: fromMs + 86_400_000 },
  ],
  *history(check, { fromMs, untilMs }) {
    const gaps = [];
    for (const run of dueRuns(check.schedule, fromMs - 1, untilMs)) {
      for (let at = 0; at < run.count; at += 1) {
        const dueMs = run.fromMs + at * intervalMs;
        if (at % 3 === 0) {
          gaps.push({
            checkId: check.id,
            fromMs: dueMs,
            toMs: dueMs,
            intervalMs,
            count: 1,
            reason: 'no_core',
          });
          continue;
        }
        const row: ResultRow = {
          ...{
            checkId: check.id,
            dueAtMs: dueMs,
            startedAtMs: dueMs + 1,
            agent: 'agent_1',
            poller: 'poller_1',
          },
          ...(at % 2 === 0
            ? { status: 'success', latencyMs: at / 7, reason: null }
            : { status: 'critical', latencyMs: null, reason: 'a\tb\\c\nd' }),
        };
        yield row;
      }
    }
    const state = {
      checkId: check.id,
      state: 'up',
      flapping: false,
      sinceMs: fromMs,
      because: 'made up',
    } as const;
    return { gaps, state };
  },
});

/** A digest of every table of the platform, of telemetry and of all tenants; by name. */
async function allRows(): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  const { rows: tables } = await raw.query<{ s: string; t: string }>(
    `SELECT n.nspname s, c.relname t FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE (n.nspname IN ('platform', 'telemetry') OR n.nspname LIKE 'tenant\\_%') AND c.relkind IN ('r', 'p')
       AND NOT c.relispartition`,
  );
  for (const { s, t } of tables) {
    const role = s === 'platform' ? 'NONE' : s === 'telemetry' ? 'picket_writer' : s;
    await raw.query(`SET ROLE ${role}`);
    const { rows } = await raw.query<{ digest: string }>(
      `SELECT count(*) || ' ' || md5(coalesce(string_agg(x::text, ' ' ORDER BY x::text), '')) AS digest FROM ${s}."${t}" x`,
    );
    digests[`${s}.${t}`] = rows[0]!.digest;
  }
  await raw.query('RESET ROLE');
  return digests;
}

async function rollOn(): Promise<void> {
  for (let more = true; more; ) ({ more } = await database.store.telemetry.roll());
}

test('a made-up past is whole, lies in partitions of its own, and is rolled up as a recount says', async () => {
  const planted = await seeds.plant(tenantOf(unique('whole')), 2);
  expect(planted).toMatchObject({ made: true, devices: 2, checks: 2 });
  await rollOn();
  const { tenantId } = planted;
  const { checks, results, telemetry, devices, tenants } = database.store;
  const nowMs = clock.wallMs();
  for (const check of await checks.list(tenantId, 0)) {
    const query = { ...everything, checkId: check.id };
    const rows = await results.results(tenantId, query);
    const gaps = (await results.gaps(tenantId, query)).reverse();
    const dues = rows.map(({ dueAtMs }) => dueAtMs).reverse();
    const endMs = Math.max(dues.at(-1)!, gaps.at(-1)!.toMs);
    const due = dueRuns(check.schedule, 0, endMs);
    expect(uncovered(due, dues, gaps)).toEqual([]);
    expect(dues.length + gaps.length).toBe(due[0]!.count);
    // Whoever holds the tenant next has nothing of the past to account for.
    const known = (await results.accounted(tenantId)).find(({ checkId }) => checkId === check.id)!;
    expect(known).toMatchObject({
      watermarkMs: endMs,
      resultsAboveMs: [],
      gapsAbove: [],
      state: { state: 'up' },
    });
    for (const by of ['minute', 'hour', 'day'] as const) {
      const spanMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }[by];
      const wanted = new Map<number, number>();
      for (const dueMs of dues) {
        const atMs = dueMs - (dueMs % spanMs);
        if (atMs + spanMs <= nowMs - 120_000) wanted.set(atMs, (wanted.get(atMs) ?? 0) + 1);
      }
      const rolled = await telemetry.rollups(tenantId, {
        by,
        checkId: check.id,
        sinceMs: null,
        limit: 10_000,
      });
      const found = rolled.filter(({ atMs }) => atMs + spanMs <= nowMs - 120_000);
      const counted = found.map(({ atMs, success, critical }) => [atMs, success + critical] as const);
      expect(new Map(counted)).toEqual(wanted);
    }
  }
  await raw.query('SET ROLE picket_writer');
  const { rows: strayed } = await raw.query('SELECT FROM telemetry.results_default LIMIT 1');
  await raw.query('RESET ROLE');
  expect(strayed).toEqual([]);
  const page = { archived: false, after: null, limit: 10 };
  const [live] = await devices.list(tenantId, page);
  expect((await devices.history(tenantId, live!.id)).map(({ event, why }) => `${event} ${why}`)).toEqual([
    'create null',
    'identify odd\t"\\N',
  ]);
  // One of each is archived and counts no more.
  const terms = { by: 'tester', liveMax: 1 };
  expect(await devices.add(tenantId, [newDevice()], terms)).toMatchObject({ refused: 'quota_devices' });
  await expect(checks.add(tenantId, [newCheck('more')], 1)).rejects.toMatchObject({ code: 'quota_checks' });
  expect(await tenants.find(tenantId)).toMatchObject({ status: 'active', plan: 'pro', schemaFits: true });
  const schema = openSchema(database.server.url, clock);
  expect(await schema.lint()).toEqual([]);
  await schema.close();
});

test('run again, also twice at once, it changes no row of any table', async () => {
  const tenant = tenantOf(unique('again'));
  const both = await Promise.all([seeds.plant(tenant, 2), seeds.plant(tenant, 2)]);
  expect(both.map(({ made }) => made).sort()).toEqual([false, true]);
  expect(both[0]!.tenantId).toBe(both[1]!.tenantId);
  await rollOn();
  const before = await allRows();
  expect(Object.keys(before).length).toBeGreaterThan(25);
  const again = await seeds.plant(tenant, 2);
  expect(again).toEqual({ ...both[0], made: false, rollupMinutes: again.rollupMinutes });
  expect(await allRows()).toEqual(before);
});

test("a slug that is another's is refused, and a tenant that somebody made is not touched", async () => {
  const { tenants, checks } = database.store;
  const id = await newTenant({ ...database.store, expireSession: async () => {} });
  await checks.add(id, [newCheck('theirs')]);
  const { slug } = (await tenants.find(id))!;
  const before = await allRows();
  await expect(seeds.plant(tenantOf(slug), 2)).rejects.toMatchObject({ code: 'slug_taken' });
  await expect(seeds.plant({ ...tenantOf(unique('poor')), plan: 'none' }, 2)).rejects.toMatchObject({
    code: 'no_such_plan',
  });
  expect(await allRows()).toEqual(before);
  await seeds.plant(tenantOf(unique('beside')), 2);
  const after = await allRows();
  const theirs = Object.keys(before).filter((name) => name.startsWith('tenant_'));
  expect(theirs.map((name) => after[name])).toEqual(theirs.map((name) => before[name]));
});

test('a seed that fails in the middle leaves nothing', async () => {
  const before = await allRows();
  const broken = tenantOf(unique('broken'));
  const history: SeedTenant['history'] = function* (check, window) {
    const rows = broken.history(check, window);
    yield rows.next().value as ResultRow;
    throw new Error('no more ideas');
  };
  await expect(seeds.plant({ ...broken, history }, 2)).rejects.toThrow(/no more ideas/);
  const illegal: SeedTenant['devices'] = ({ fromMs }) => [
    { ...newDevice(), createdAtMs: fromMs, life: [{ event: 'manage', atMs: fromMs, why: null }] },
  ];
  await expect(seeds.plant({ ...broken, devices: illegal }, 2)).rejects.toThrow(/cannot manage/);
  expect(await allRows()).toEqual(before);
  expect(await seeds.plant(broken, 2)).toMatchObject({ made: true });
});

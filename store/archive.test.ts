/** What was archived long ago goes, with all that speaks of it, and nothing else does. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newDevice } from '../test/contract/device-store.ts';
import { clock, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import {
  everything,
  holderOf,
  newCheck,
  newTenant,
  result,
  type StoreSetup,
} from '../test/contract/store-setup.ts';
import { silentLog } from './log.ts';
import { tenantMigrations } from './migrations/all.ts';
import { tenant0004 } from './migrations/tenant-0004.ts';
import { openPool } from './pool.ts';
import { rollback } from './rollback.ts';
import { createDatabase, type Database } from './unit-of-work.ts';

const kept = 30 * 86_400_000;
let database: ScratchDatabase;
let setup: StoreSetup;
let db: Database;

beforeAll(async () => {
  database = await scratchDatabase();
  setup = { ...database.store, expireSession: async () => {} };
  db = createDatabase(openPool(database.server.url, 4, silentLog), clock, silentLog);
});
afterAll(async () => {
  await db?.close();
  await database?.close();
});

/** A tenant with a check and a device archived 31 days ago, others archived now, and others live. */
async function filled() {
  const { checks, devices } = setup;
  const tenantId = await newTenant(setup);
  const added = await checks.add(tenantId, [newCheck('old'), newCheck('fresh'), newCheck('live')]);
  const ids = added.map(({ id }) => id);
  const { write } = await holderOf(setup, tenantId);
  const dueMs = clock.wallMs() - 172_800_000;
  await write({
    results: ids.flatMap((id) => [result(id, dueMs), result(id, dueMs + 1_000)]),
    gaps: ids.map((checkId) => ({ checkId, fromMs: 1, toMs: 1, intervalMs: 1, count: 1, reason: 'x' })),
    watermarks: ids.map((checkId) => ({ checkId, dueAtMs: dueMs })),
    states: ids.map((checkId) => ({ checkId, state: 'up', flapping: false, sinceMs: dueMs, because: 'x' })),
  });
  for (let more = true; more; ) ({ more } = await database.store.telemetry.roll());
  await checks.remove(tenantId, ids[0]!, { by: 'tester', why: 'moved' });
  await checks.remove(tenantId, ids[1]!);
  const by = { by: 'tester', liveMax: null };
  const answer = await devices.add(tenantId, [newDevice(), newDevice(), newDevice()], by);
  if ('refused' in answer) throw new Error(answer.detail);
  const [old, fresh, live] = answer.devices.map(({ id }) => id) as [string, string, string];
  for (const id of [old, fresh]) await devices.change(tenantId, id, 'decommission', by);
  await db.asTenant(tenantId, async (unit) => {
    for (const [table, id] of [
      ['checks', ids[0]!],
      ['devices', old],
    ] as const)
      await unit.query(`UPDATE ${table} SET archived_at = archived_at - interval '31 days' WHERE id = $1`, [
        id,
      ]);
  });
  return { tenantId, ids, old, fresh, live };
}

const shared = [
  'results',
  'gaps',
  'watermarks',
  'check_states',
  'rollup_minute',
  'rollup_hour',
  'rollup_day',
];
const telemetryOf = (tenantId: string) =>
  db.asTenant(tenantId, async (unit) => {
    const counts: Record<string, string[]> = {};
    for (const table of shared) {
      const rows = await unit.query<{ check_id: string }>(
        `SELECT DISTINCT check_id FROM telemetry.${table} ORDER BY 1`,
      );
      counts[table] = rows.map(({ check_id }) => check_id);
    }
    return counts;
  });
const auditOf = (tenantId: string, subject: string) =>
  db.asTenant(tenantId, async (unit) => {
    const rows = await unit.query<{ line: string }>(
      `SELECT concat_ws(' ', what, event, who, coalesce(from_state, '-'), coalesce(to_state, '-'), why) AS line
       FROM lives_audit WHERE subject = $1 ORDER BY id`,
      [subject],
    );
    return rows.map(({ line }) => line);
  });

test('every table that tenants share is among those that a removal empties', async () => {
  const rows = await db.asPlatform((unit) =>
    unit.query<{ name: string }>(
      `SELECT relname::text AS name FROM pg_class
       WHERE relnamespace = 'telemetry'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition`,
    ),
  );
  expect(rows.map(({ name }) => name).sort()).toEqual([...shared].sort());
});

test('what was archived too long ago is removed with its telemetry and noted; what was not stays to the last row', async () => {
  const { tenantId, ids, old, fresh, live } = await filled();
  const other = await filled();
  const theirs = await telemetryOf(other.tenantId);
  expect(theirs.rollup_day).toEqual([...other.ids].sort());
  expect(await database.store.archive.purge(kept)).toMatchObject({ checks: 2, devices: 2, failed: [] });
  const left = [ids[1]!, ids[2]!].sort();
  expect(await telemetryOf(tenantId)).toEqual(Object.fromEntries(shared.map((table) => [table, left])));
  expect((await setup.checks.list(tenantId, 0)).map(({ id }) => id)).toEqual([ids[1], ids[2]]);
  const known = await Promise.all([old, fresh, live].map((id) => setup.devices.find(tenantId, id)));
  expect(known.map((device) => device?.state ?? null)).toEqual([null, 'decommissioned', 'discovered']);
  expect(await auditOf(tenantId, ids[0]!)).toEqual([
    'check archive tester live archived moved',
    'check purge retention archived -',
  ]);
  expect(await auditOf(tenantId, old)).toEqual([
    'device create tester - discovered',
    'device decommission tester discovered decommissioned',
    'device purge retention decommissioned -',
  ]);
  expect(await database.store.archive.purge(kept)).toEqual({ checks: 0, devices: 0, rows: 0, failed: [] });
  // A quota counts what lives, also after the removal.
  await expect(setup.checks.add(tenantId, [newCheck('more')], 1)).rejects.toMatchObject({
    code: 'quota_checks',
  });
  await setup.checks.add(tenantId, [newCheck('more')], 2);
});

test('an archived check can be read to its last row until then', async () => {
  const { tenantId, ids } = await filled();
  const query = { ...everything, checkId: ids[1]! };
  expect(await setup.results.results(tenantId, query)).toHaveLength(2);
  expect(await setup.results.gaps(tenantId, query)).toHaveLength(1);
  expect(await database.store.telemetry.rollups(tenantId, { ...query, by: 'hour', limit: 100 })).not.toEqual(
    [],
  );
  await database.store.archive.purge(kept);
});

test('two that remove at once, while others restore, remove each thing once and none that came back', async () => {
  const { tenantId, ids, old } = await filled();
  const { archive, checks, devices } = database.store;
  const answers = await Promise.all([
    archive.purge(kept),
    devices.change(tenantId, old, 'restore', { by: 'tester', liveMax: null }),
    archive.purge(kept),
    checks.restore(tenantId, ids[0]!, { keptMs: kept }),
    checks.restore(tenantId, ids[1]!, { keptMs: kept }),
  ]);
  expect(answers[0].checks + answers[2].checks).toBe(1);
  expect(answers[3]).toBeNull();
  expect(answers[4]).toMatchObject({ id: ids[1] });
  const cameBack = 'device' in answers[1];
  expect(answers[0].devices + answers[2].devices).toBe(cameBack ? 0 : 1);
  expect((await devices.find(tenantId, old))?.state ?? null).toBe(cameBack ? 'identified' : null);
});

test('of a tenant whose schema has no devices yet nothing is removed until it was brought up', async () => {
  const { tenantId, ids } = await filled();
  const before = await telemetryOf(tenantId);
  for (const { version } of tenantMigrations.toReversed()) {
    if (version < tenant0004.version) break;
    await rollback(db, { tenant: tenantId });
  }
  expect(await database.store.archive.purge(kept)).toEqual({ checks: 0, devices: 0, rows: 0, failed: [] });
  expect(await telemetryOf(tenantId)).toEqual(before);
  const page = { archived: false, after: null, limit: 10 };
  await expect(setup.devices.list(tenantId, page)).rejects.toMatchObject({ code: 'schema_behind' });
  await database.store.migrate();
  expect(await database.store.archive.purge(kept)).toMatchObject({ checks: 1 });
  expect((await setup.checks.list(tenantId, 0)).map(({ id }) => id)).not.toContain(ids[0]);
});

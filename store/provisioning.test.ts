/** Provisioning that fails or breaks off before each of its steps: nothing half is left, and it can be done again. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clock, phaseOf, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { holderOf, newCheck, result, unique } from '../test/contract/store-setup.ts';
import { StoreError } from './errors.ts';
import { silentLog } from './log.ts';
import { tenantMigrations } from './migrations/all.ts';
import { openSchema, type Schema } from './open-schema.ts';
import { openStore, type Store } from './open-store.ts';
import { openPool } from './pool.ts';
import { removalScript } from './provisioning.ts';
import { createDatabase } from './unit-of-work.ts';

let database: ScratchDatabase;
let schema: Schema;
/** A store whose provisioning meets `seam` before each step. */
let store: Store;
let seam: (step: string) => void = () => {};
beforeAll(async () => {
  database = await scratchDatabase();
  schema = openSchema(database.server.url, clock);
  store = openStore({ url: database.server.url, phaseOf, clock, provisioningSeam: (step) => seam(step) });
});
afterAll(async () => {
  await store?.close();
  await schema?.close();
  await database?.close();
});

const tables = tenantMigrations.map(({ version }) => `tables ${version}`);
const steps = ['role', 'grants', 'schema', ...tables, 'partition', 'provisioned'];

test('the steps are these, in this order', async () => {
  const seen: string[] = [];
  seam = (step) => seen.push(step);
  await store.tenants.create(unique('acme'), 'Acme');
  expect(seen).toEqual(['id', ...steps]);
});

test('a tenant begins with the words that its rows are described with', async () => {
  seam = () => {};
  const made = await store.tenants.create(unique('words'), 'Words');
  if ('refused' in made) throw new Error(made.detail);
  expect(await store.devices.types(made.tenant.id)).toEqual(
    expect.arrayContaining(['router', 'switch', 'server']),
  );
  const db = createDatabase(openPool(database.server.url, 1, silentLog), clock, silentLog);
  const [severities, sources] = await db.asTenant(made.tenant.id, async (unit) => [
    await unit.query<{ name: string }>('SELECT name FROM severities ORDER BY rank'),
    await unit.query<{ confidence: number }>(
      "SELECT confidence FROM device_sources WHERE name IN ('manual', 'sweep') ORDER BY name",
    ),
  ]);
  expect(severities!.map(({ name }) => name)).toEqual(['info', 'warning', 'critical', 'emergency']);
  expect(sources!.map(({ confidence }) => confidence)).toEqual([10, 5]);
  await db.close();
});

const failAt = (wanted: string, error: Error) => (step: string) => {
  if (step === wanted) throw error;
};

test.each(steps)(
  'a failure before "%s" leaves a failed tenant with nothing of it but its row, which is tried again',
  async (step) => {
    const slug = unique('acme');
    seam = failAt(step, new Error('planted'));
    expect(await store.tenants.create(slug, 'Acme')).toMatchObject({ refused: 'provisioning_failed' });
    const failed = (await store.tenants.find(slug))!;
    expect(failed.status).toBe('failed');
    expect((await store.lives.history(failed.id)).at(-1)).toMatchObject({ event: 'fail', why: 'planted' });
    await expect(store.checks.list(failed.id, 0)).rejects.toMatchObject({ code: 'no_such_tenant' });
    expect(await store.tenants.create(slug, 'Acme')).toMatchObject({
      refused: 'slug_taken',
      detail: expect.stringContaining('failed'),
    });
    seam = () => {};
    expect(await store.lives.change(failed.id, 'suspend', 'tester', null)).toMatchObject({
      detail: expect.stringContaining('allowed now: retry'),
    });
    await store.lives.change(failed.id, 'retry', 'tester', null);
    expect(await store.lives.provision(failed.id)).toMatchObject({ id: failed.id, status: 'active' });
    expect(await store.checks.add(failed.id, [newCheck('one')], 1)).toHaveLength(1);
    expect(await schema.lint()).toEqual([]);
  },
);

test.each(steps)(
  'a database that goes away before "%s" is no failure: whoever provisions it again finishes it',
  async (step) => {
    const slug = unique('acme');
    seam = failAt(step, new StoreError('store_unavailable', 'planted'));
    await expect(store.tenants.create(slug, 'Acme')).rejects.toMatchObject({ code: 'store_unavailable' });
    const half = (await store.tenants.find(slug))!;
    expect(half.status).toBe('provisioning');
    seam = () => {};
    const again = await Promise.all(Array.from({ length: 4 }, () => database.store.lives.provision(half.id)));
    expect(again.map(({ status }) => status)).toEqual(['active', 'active', 'active', 'active']);
    expect((await store.lives.history(half.id)).map(({ event }) => event)).toEqual(['create', 'provisioned']);
    expect(await store.checks.add(half.id, [newCheck('one')], 1)).toHaveLength(1);
    expect(await schema.lint()).toEqual([]);
  },
);

test('a hundred tenants that are created at once are all there, each with an id of its own', async () => {
  seam = () => {};
  const startMs = clock.monotonicMs();
  const { tenants, checks } = store;
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => tenants.create(unique('many'), 'One of many')),
  );
  const tookMs = clock.monotonicMs() - startMs;
  const made = answers.map((answer) => ('tenant' in answer ? answer.tenant : null));
  expect(made.every((tenant) => tenant?.status === 'active')).toBe(true);
  expect(new Set(made.map((tenant) => tenant?.id)).size).toBe(100);
  for (const tenant of made) expect(await checks.list(tenant!.id, 0)).toEqual([]);
  expect(await schema.lint()).toEqual([]);
  process.stdout.write(`100 tenants in ${Math.round(tookMs)} ms\n`);
});

test('a purge that broke off after the schema was gone, or with some rows left, is finished by the next', async () => {
  seam = () => {};
  const db = createDatabase(openPool(database.server.url, 1, silentLog), clock, silentLog);
  const made = await store.tenants.create(unique('gone'), 'Gone');
  if ('refused' in made) throw new Error(made.detail);
  const { id } = made.tenant;
  const { write } = await holderOf({ ...store, expireSession: async () => {} }, id);
  await write({ results: [result('chk_a', clock.wallMs()), result('chk_b', clock.wallMs())] });
  await store.lives.change(id, 'cancel', 'tester', null);
  const count = () =>
    db.asWriter((unit) => unit.query('SELECT FROM telemetry.results WHERE tenant_id = $1', [id]));
  await db.asWriter((unit) => unit.query("DELETE FROM telemetry.results WHERE check_id = 'chk_a'"));
  await db.asPlatform((unit) => unit.script(removalScript(id)));
  expect(await count()).toHaveLength(1);
  expect(await store.lives.purge(id, 'tester', 0)).toMatchObject({
    tenant: { purgedAtMs: expect.any(Number) },
  });
  expect(await count()).toEqual([]);
  expect((await store.lives.history(id)).filter(({ event }) => event === 'purge')).toHaveLength(1);
  expect(await schema.lint()).toEqual([]);
  await db.close();
});

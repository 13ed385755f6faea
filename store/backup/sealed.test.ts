/** Archives of rows that are sealed: under another id, after keys have changed, and with a ring that lacks a key. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  clock,
  phaseOf,
  ringOf,
  type ScratchDatabase,
  scratchDatabase,
} from '../../test/contract/scratch-database.ts';
import { newTenant, unique } from '../../test/contract/store-setup.ts';
import { openStore } from '../open-store.ts';
import { withKey, withRetired } from '../vault/key-ring.ts';
import { liveRing } from '../vault/live-ring.ts';
import { openVaultDesk } from '../vault/open-desk.ts';
import {
  newKey,
  openKeyRing,
  readKeyRing,
  readRingText,
  replaceRing,
  ringStamp,
} from '../vault/ring-file.ts';
import { folderPlace } from './folder-place.ts';
import { openBackups } from './open-backups.ts';

const by = 'tester';
const quiet = () => {};
const folder = mkdtempSync(join(tmpdir(), 'picket-sealed-'));
const ring = join(folder, 'keys');
const place = folderPlace(join(folder, 'archives'), clock);
let database: ScratchDatabase;
let raw: pg.Client;

const open = () => {
  const keys = liveRing(
    () => readKeyRing(ring),
    () => ringStamp(ring),
  );
  const { url } = database.server;
  const store = openStore({ url, phaseOf, clock, keys });
  const backups = openBackups({ url, place, keys: readKeyRing(ring), clock, picket: '9.9.9' });
  return { store, backups, close: () => Promise.all([store.close(), backups.close()]) };
};

beforeAll(async () => {
  database = await scratchDatabase();
  openKeyRing(ring, clock.wallMs());
  raw = new pg.Client({ connectionString: database.server.url });
  await raw.connect();
});
afterAll(async () => {
  await raw?.end();
  await database?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function filled({ store }: ReturnType<typeof open>) {
  const id = await newTenant({ ...store, expireSession: async () => {} });
  const user = { role: 'viewer', name: 'Ann', contact: { phone: '1' } } as const;
  const ann = await store.users.add(id, { ...user, email: 'ann@x.org' }, by, null);
  const bob = await store.users.add(id, { ...user, email: 'bob@x.org' }, by, null);
  await store.users.archive(id, bob.id, by);
  const cmdb = { name: 'cmdb', kind: 'netbox', endpoint: 'https://cmdb.example', credentials: 'token' };
  await store.integrations.add(id, cmdb, by);
  return { id, slug: (await store.tenants.find(id))!.slug, ann };
}

async function expectWhole({ store }: ReturnType<typeof open>, id: string) {
  const all = await store.users.list(id, true);
  expect(all.map(({ email, unreadable }) => [email, unreadable])).toEqual([
    ['ann@x.org', null],
    ['bob@x.org', null],
  ]);
  expect(await store.users.find(id, 'ANN@x.org')).toMatchObject({
    email: 'ann@x.org',
    contact: { phone: '1' },
  });
  expect(await store.users.find(id, 'bob@x.org')).toBeNull();
  expect(await store.integrations.credentials(id, 'cmdb')).toBe('token');
  const user = { role: 'viewer', name: 'Ann', email: 'ann@x.org' } as const;
  await expect(store.users.add(id, user, by, null)).rejects.toMatchObject({ code: 'email_taken' });
  await expect(store.users.add(id, { ...user, email: 'new@x.org' }, by, 1)).rejects.toMatchObject({
    code: 'quota_users',
  });
}

async function sealedOf(id: string): Promise<string[]> {
  await raw.query(`SET ROLE tenant_${id}`);
  const { rows } = await raw.query(`SELECT email_sealed FROM tenant_${id}.users ORDER BY id`);
  await raw.query('RESET ROLE');
  return rows.map((row) => row.email_sealed as string);
}

test('under another slug all is bound to the new tenant; in its own place it stays byte for byte', async () => {
  const one = open();
  const { id, slug } = await filled(one);
  const before = await sealedOf(id);
  const { name } = await one.backups.create(slug, quiet);
  await one.backups.verify(name, quiet);
  const { tenant } = await one.backups.restore(name, { as: unique('copy'), replace: false }, quiet);
  await expectWhole(one, tenant.id);
  expect((await sealedOf(tenant.id)).some((sealed) => before.includes(sealed))).toBe(false);
  await one.backups.restore(name, { as: null, replace: true }, quiet);
  expect(await sealedOf(id)).toEqual(before);
  await expectWhole(one, id);
  await one.close();
});

test('an archive of a key that was retired since is restored, and sealed anew on its way', async () => {
  const one = open();
  const { id, slug } = await filled(one);
  const old = readKeyRing(ring).current().id;
  const { name } = await one.backups.create(slug, quiet);
  replaceRing(ring, withRetired(withKey(readRingText(ring), newKey(clock.wallMs()), null), old, true));
  const two = open();
  await two.backups.verify(name, quiet);
  await two.backups.restore(name, { as: null, replace: true }, quiet);
  await expectWhole(two, id);
  const current = readKeyRing(ring).current().id;
  expect((await sealedOf(id)).every((sealed) => sealed.startsWith(`v1:${current}:`))).toBe(true);
  const { tenant } = await two.backups.restore(name, { as: unique('copy'), replace: false }, quiet);
  await expectWhole(two, tenant.id);
  await Promise.all([one.close(), two.close()]);
});

test('a value that did not open when it was archived stays as it was and keeps nothing from being restored', async () => {
  const one = open();
  const { id, slug, ann } = await filled(one);
  await raw.query(`SET ROLE tenant_${id}`);
  const moved = `UPDATE tenant_${id}.users SET contact_sealed = email_sealed WHERE id = $1`;
  await raw.query(moved, [ann.id]);
  await raw.query('RESET ROLE');
  const { name } = await one.backups.create(slug, quiet);
  const { tenant } = await one.backups.restore(name, { as: unique('copy'), replace: false }, quiet);
  const told = (await one.store.users.list(tenant.id, true)).map(({ unreadable }) => unreadable);
  expect(told).toEqual(['sealed_refused', null]);
  expect((await one.store.users.find(tenant.id, 'ann@x.org'))?.id).toBe(ann.id);
  await one.close();
});

test('without a key that its rows are sealed with an archive is refused whole, and the key is named', async () => {
  const one = open();
  const { id, slug } = await filled(one);
  const before = readKeyRing(ring).current().id;
  replaceRing(ring, withKey(readRingText(ring), newKey(clock.wallMs()), null));
  const two = open();
  const { name } = await two.backups.create(slug, quiet);
  const whole = readRingText(ring);
  writeFileSync(
    ring,
    readFileSync(ring, 'utf8')
      .split('\n')
      .filter((line) => !line.startsWith(before))
      .join('\n'),
  );
  const lacking = open();
  const restored = lacking.backups.restore(name, { as: null, replace: true }, quiet);
  await expect(restored).rejects.toMatchObject({
    code: 'no_such_key',
    message: expect.stringContaining(before),
  });
  replaceRing(ring, whole);
  await expectWhole(two, id);
  await Promise.all([one.close(), two.close(), lacking.close()]);
});

test('a ring that the database knows nothing of restores no sealed value into it', async () => {
  const one = open();
  const { id, slug } = await filled(one);
  const { name } = await one.backups.create(slug, quiet);
  const elsewhere = await scratchDatabase();
  const there = openBackups({
    url: elsewhere.server.url,
    place,
    keys: readKeyRing(ring),
    clock,
    picket: '9.9.9',
  });
  const other = await newTenant({ ...elsewhere.store, expireSession: async () => {} });
  await elsewhere.store.users.add(other, { role: 'viewer', name: 'Eve', email: 'eve@x.org' }, by, null);
  await there.verify(name, quiet);
  await expect(there.restore(name, { as: null, replace: false }, quiet)).rejects.toMatchObject({
    code: 'ring_foreign',
  });
  // With the key of the archive in the ring of that place, retired there, it is sealed anew with what is sealed with there.
  const { id: keyId, bytes } = readKeyRing(ring).current();
  const theirs = ringOf(elsewhere.dataDir);
  const lent = withKey(readRingText(theirs), { id: keyId, bytes, madeAtMs: 0 }, null);
  replaceRing(theirs, withRetired(lent, keyId, true));
  const again = openBackups({
    url: elsewhere.server.url,
    place,
    keys: readKeyRing(theirs),
    clock,
    picket: '9.9.9',
  });
  await again.restore(name, { as: null, replace: false }, quiet);
  expect(await elsewhere.store.users.find(id, 'ann@x.org')).toMatchObject({ email: 'ann@x.org' });
  await Promise.all([one.close(), there.close(), again.close()]);
  await elsewhere.close();
});

test('a restore waits while a key is retired, then seals with what the ring says; and no key is retired while it runs', async () => {
  const one = open();
  const { id, slug } = await filled(one);
  const old = readKeyRing(ring).current().id;
  const { name } = await one.backups.create(slug, quiet);
  const desk = openVaultDesk(database.server.url, clock);
  let restored: Promise<unknown> | null = null;
  await desk.withoutRestores(async () => {
    restored = one.backups.restore(name, { as: null, replace: true }, quiet);
    replaceRing(ring, withRetired(withKey(readRingText(ring), newKey(clock.wallMs()), null), old, true));
  });
  await restored;
  const current = readKeyRing(ring).current().id;
  expect((await sealedOf(id)).every((sealed) => sealed.startsWith(`v1:${current}:`))).toBe(true);
  const two = open();
  await expectWhole(two, id);
  // Told in the middle of it: what is retired then has sealed nothing that anybody sees yet.
  const retired: Promise<unknown>[] = [];
  const meanwhile = () => {
    retired.push(desk.withoutRestores(async () => 'alone').catch((error: { code: string }) => error.code));
  };
  await two.backups.restore(name, { as: unique('copy'), replace: false }, meanwhile);
  expect((await Promise.all(retired))[0]).toBe('restore_running');
  expect(await desk.withoutRestores(async () => 'alone')).toBe('alone');
  await Promise.all([one.close(), two.close(), desk.close()]);
});

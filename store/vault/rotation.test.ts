/** Rotation on a real database: whoever reads and writes meanwhile, and whoever stops in the middle of it. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
import { newTenant } from '../../test/contract/store-setup.ts';
import { limits } from '../limits.ts';
import { openStore, type Store } from '../open-store.ts';
import { withActive, withKey, withRetired } from './key-ring.ts';
import { type LiveRing, liveRing } from './live-ring.ts';
import { openVaultDesk, type VaultDesk } from './open-desk.ts';
import { newKey, openKeyRing, readKeyRing, readRingText, replaceRing, ringStamp } from './ring-file.ts';
import { sealedTables } from './sealed-columns.ts';

const by = 'tester';
const rows = 250;
let folder = '';
let database: ScratchDatabase;
let store: Store;
let keys: LiveRing;
let desk: VaultDesk;
let raw: pg.Client;
let file = '';
let epoch = 0;
const fresh = () => newTenant({ ...database.store, expireSession: async () => {} });
/** A node of its own: it has read the ring as it was. */
const nodeWith = (path: string, url = database.server.url) => {
  const live = liveRing(
    () => readKeyRing(path),
    () => ringStamp(path),
  );
  return { keys: live, store: openStore({ url, phaseOf, clock, keys: live }) };
};
const rotate = () => {
  const key = newKey(clock.wallMs());
  replaceRing(file, withKey(readRingText(file), key, null));
  return key.id;
};
const settled = async (to: Store) => {
  for (let at = 0; at < 20; at += 1) {
    epoch += 1;
    const turn = await to.rotation.runDue(epoch, () => true);
    if (turn?.error) throw new Error(turn.error);
    if (turn?.resealed === 0) return;
  }
  throw new Error('it does not end');
};
const keysOf = async (tenantId: string) =>
  Object.fromEntries(
    ((await desk.census()).find((one) => one.tenantId === tenantId)?.counts ?? []).map(
      ({ key, values, lookups }) => [key, [values, lookups]],
    ),
  );

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'picket-rotation-'));
  database = await scratchDatabase();
  file = ringOf(database.dataDir);
  openKeyRing(file, clock.wallMs());
  desk = openVaultDesk(database.server.url, clock);
  ({ store, keys } = nodeWith(file));
  raw = new pg.Client({ connectionString: database.server.url });
  await raw.connect();
});
afterAll(async () => {
  await raw?.end();
  await desk?.close();
  await store?.close();
  await database?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function filled(): Promise<string> {
  keys.changed();
  const id = await fresh();
  const add = (at: number) =>
    store.users.add(
      id,
      { role: 'viewer', name: `User ${at}`, email: `user${at}@x.org`, contact: { phone: `${at}` } },
      by,
      null,
    );
  for (let at = 0; at < rows; at += 50)
    await Promise.all(Array.from({ length: 50 }, (_, more) => add(at + more)));
  const archived = await store.users.find(id, 'user0@x.org');
  await store.users.archive(id, archived!.id, by);
  const one = { name: 'cmdb', kind: 'netbox', endpoint: 'https://cmdb.example', credentials: 'token' };
  await store.integrations.add(id, one, by);
  return id;
}

test('every sealed column of the catalog is sealed anew', async () => {
  const id = await fresh();
  const { rows: found } = await raw.query<{ it: string }>(
    "SELECT c.relname || '.' || a.attname AS it FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') AND a.attname LIKE '%\\_sealed' ORDER BY 1",
    [`tenant_${id}`],
  );
  const listed = sealedTables.flatMap(({ table, columns }) => columns.map((column) => `${table}.${column}`));
  expect(found.map(({ it }) => it)).toEqual([...listed].sort());
});

test('all is read and written while keys change, by nodes with the old ring and with the new one', async () => {
  const id = await filled();
  const old = nodeWith(file);
  await old.store.users.list(id, false);
  const before = readKeyRing(file).current().id;
  const after = rotate();
  const late = nodeWith(file);
  let done = false;
  const failures: unknown[] = [];
  const people = await store.users.list(id, false);
  expect(new Set(people.map((person) => person.email)).size).toBe(rows - 1);
  expect(people.map(({ createdAtMs }) => createdAtMs)).toEqual(
    people.map(({ createdAtMs }) => createdAtMs).sort(),
  );
  const readAndWrite = async ({ store: one }: typeof old, from: number) => {
    for (let at = from; !done; at += 7) {
      const person = people[at % people.length]!;
      const [found] = await Promise.all([
        one.users.find(id, person.email!),
        one.users.change(id, person.id, { contact: { phone: `new ${at}` } }, by),
      ]);
      if (found?.email !== person.email) failures.push([person.email, found]);
      if ((await one.integrations.credentials(id, 'cmdb')) !== 'token') failures.push('credentials');
    }
  };
  const busy = [readAndWrite(old, 0), readAndWrite(late, 3)];
  epoch += 1;
  await late.store.rotation.runDue(epoch, () => true);
  // A node that still seals with the old key adds somebody, whom everybody finds.
  const added = await old.store.users.add(id, { role: 'admin', name: 'Late', email: 'late@x.org' }, by, null);
  expect((await late.store.users.find(id, 'LATE@x.org'))?.id).toBe(added.id);
  await expect(
    late.store.users.add(id, { role: 'admin', name: 'Late', email: 'late@x.org' }, by, null),
  ).rejects.toMatchObject({ code: 'email_taken' });
  old.keys.changed();
  done = true;
  await Promise.all(busy);
  await settled(late.store);
  expect(failures).toEqual([]);
  const counts = await keysOf(id);
  expect(counts[before]).toEqual([0, rows]);
  expect(counts[after]![1]).toBe(rows);
  expect(await desk.unfound(after)).toBe(0);
  expect((await late.store.users.list(id, true)).filter(({ unreadable }) => unreadable !== null)).toEqual([]);
  expect((await late.store.users.list(id, true)).filter(({ email }) => email === 'user0@x.org')).toHaveLength(
    1,
  );
  await old.store.close();
  await late.store.close();
});

test('a pass that is stopped anywhere is gone on with by the next coordinator, and the earlier one writes no more', async () => {
  const id = await filled();
  const after = rotate();
  const one = nodeWith(file);
  const two = nodeWith(file);
  let batches = 0;
  epoch += 1;
  const stopped = await one.store.rotation.runDue(epoch, () => {
    batches += 1;
    return batches < 3;
  });
  expect(stopped).toBeNull();
  const half = (await keysOf(id))[after]?.[0] ?? 0;
  expect(half).toBeLessThan(2 * rows);
  const earlier = epoch;
  epoch += 1;
  const turn = await two.store.rotation.runDue(epoch, () => true);
  expect(turn!.resealed).toBeGreaterThan(0);
  expect(await one.store.rotation.runDue(earlier, () => true)).toBeNull();
  expect((await keysOf(id))[after]![0]).toBe(2 * rows + 1);
  const noted = (await desk.noted()).find((key) => key.id === after)!;
  expect(noted.resealed).toBeGreaterThanOrEqual(rows + 1);
  await one.store.close();
  await two.store.close();
});

test('it has ended when a later pass finds nothing, and two that run at once do no harm', async () => {
  const id = await filled();
  const after = rotate();
  const nodes = [nodeWith(file), nodeWith(file)];
  epoch += 1;
  await Promise.all(nodes.map((node) => node.store.rotation.runDue(epoch, () => true)));
  expect((await keysOf(id))[after]![0]).toBe(2 * rows + 1);
  const ended = async () => (await desk.noted()).find((key) => key.id === after)!.endedAtMs;
  expect(await ended()).toBeNull();
  await raw.query(
    "UPDATE platform.vault_keys SET began_at = began_at - $2::int * interval '1 ms' WHERE id = $1",
    [after, limits.resealSettleMs],
  );
  epoch += 1;
  expect(await nodes[0]!.store.rotation.runDue(epoch, () => true)).toMatchObject({ resealed: 0, done: true });
  expect(await ended()).not.toBeNull();
  expect(await nodes[0]!.store.rotation.runDue(epoch, () => true)).toBeNull();
  await Promise.all(nodes.map((node) => node.store.close()));
});

test('on hosts with copies of the ring a key is prepared first, and no node meets one that it does not know', async () => {
  const id = await filled();
  const theirs = join(folder, 'copy.keys');
  const carry = () => {
    writeFileSync(`${theirs}.new`, readRingText(file), { mode: 0o600 });
    renameSync(`${theirs}.new`, theirs);
  };
  const next = newKey(clock.wallMs());
  replaceRing(file, withKey(readRingText(file), next, 'next'));
  carry();
  const [here, there] = [nodeWith(file), nodeWith(theirs)];
  const everybody = async (at: number, by: Store) => {
    const email = `host${at}@x.org`;
    await by.users.add(id, { role: 'viewer', name: 'Host', email }, 'tester', null);
    for (const one of [here, there]) expect(await one.store.users.find(id, email)).toMatchObject({ email });
    await expect(
      there.store.users.add(id, { role: 'viewer', name: 'Host', email }, 'tester', null),
    ).rejects.toMatchObject({ code: 'email_taken' });
  };
  await everybody(1, here.store);
  replaceRing(file, withActive(readRingText(file), next.id));
  here.keys.changed();
  await everybody(2, here.store);
  await everybody(3, there.store);
  epoch += 1;
  await here.store.rotation.runDue(epoch, () => true);
  // The other host coordinates, with a ring that does not seal with the key yet: nothing is taken back.
  epoch += 1;
  expect((await there.store.rotation.runDue(epoch, () => true))?.error).toContain(next.id);
  carry();
  there.keys.changed();
  await settled(there.store);
  await everybody(4, there.store);
  const counts = await keysOf(id);
  expect(Object.values(counts).reduce((all, [values]) => all + values!, 0)).toBe(counts[next.id]![0]);
  await Promise.all([here.store.close(), there.store.close()]);
});

test('a row that does not open is told, hides no other, and keeps its key from being retired', async () => {
  const id = await filled();
  const before = readKeyRing(file).current().id;
  // Two people change their addresses where nobody looks.
  await raw.query(`SET ROLE tenant_${id}; SET search_path = tenant_${id};
    UPDATE users u SET email_sealed = o.email_sealed FROM users o
    WHERE (u.display_name, o.display_name) IN (('User 1', 'User 2'), ('User 2', 'User 1'));
    RESET ROLE; RESET search_path`);
  rotate();
  const node = nodeWith(file);
  epoch += 1;
  const turn = await node.store.rotation.runDue(epoch, () => true);
  expect(turn).toMatchObject({
    unreadable: 2,
    error: expect.stringContaining('sealed_refused: users.email_sealed of usr_'),
  });
  expect((await keysOf(id))[before]![0]).toBe(4);
  await node.store.close();
});

test('of two hosts that each made a ring of their own one is the first, and the other seals nothing', async () => {
  const elsewhere = await scratchDatabase();
  const id = await newTenant({ ...elsewhere.store, expireSession: async () => {} });
  const hosts = Array.from({ length: 6 }, (_, at) => {
    const path = join(folder, `host${at}.keys`);
    openKeyRing(path, clock.wallMs());
    return nodeWith(path, elsewhere.server.url);
  });
  const answers = await Promise.allSettled(
    hosts.map(({ store: one }, at) =>
      one.users.add(id, { role: 'viewer', name: 'First', email: `first${at}@x.org` }, by, null),
    ),
  );
  const codes = answers.map((one) => (one.status === 'fulfilled' ? 'added' : one.reason.code)).sort();
  expect(codes).toEqual(['added', ...Array.from({ length: 5 }, () => 'ring_foreign')]);
  await Promise.all(hosts.map((host) => host.store.close()));
  await elsewhere.close();
});

test('what a tenant lacks of the newest schema hides nothing of what it has sealed', async () => {
  const id = await filled();
  const before = await keysOf(id);
  const change = (text: string) =>
    raw.query(
      `SET ROLE tenant_${id}; SET search_path = tenant_${id}; ${text}; RESET ROLE; RESET search_path`,
    );
  await change('ALTER TABLE integrations RENAME TO later');
  const { id: active } = readKeyRing(file).current();
  expect(before[active]).toEqual([2 * rows + 1, rows - 1]);
  expect((await keysOf(id))[active]).toEqual([2 * rows, rows - 1]);
  await change('ALTER TABLE later RENAME TO integrations');
});

test('a node with another ring seals nothing, and one whose ring is behind takes nothing back', async () => {
  const id = await fresh();
  const foreign = join(folder, 'foreign.keys');
  openKeyRing(foreign, clock.wallMs());
  const stranger = nodeWith(foreign);
  await expect(
    stranger.store.users.add(id, { role: 'viewer', name: 'Eve', email: 'eve@x.org' }, by, null),
  ).rejects.toMatchObject({ code: 'ring_foreign' });
  expect((await stranger.store.rotation.runDue(epoch + 1, () => true))?.error).toContain('copy the ring');
  await stranger.store.close();
  const behind = nodeWith(file);
  behind.keys.ring();
  const before = readKeyRing(file).current().id;
  const after = rotate();
  const ahead = nodeWith(file);
  await ahead.store.users.add(id, { role: 'viewer', name: 'Ann', email: 'ann@x.org' }, by, null);
  expect((await behind.store.rotation.runDue(epoch + 1, () => true))?.error).toContain(after);
  // It finds what the new key sealed all the same: a key that it does not know is looked for in the file.
  expect(await behind.store.users.find(id, 'ann@x.org')).toMatchObject({ email: 'ann@x.org' });
  replaceRing(file, withRetired(readRingText(file), before, true));
  ahead.keys.changed();
  expect(await ahead.store.users.find(id, 'ann@x.org')).toMatchObject({ email: 'ann@x.org' });
  replaceRing(file, withRetired(readRingText(file), before, false));
  await behind.store.close();
  await ahead.store.close();
});

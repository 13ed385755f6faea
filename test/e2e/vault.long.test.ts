/** Private columns from outside: people and secrets through the nodes, and keys that change while everybody works. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { watchFiles } from '../../bin/file-watch.ts';
import {
  liveRing,
  openStore,
  openVaultDesk,
  readKeyRing,
  ringStamp,
  runningEmbedded,
  type Store,
  type VaultDesk,
} from '../../store/index.ts';
import { clock, phaseOf } from '../contract/scratch-database.ts';
import { type Cluster, cluster, type MemberRow, pause, script, until } from './picket.ts';
import { kill } from './processes.ts';

interface UserRow {
  id: string;
  email: string | null;
  name: string;
  contact: Record<string, string> | null;
  unreadable: string | null;
}

interface StatusRow {
  keys: { id: string; state: string; values: number; archives: number }[];
  rotation: {
    key: string;
    ended_at: string | null;
    left: number;
    resealed: number;
    unreadable: number;
  } | null;
  archives: { archive: string; key: string | null }[];
}

const people = 2_500;
let one: Cluster;
let store: Store;
let desk: VaultDesk;
let unwatch = () => {};
let tenantId = '';

beforeAll(async () => {
  one = await cluster('core=2');
  await one.up();
  const url = runningEmbedded(one.data)!;
  const file = join(one.data, 'secrets', 'vault.keys');
  const keys = liveRing(
    () => readKeyRing(file),
    () => ringStamp(file),
  );
  unwatch = watchFiles(clock, () => [file], keys.changed);
  store = openStore({ url, phaseOf, clock, keys });
  desk = openVaultDesk(url, clock);
  tenantId = (await store.tenants.find('default'))!.id;
});
afterAll(async () => {
  unwatch();
  await desk?.close();
  await store?.close();
  await one?.close();
});

const status = () => one.ask<StatusRow>('vault', 'status');

test('people and secrets go in through a core, and of a secret nothing comes out', async () => {
  const ann = await one.ask<UserRow>(
    'user',
    'add',
    '--email',
    'Ann@Example.org',
    '--name',
    'Ann',
    '--contact',
    'phone=555',
  );
  expect(ann).toMatchObject({ email: 'Ann@Example.org', name: 'Ann', contact: { phone: '555' } });
  expect(await one.ask('user', 'list', '--email', 'ann@example.ORG')).toEqual([ann]);
  const again = await one.run('user', 'add', '--email', 'ann@example.org');
  expect([again.status, again.err]).toEqual([1, expect.stringContaining('email_taken')]);
  const bob = await one.ask<UserRow>('user', 'add', '--email', 'bob@example.org');
  await one.ask('user', 'change', bob.id, '--role', 'admin');
  await one.ask('user', 'archive', bob.id);
  const file = join(one.data, 'token');
  writeFileSync(file, 'token-4711\n');
  const flags = ['--kind', 'netbox', '--endpoint', 'https://cmdb.example/api', '--data', one.data];
  const added = await one.run(
    'integration',
    'add',
    '--name',
    'cmdb',
    ...flags.slice(0, 4),
    '--credentials-file',
    file,
  );
  const args = [
    script,
    'integration',
    'add',
    '--name',
    'piped',
    ...flags,
    '--credentials-file',
    '-',
    '--json',
  ];
  const piped = execFileSync(process.execPath, args, { input: 'token-4712', encoding: 'utf8' });
  const listed = await one.run('integration', 'list', '--json');
  expect(listed.out).toContain('"credentials":"set"');
  expect(added.out + piped + listed.out).not.toMatch(/471[12]/);
  expect(await store.integrations.credentials(tenantId, 'cmdb')).toBe('token-4711');
  expect(await store.integrations.credentials(tenantId, 'piped')).toBe('token-4712');
  await one.ask('integration', 'remove', 'piped');
  const history = await one.ask<{ event: string; why: string; who: string }[]>(
    'tenant',
    'history',
    'default',
  );
  const events = history.filter(({ event }) => /^(user|integration)_/.test(event)).map(({ event }) => event);
  expect(events).toEqual([
    'user_add',
    'user_add',
    'user_change',
    'user_archive',
    'integration_add',
    'integration_add',
    'integration_remove',
  ]);
  expect(history.at(-1)!.who).toContain('/operator/');
  for (const name of ['core_1', 'core_2'])
    expect(readFileSync(join(one.data, 'logs', `${name}.log`), 'utf8')).not.toMatch(/471[12]|nn@/);
});

test('keys change under readers and writers, through a kill in the middle, and the old key opens its archive still', async () => {
  for (let at = 0; at < people; at += 100) {
    const add = (more: number) =>
      store.users.add(tenantId, { role: 'viewer', name: 'One', email: `u${at + more}@x.org` }, 'test', null);
    await Promise.all(Array.from({ length: 100 }, (_, more) => add(more)));
  }
  const [archive] = await one.ask<{ archive: string }[]>('backup', 'create', '--tenant', 'default');
  const all = await store.users.list(tenantId, false);
  const failures: unknown[] = [];
  let done = false;
  let rounds = 0;
  const busy = async (from: number) => {
    for (let at = from; !done; at += 13) {
      const person = all[at % all.length]!;
      const found = await store.users.find(tenantId, person.email!);
      if (found?.id !== person.id || found.unreadable !== null) failures.push([person.email, found]);
      await store.users.change(tenantId, person.id, { contact: { phone: `${at}` } }, 'test');
      rounds += 1;
      // Beside the cores, not instead of them.
      await pause(5);
    }
  };
  const throughNodes = async () => {
    while (!done) {
      const [ann] = await one.ask<UserRow[]>('user', 'list', '--email', 'ann@example.org');
      if (ann?.email !== 'Ann@Example.org') failures.push(ann);
      await pause(500);
    }
  };
  const workers = [busy(0), busy(5), throughNodes()].map((work) =>
    work.catch((error) => failures.push(error)),
  );
  const { coordinator } = await one.ask<{ coordinator: string }>('status');
  const members = await one.ask<MemberRow[]>('members');
  const rotated = await one.ask<{ key: string; previous: string }>('vault', 'rotate');
  const counted = async (key: string) =>
    (await desk.census()).flatMap(({ counts }) => counts).find((row) => row.key === key)?.values ?? 0;
  await until('some are sealed anew', 20_000, async () => (await counted(rotated.key)) > 200);
  expect(await counted(rotated.previous)).toBeGreaterThan(0);
  kill(members.find(({ name }) => name === coordinator)!.pid, 'SIGKILL');
  await until('it has ended', 60_000, async () => {
    const row = (await desk.noted()).find(({ id }) => id === rotated.key);
    return row?.endedAtMs != null;
  });
  done = true;
  await Promise.all(workers);
  expect(failures).toEqual([]);
  expect(rounds).toBeGreaterThan(100);
  const view = await status();
  expect(view.rotation).toMatchObject({ key: rotated.key, left: 0, unreadable: 0 });
  expect(view.archives).toEqual([{ archive: archive!.archive, key: rotated.previous, error: null }]);
  const active = await one.run('vault', 'retire', rotated.key);
  expect([active.status, active.err]).toEqual([1, expect.stringContaining('key_in_use')]);
  expect((await one.run('vault', 'retire', rotated.previous)).err).toContain('--despite-archives');
  await one.ask('vault', 'retire', rotated.previous, '--despite-archives');
  const after = await status();
  expect(after.keys.map(({ id, state }) => [id, state])).toEqual([
    [rotated.previous, 'retired'],
    [rotated.key, 'active'],
  ]);
  expect(await one.ask('user', 'list', '--email', 'ann@example.org')).toMatchObject([
    { email: 'Ann@Example.org' },
  ]);
  await one.ask('backup', 'restore', archive!.archive, '--as', 'copy');
  const [copied] = await one.ask<UserRow[]>('user', 'list', '--tenant', 'copy', '--email', 'ann@example.org');
  expect(copied).toMatchObject({ email: 'Ann@Example.org', contact: { phone: '555' }, unreadable: null });
  expect(await one.ask('db', 'lint')).toEqual([]);
}, 240_000);

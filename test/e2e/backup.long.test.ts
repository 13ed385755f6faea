/** `picket backup` from outside: round trips on a server of its own, kills at every step, beside a running cluster. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore, runningEmbedded, type Store } from '../../store/index.ts';
import { clock, phaseOf, startIn } from '../contract/scratch-database.ts';
import { everything, holderOf, newCheck, result } from '../contract/store-setup.ts';
import { type CheckRow, cluster, picket, script, until } from './picket.ts';

interface ArchiveRow {
  archive: string;
  tenant: string;
  tenant_id: string;
  taken_at: string;
  bytes: number;
}

const results = 60_000;
const due = 1_790_000_000_000;
let data = '';
let store: Store;
let server: Awaited<ReturnType<typeof startIn>>;
let tenantId = '';

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'picket-backup-'));
  server = await startIn(data);
  store = openStore({ url: server.url, phaseOf, clock });
  await store.migrate();
  await store.tenants.create('beta', 'Beta');
  const made = await store.tenants.create('acme', 'Acme');
  if ('refused' in made) throw new Error(made.detail);
  tenantId = made.tenant.id;
  const [check] = await store.checks.add(tenantId, [newCheck('one')]);
  const { write } = await holderOf({ ...store, expireSession: async () => {} }, tenantId);
  const rows = Array.from({ length: results }, (_, at) => result(check!.id, due + at * 1_000));
  for (let at = 0; at < results; at += 10_000) await write({ results: rows.slice(at, at + 10_000) });
});
afterAll(async () => {
  await store?.close();
  await server?.stop();
  rmSync(data, { recursive: true, force: true });
});

/** A command on the database by its URL; `onNote` sees each line of stderr and may strike. */
async function backup(args: string[], onNote: (line: string, kill: () => void) => void = () => {}) {
  const env = { ...process.env, DATABASE_URL: server.url };
  const child = spawn(process.execPath, [script, 'backup', ...args, '--data', data], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  createInterface({ input: child.stderr }).on('line', (line) => {
    err += `${line}\n`;
    onNote(line, () => child.kill('SIGKILL'));
  });
  const [status] = await ended;
  return { status: status as number | null, out, err };
}

async function ask<T>(...args: string[]): Promise<T> {
  const { status, out, err } = await backup([...args, '--json']);
  if (status !== 0) throw new Error(`picket backup ${args.join(' ')} ended with ${status}: ${err}`);
  return JSON.parse(out) as T;
}

/** What is left of a killed command goes when the server notices, a second later. */
const allIsWell = () =>
  until('nothing half is left', 20_000, async () => {
    const lint = spawn(process.execPath, [script, 'db', 'lint'], {
      env: { ...process.env, DATABASE_URL: server.url },
      stdio: 'ignore',
    });
    const [status] = await once(lint, 'close');
    return status === 0;
  });

test('all tenants are copied, listed, tried, and restored under another slug', async () => {
  const made = await ask<ArchiveRow[]>('create', '--all');
  expect(made.map(({ tenant }) => tenant)).toEqual(['beta', 'acme']);
  expect(new Set((await ask<ArchiveRow[]>('list')).map(({ archive }) => archive))).toEqual(
    new Set(made.map(({ archive }) => archive)),
  );
  const [listed] = await ask<ArchiveRow[]>('list', '--tenant', 'acme');
  const name = listed!.archive;
  expect(await ask('verify', name)).toMatchObject({
    ok: true,
    tenant: 'acme',
    tenant_id: tenantId,
    schema_version: expect.any(Number),
  });
  const there = await backup(['restore', name]);
  expect([there.status, there.err]).toEqual([1, expect.stringContaining('tenant_exists')]);
  const copy = await ask<{ tenant_id: string }>('restore', name, '--as', 'acme-copy');
  expect(copy).toMatchObject({ tenant: 'acme-copy', status: 'active' });
  expect(copy.tenant_id).not.toBe(tenantId);
  expect(await store.results.results(copy.tenant_id, everything)).toHaveLength(results);
  await allIsWell();
});

test('a restore that is killed at any of its steps leaves nothing, and the next one does it all', async () => {
  const [listed] = await ask<ArchiveRow[]>('list', '--tenant', 'acme');
  const name = listed!.archive;
  const tables: string[] = [];
  await backup(['verify', name], (line) => tables.push(line));
  expect(tables.length).toBeGreaterThanOrEqual(7);
  const before = (await store.tenants.list()).length;
  // After the first table, before, within and after the large one, and at the very end.
  const large = tables.findIndex((line) => line.includes('results'));
  for (const at of new Set([0, large - 1, large, tables.length - 1])) {
    let told = 0;
    const killed = await backup(['restore', name, '--as', 'half'], (_, kill) => {
      told += 1;
      if (told === at + 1) kill();
    });
    // The last line may be followed by the end before the signal is.
    if (killed.status !== null) expect(at).toBe(tables.length - 1);
    else expect(await store.tenants.find('half')).toBeNull();
  }
  await allIsWell();
  if ((await store.tenants.find('half')) === null) await ask('restore', name, '--as', 'half');
  expect((await store.tenants.list()).length).toBe(before + 1);
});

test('a replacement that is killed leaves what the tenant had', async () => {
  const [listed] = await ask<ArchiveRow[]>('list', '--tenant', 'acme');
  await store.checks.add(tenantId, [newCheck('later')]);
  const killed = await backup(['restore', listed!.archive, '--replace', '--yes'], (line, kill) => {
    if (line.includes('results')) kill();
  });
  expect(killed.status).toBeNull();
  await allIsWell();
  await until('its checks can be read again', 20_000, async () => {
    const names = (await store.checks.list(tenantId, 0)).map((check) => check.name);
    return names.includes('one') && names.includes('later');
  });
  expect(await store.results.results(tenantId, everything)).toHaveLength(results);
  // The one that was killed holds the tenant until its session ends.
  await until('the tenant can be restored again', 60_000, async () => {
    const { status, err } = await backup(['restore', listed!.archive, '--replace', '--yes']);
    if (status !== 0 && !err.includes('restore_running')) throw new Error(err);
    return status === 0;
  });
  expect((await store.checks.list(tenantId, 0)).map((check) => check.name)).toEqual(['one']);
});

test('a copy that is killed leaves no archive, and a changed one is told with its place', async () => {
  const folder = join(data, 'elsewhere');
  const killed = await backup(['create', '--tenant', 'acme', '--to', folder], (_, kill) => kill());
  expect(killed.status).toBeNull();
  expect(await ask('list', '--to', folder)).toEqual([]);
  const [made] = await ask<ArchiveRow[]>('create', '--tenant', 'acme', '--to', folder);
  const file = join(folder, made!.archive);
  const bytes = readFileSync(file);
  bytes[made!.bytes >> 1]! ^= 4;
  writeFileSync(file, bytes);
  const damaged = await backup(['verify', made!.archive, '--to', folder]);
  expect(damaged.status).toBe(1);
  expect(damaged.err).toMatch(/archive_damaged: .* bytes \d+ to \d+ \(chunk \d+\)/);
  expect(await ask('prune', '--keep', '1', '--to', folder)).toEqual([]);
  const keys = join(data, 'secrets', 'vault.keys');
  renameSync(keys, `${keys}.away`);
  expect((await backup(['verify', made!.archive, '--to', folder])).err).toContain('bad_key_ring');
  renameSync(`${keys}.away`, keys);
  expect(readdirSync(folder).filter((name) => name.endsWith('.picket'))).toHaveLength(1);
  await allIsWell();
});

test('beside a running cluster a tenant is put back as it was, and goes on from there', async () => {
  const one = await cluster('core=1,web=1,poller=1,agent=1');
  try {
    await one.up();
    const list = () => one.ask<CheckRow[]>('check', 'list');
    const flags = ['--kind', 'tcp', '--target', '127.0.0.1', '--port', '1', '--interval', '1s'];
    await one.ask('check', 'add', '--name', 'kept', ...flags);
    const before = await list();
    const [made] = await one.ask<ArchiveRow[]>('backup', 'create', '--tenant', 'default');
    await one.ask('check', 'add', '--name', 'lost', ...flags);
    await one.ask('backup', 'restore', made!.archive, '--replace', '--yes');
    const restored = Date.now();
    await until('the core has the checks of the archive', 60_000, async () => {
      const now = await list();
      return now.length === before.length && now.every(({ id }, at) => id === before[at]!.id);
    });
    const kept = before.find(({ name }) => name === 'kept')!;
    await until('results come again', 60_000, async () => {
      const { results: rows } = await one.rowsSince(restored);
      return rows.some((row) => row.check_id === kept.id && row.status !== 'skipped');
    });
    // And the new one runs without anybody telling the core of it.
    await one.ask('backup', 'restore', made!.archive, '--as', 'copied');
    await until('the copy runs', 60_000, async () => {
      const rows = await one.ask<{ id: string }[]>('registry', '--kind', 'tenant');
      return rows.length === 2;
    });
    expect(await one.ask('db', 'lint')).toEqual([]);
  } finally {
    await one.close();
  }
});

test('every day the coordinator copies all tenants, with nobody asking', async () => {
  const one = await cluster('core=1,poller=1,agent=1');
  try {
    await one.up();
    // Every day at the minute that was: what was set yesterday is due.
    const folder = join(one.data, 'daily');
    const at = new Date(Date.now() - 60_000).toISOString().slice(11, 16);
    await one.ask('backup', 'schedule', '--at', at, '--to', folder, '--keep', '2');
    const raw = new pg.Client({ connectionString: runningEmbedded(one.data)! });
    await raw.connect();
    await raw.query("UPDATE platform.backup_schedule SET set_at = set_at - interval '23 hours'");
    await raw.end();
    const last = await until('the daily backup ran', 90_000, async () => {
      const shown = await one.ask<{ last: { ended_at: string | null } | null }>('backup', 'schedule');
      return shown.last?.ended_at == null ? null : shown.last;
    });
    expect(last).toMatchObject({ copied: 1, failed: 0, error: null });
    const daily = await one.ask<ArchiveRow[]>('backup', 'list', '--to', folder);
    expect(daily.map(({ tenant }) => tenant)).toEqual(['default']);
    expect(await one.ask('backup', 'schedule', '--off')).toBeNull();
  } finally {
    await one.close();
  }
}, 240_000);

test('what a command takes is said, and what it cannot do', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'picket-backup-'));
  expect((await picket('backup', 'create', '--data', empty)).status).toBe(2);
  expect((await picket('backup', 'prune', '--data', empty)).status).toBe(2);
  expect((await picket('backup', 'list', '--to', 'ftp://x', '--data', empty)).status).toBe(2);
  const none = await picket('backup', 'create', '--all', '--data', empty);
  expect([none.status, none.err]).toEqual([1, expect.stringContaining('no_database')]);
  expect((await picket('backup', 'list', '--to', 's3://bucket', '--data', empty)).err).toContain(
    'AWS_ACCESS_KEY_ID',
  );
  expect((await picket('backup', 'restore', '--help')).out).toMatch(/Examples?:/);
  rmSync(empty, { recursive: true, force: true });
});

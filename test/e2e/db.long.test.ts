/** `picket db` from outside: on a server of its own, beside a running cluster, killed in the middle and run again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore, type Store } from '../../store/index.ts';
import { clock, phaseOf, startIn } from '../contract/scratch-database.ts';
import { type Cluster, cluster, picket, script } from './picket.ts';

interface PartRow {
  tenant: string;
  version: number;
  latest: number;
  state: string;
}
interface Status {
  platform: PartRow;
  tenants: PartRow[];
}

const tenants = 40;
let data = '';
let store: Store;
let server: Awaited<ReturnType<typeof startIn>>;

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'picket-db-'));
  server = await startIn(data);
  store = openStore({ url: server.url, phaseOf, clock });
  await store.migrate();
  for (let at = 0; at < tenants; at += 1) await store.tenants.create(`tenant-${at}`, 'A tenant');
});
afterAll(async () => {
  await store.close();
  await server.stop();
  rmSync(data, { recursive: true, force: true });
});

/** A command on the database by its URL; `onNote` sees each line of stderr and may strike. */
async function db(args: string[], onNote: (line: string, kill: () => void) => void = () => {}) {
  const env = { ...process.env, DATABASE_URL: server.url };
  const child = spawn(process.execPath, [script, 'db', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  let out = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  createInterface({ input: child.stderr }).on('line', (line) => onNote(line, () => child.kill('SIGKILL')));
  const [status] = await ended;
  return { status: status as number | null, out };
}

const statusNow = async () => JSON.parse((await db(['status', '--json'])).out) as Status;
const countOf = ({ tenants: rows }: Status, wanted: string) =>
  rows.filter(({ state }) => state === wanted).length;

test('a migration that is killed leaves whole tenants behind, and the next run does the rest', async () => {
  expect((await db(['rollback', '--all-tenants', '--yes', '--json'])).status).toBe(0);
  expect(countOf(await statusNow(), 'previous')).toBe(tenants);
  let told = 0;
  const killed = await db(['migrate'], (line, kill) => {
    told += 1;
    if (/^[5-9] of 40/.test(line)) kill();
  });
  expect(killed.status).toBeNull();
  expect(told).toBeGreaterThan(0);
  const between = await statusNow();
  expect(countOf(between, 'current')).toBeGreaterThanOrEqual(5);
  expect(countOf(between, 'previous')).toBeGreaterThan(0);
  expect(countOf(between, 'current') + countOf(between, 'previous')).toBe(tenants);
  const lines: string[] = [];
  const again = await db(['migrate', '--json'], (line) => lines.push(line));
  expect(again.status).toBe(0);
  expect(countOf(JSON.parse(again.out) as Status, 'current')).toBe(tenants);
  expect(lines).toHaveLength(countOf(between, 'previous'));
  expect((await db(['lint', '--json'])).out.trim()).toBe('[]');
});

test('beside a running cluster a tenant is taken back and brought up again while its checks are listed', async () => {
  const one: Cluster = await cluster('core=1,web=1,poller=1,agent=1');
  try {
    await one.up();
    const list = () => one.ask<{ id: string }[]>('check', 'list');
    const before = await list();
    expect(before.length).toBeGreaterThan(0);
    expect(await one.ask('db', 'rollback', '--tenant', 'default', '--yes')).toMatchObject([
      { tenant: 'default' },
    ]);
    expect((await one.ask<Status>('db', 'status')).tenants).toMatchObject([
      { tenant: 'default', state: 'previous' },
    ]);
    expect((await list()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    const flags = ['--kind', 'tcp', '--target', '127.0.0.1', '--port', '1'];
    await one.ask('check', 'add', '--name', 'a version behind', ...flags);
    expect((await one.ask<Status>('db', 'migrate')).tenants).toMatchObject([{ state: 'current' }]);
    await one.ask('check', 'add', '--name', 'at the newest', ...flags);
    expect(await list()).toHaveLength(before.length + 2);
    expect(await one.ask('db', 'lint')).toEqual([]);
    await one.run('down');
    // Without a cluster the command starts the database for its own time.
    expect((await one.ask<Status>('db', 'status')).tenants).toMatchObject([{ state: 'current' }]);
    expect(one.databasePids()).toEqual([]);
  } finally {
    await one.close();
  }
});

test('where there is no database a command says so, and what a command takes', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'picket-db-'));
  const { status, err } = await picket('db', 'status', '--data', empty);
  expect([status, err]).toEqual([1, expect.stringContaining('no_database')]);
  expect((await picket('db', 'rollback', '--data', empty)).status).toBe(2);
  for (const name of ['status', 'migrate', 'rollback', 'lint'])
    expect((await picket('db', name, '--help')).out).toMatch(/Examples?:/);
  rmSync(empty, { recursive: true, force: true });
});

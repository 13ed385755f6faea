/** The launcher against real processes: killed, left behind, half made, held by another, of another version. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clock, scratchDir, startIn } from '../../test/contract/scratch-database.ts';
import { StoreError } from '../errors.ts';
import { serverProcesses } from './processes.ts';
import { stopOrphan, stopServer } from './stop-server.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = scratchDir();
});
afterEach(async () => {
  await stopServer(join(dataDir, 'postgres'), clock, { mode: 'immediate' });
  rmSync(dataDir, { recursive: true, force: true });
});

const quiet = { info: () => {}, warn: () => {} };

async function ask(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function refusalOf(start: Promise<unknown>): Promise<string> {
  const error = await start.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreError);
  return (error as StoreError).code;
}

/** The lock of a launcher that was killed: its pid is a process that has ended. */
async function loseLauncher(): Promise<void> {
  const gone = spawn('true');
  await new Promise((resolve) => gone.once('exit', resolve));
  writeFileSync(join(dataDir, 'postgres.lock'), `${gone.pid}\n12345\nx\n`);
}

test('a first start makes a database that only its passwords open, on a private socket', async () => {
  const server = await startIn(dataDir);
  const [row] = await ask(
    server.url,
    `SELECT current_user AS me, rolsuper, rolbypassrls, rolcreaterole, rolinherit, current_setting('listen_addresses') AS tcp,
       current_setting('fsync') AS fsync FROM pg_roles WHERE rolname = current_user`,
  );
  expect(row).toEqual({
    me: 'picket',
    rolsuper: false,
    rolbypassrls: false,
    rolcreaterole: true,
    rolinherit: false,
    tcp: '',
    fsync: 'on',
  });
  const wrong = server.url.replace(/:[^:@]+@/, ':wrong-password@');
  await expect(ask(wrong, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  await expect(ask(server.url.replace(/picket$/, 'postgres'), 'SELECT 1')).rejects.toMatchObject({
    code: '42501',
  });
  for (const name of ['postgres-superuser', 'postgres-login']) {
    expect(statSync(join(dataDir, 'secrets', name)).mode & 0o777).toBe(0o600);
  }
  const socket = decodeURIComponent(new URL(server.url).hostname);
  expect(statSync(socket).mode & 0o777).toBe(0o700);
  expect(readFileSync(join(dataDir, 'postgres.log'), 'utf8')).not.toContain(new URL(server.url).password);
  await server.stop();
  expect(existsSync(socket)).toBe(false);
  expect(serverProcesses(join(dataDir, 'postgres'))).toEqual([]);
});

test('rows committed before a kill -9 of the server are there after the next start', async () => {
  const first = await startIn(dataDir);
  await ask(first.url, 'CREATE SCHEMA s; CREATE TABLE s.kept AS SELECT generate_series(1, 500) AS n');
  process.kill(first.pid, 'SIGKILL');
  expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });
  const second = await startIn(dataDir);
  expect(await ask(second.url, 'SELECT count(*)::int AS n FROM s.kept')).toEqual([{ n: 500 }]);
  await second.stop();
});

test('a second launcher on the same data is refused and told who holds it', async () => {
  const server = await startIn(dataDir);
  await expect(startIn(dataDir)).rejects.toMatchObject({
    code: 'embedded_in_use',
    message: expect.stringContaining(String(process.pid)),
  });
  expect(await refusalOf(stopOrphan(dataDir, clock, quiet))).toBe('embedded_in_use');
  expect(await ask(server.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  await server.stop();
});

test('a server that outlived its launcher is stopped and a new one serves the same data', async () => {
  const orphan = await startIn(dataDir);
  await ask(orphan.url, 'CREATE SCHEMA s; CREATE TABLE s.kept (n int)');
  await loseLauncher();
  const server = await startIn(dataDir);
  expect(server.pid).not.toBe(orphan.pid);
  expect(await orphan.exited).toEqual({ code: 0, signal: null });
  expect(await ask(server.url, 'SELECT count(*)::int AS n FROM s.kept')).toEqual([{ n: 0 }]);
  await server.stop();
});

test('stopOrphan ends a server that outlived its launcher, and finds nothing the second time', async () => {
  const orphan = await startIn(dataDir);
  await loseLauncher();
  expect(await stopOrphan(dataDir, clock, quiet)).toBe(orphan.pid);
  expect(await stopOrphan(dataDir, clock, quiet)).toBeNull();
});

test('kill -9 of every process of the server, then a start, serves again', async () => {
  const first = await startIn(dataDir);
  for (const { pid } of serverProcesses(join(dataDir, 'postgres'))) process.kill(pid, 'SIGKILL');
  await first.exited;
  await loseLauncher();
  const second = await startIn(dataDir);
  expect(await ask(second.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  await second.stop();
});

test('a pid file that names a living process of someone else does not keep the server down', async () => {
  const first = await startIn(dataDir);
  process.kill(first.pid, 'SIGKILL');
  await first.exited;
  const pidFile = join(dataDir, 'postgres/postmaster.pid');
  writeFileSync(pidFile, readFileSync(pidFile, 'utf8').replace(/^\d+/, String(process.pid)));
  const second = await startIn(dataDir);
  expect(await ask(second.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  await second.stop();
});

test('an initdb that was killed half way leaves nothing that the next start trips over', async () => {
  const half = join(dataDir, 'postgres.init-0badf00d');
  mkdirSync(half, { recursive: true });
  writeFileSync(join(half, 'PG_VERSION'), '18\n');
  const server = await startIn(dataDir);
  expect(existsSync(half)).toBe(false);
  await server.stop();
});

test('an initdb that is killed while it works fails with a code and leaves only what the next start clears', async () => {
  const starting = startIn(dataDir);
  await expect.poll(() => killInitdb(), { interval: 2 }).toBe(true);
  expect(await refusalOf(starting)).toBe('embedded_start_failed');
  expect(existsSync(join(dataDir, 'postgres'))).toBe(false);
  const server = await startIn(dataDir);
  await server.stop();
});

test('data of another major version of PostgreSQL are left alone', async () => {
  await (await startIn(dataDir)).stop();
  writeFileSync(join(dataDir, 'postgres/PG_VERSION'), '19\n');
  expect(await refusalOf(startIn(dataDir))).toBe('embedded_data_version');
  writeFileSync(join(dataDir, 'postgres/PG_VERSION'), '17\n');
  expect(await refusalOf(startIn(dataDir))).toBe('embedded_data_version');
});

test('data without their passwords are refused instead of being given new ones', async () => {
  await (await startIn(dataDir)).stop();
  rmSync(join(dataDir, 'secrets/postgres-login'));
  expect(await refusalOf(startIn(dataDir))).toBe('embedded_secrets_missing');
});

test('a socket folder that is open to others is refused', async () => {
  const server = await startIn(dataDir);
  const socket = decodeURIComponent(new URL(server.url).hostname);
  await server.stop();
  mkdirSync(socket, { mode: 0o755 });
  try {
    expect(await refusalOf(startIn(dataDir))).toBe('embedded_unsafe_path');
  } finally {
    rmSync(socket, { recursive: true });
  }
});

/** Children of this process that run initdb. */
function initdbChildren(): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return stat.includes('(initdb)') && parent === process.pid ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
}

function killInitdb(): boolean {
  const [pid] = initdbChildren();
  if (pid === undefined) return false;
  process.kill(pid, 'SIGKILL');
  return true;
}

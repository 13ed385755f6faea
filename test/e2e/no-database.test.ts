import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, cluster, type UpAnswer, until } from './picket.ts';

let picket: Cluster;
let up: UpAnswer;

beforeAll(async () => {
  picket = await cluster();
  up = await picket.up();
});
afterAll(() => picket.close());

const pidOf = (node: string) => up.nodes.find(({ name }) => name === node)!.pid;
const read = (pid: number, file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8');

/** What the process has open: paths, or `socket:[inode]`. */
function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${descriptor}`)];
    } catch {
      return [];
    }
  });
}

/** Inodes of every Unix socket of the machine. */
function unixSockets(): Set<string> {
  const lines = readFileSync('/proc/net/unix', 'utf8').trim().split('\n').slice(1);
  return new Set(lines.map((line) => `socket:[${line.trim().split(/\s+/)[6]}]`));
}

/**
 * Unix sockets of the process besides its standard streams and the channel to its launcher: the embedded database
 * listens on nothing else, and the client's end of a connection has no name by which to know it.
 */
function unixConnections(pid: number): string[] {
  const all = unixSockets();
  const channel = /(?:^|\0)NODE_CHANNEL_FD=(\d+)/.exec(read(pid, 'environ'))![1];
  const own = ['0', '1', '2', channel].map((descriptor) => readlinkSync(`/proc/${pid}/fd/${descriptor}`));
  return openFiles(pid).filter((link) => all.has(link) && !own.includes(link));
}

function passwords(): string[] {
  const folder = join(picket.data, 'secrets');
  return readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8').trim());
}

describe.each(['poller_1', 'poller_2', 'agent_1'])('%s', (node) => {
  test('is told nothing of the database, in its environment or its arguments', () => {
    const told = `${read(pidOf(node), 'environ')}\0${read(pidOf(node), 'cmdline')}`;
    expect(told).not.toMatch(/DATABASE_URL|postgres(ql)?:|(^|\0)PG[A-Z]+=/);
    for (const password of passwords()) expect(told).not.toContain(password);
  });

  test('has no file of the database open, and no connection to it', async () => {
    const pid = pidOf(node);
    const files = openFiles(pid);
    expect(files.length).toBeGreaterThan(3);
    expect(files.filter((path) => /postgres|secrets|PGSQL/.test(path))).toEqual([]);
    // An agent has such sockets to its fping while that runs; a pool's to a database stay open for a minute.
    await until('a moment without a connection', 15_000, () => unixConnections(pid).length === 0);
  });
});

describe('core_1', () => {
  test('has both, which shows that the looks above would see them', () => {
    const pid = pidOf('core_1');
    expect(read(pid, 'environ')).toContain('DATABASE_URL=');
    expect(passwords().some((password) => read(pid, 'environ').includes(password))).toBe(true);
    expect(unixConnections(pid).length).toBeGreaterThan(0);
  });

  test('does not show the password to other users of the machine', () => {
    for (const { pid } of up.nodes) {
      for (const password of passwords()) expect(read(pid, 'cmdline')).not.toContain(password);
    }
  });
});

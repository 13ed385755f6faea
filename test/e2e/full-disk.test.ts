/** The disk of a data folder fills up under a whole cluster, and has room again later: nothing ends, and nothing needs a hand. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, cluster, type MemberRow, type UpAnswer, until } from './picket.ts';
import { kill } from './processes.ts';

const withinMs = 60_000;
const storyMs = 240_000;
const diskMib = 300;
const pieceBytes = 4_096;

/** Why it cannot be here; null when it can. */
function mountMissing(): string | null {
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return `no right to mount: ${(error as Error).message.split('\n')[0]}`;
  }
}

const missing = mountMissing();
let picket: Cluster;
let up: UpAnswer;

describe.skipIf(missing !== null)(`a full disk${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  beforeAll(async () => {
    picket = await cluster('core=1,web=1,poller=1,agent=1');
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMib}m`, 'tmpfs', picket.data]);
    up = await picket.up();
  });
  afterAll(async () => {
    if (picket === undefined) return;
    await picket.run('down');
    execFileSync('umount', [picket.data]);
    await picket.close();
  });

  const members = () => picket.ask<MemberRow[]>('members');
  const fill = 'fill';
  /** To the last byte: what is left of the last block of a log is written to as well. */
  function fillUp(): void {
    const path = join(picket.data, fill);
    writeFileSync(path, '');
    const piece = Buffer.alloc(pieceBytes * 64);
    for (let size = piece.length; size >= 1; size = Math.floor(size / 2)) {
      try {
        for (;;) appendFileSync(path, piece.subarray(0, size));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  }
  /** Has the node log more than is left of any block. */
  async function disturb(address: string): Promise<void> {
    const port = Number(address.split(':')[1]);
    for (let n = 0; n < 60; n++) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.end('no TLS at all\n'));
        socket.on('error', () => {}).on('close', () => resolve());
      });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  test('ends no process that runs, keeps none from starting, and is said; with room again all goes on by itself', {
    timeout: storyMs,
  }, async () => {
    const pidOf = (name: string) => up.nodes.find((node) => node.name === name)!.pid;
    const before = await members();
    fillUp();
    kill(pidOf('agent_1'), 'SIGKILL');
    await disturb(up.nodes.find(({ name }) => name === 'poller_1')!.address);
    // The agent is back although nothing can be written down of it, and the others are who they were.
    const after = await until('all to be up', withinMs, async () => {
      const seen = await members();
      return seen.every(({ status }) => status === 'up') ? seen : null;
    });
    for (const { name, pid } of before) {
      const now = after.find((one) => one.name === name)!.pid;
      if (name === 'agent_1') expect(now).not.toBe(pid);
      else expect(now).toBe(pid);
    }
    const status = await until('it to be said', withinMs, async () => {
      const { out } = await picket.run('status');
      return /cannot reach the store/.test(out) ? out : null;
    });
    expect(status).toMatch(/^status\s+degraded/);
    const { status: refused, err } = await picket.run('record', 'all', join(picket.data, 'x.jsonl'));
    expect([refused, err]).toEqual([1, expect.stringContaining('disk_full')]);

    rmSync(join(picket.data, fill));
    const sinceMs = Date.now();
    await until('all to be well', withinMs, async () => {
      const { out } = await picket.run('status');
      return /^status\s+ok/.test(out);
    });
    await until('results of now', withinMs, async () => (await picket.rowsSince(sinceMs)).results.length > 0);
    expect((await members()).map(({ pid }) => pid).sort()).toEqual(after.map(({ pid }) => pid).sort());
    const log = readFileSync(join(picket.data, 'logs/launcher.log'), 'utf8');
    expect(log).toContain('poller_1.log cannot be written (ENOSPC)');
    // What the commands go by tells of the agent that runs now.
    await until('what runs to be written down', withinMs, () => {
      const { nodes } = JSON.parse(readFileSync(join(picket.data, 'running.json'), 'utf8')) as UpAnswer;
      return nodes.some(({ pid }) => pid === after.find(({ name }) => name === 'agent_1')!.pid);
    });
  });
});

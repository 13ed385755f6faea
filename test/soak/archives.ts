/**
 * A tenant of a million results and ten thousand devices into an archive and out of it again under another slug, by the
 * command as an operator gives it: every row compared, a changed byte found, a restore killed on its way. Times, the size
 * and the memory of each command are said; what is not as promised is answered.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../runtime/index.ts';
import { startEmbedded } from '../../store/index.ts';
import { differences, fillTenant } from './archived-tenant.ts';
import { archivedDevices, archivedResults, changedAt, killedAt, leftoverMsMax } from './bounds.ts';

const command = fileURLToPath(new URL('../../../dist/bin/picket.js', import.meta.url));
const slug = 'acme';

interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
  readonly tookMs: number;
  readonly mostMiB: number;
}

export async function soakArchives(say: (text: string) => void): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), 'picket-archives-'));
  const server = await startEmbedded({
    dataDir: folder,
    logFile: join(folder, 'postgres.log'),
    clock: systemClock(),
  });
  try {
    return await judge(new Desk(folder, server.url, say), server.url, say);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function judge(desk: Desk, url: string, say: (text: string) => void): Promise<string | null> {
  const original = await fillTenant(url, slug);
  say(`archives: a tenant of ${archivedResults} results and ${archivedDevices} devices`);
  const [made] = await desk.ask<{ archive: string }[]>('create', 'create', '--tenant', slug);
  const name = made!.archive;
  const file = join(desk.folder, 'backups', name);
  say(`archives: the archive has ${(statSync(file).size / 2 ** 20).toFixed(1)} MiB`);
  await desk.ask('verify', 'verify', name);
  const faults: string[] = [];

  const { tookMs } = await desk.told('restore', 'restore', name, '--as', 'whole', '--json');
  const wrong = await differences(url, original, 'whole');
  say(`archives: compared row by row: ${JSON.stringify(wrong.compared)}`);
  faults.push(...wrong.faults);

  for (const share of changedAt) {
    const { status, err } = await desk.verifyChanged(file, share);
    if (status !== 1 || !/archive_\w+/.test(err))
      faults.push(`a changed byte at ${share} was not found: ${err}`);
    say(`archives: a byte changed at ${share}: ${err.trim().split('\n').at(-1)!.slice(0, 160)}`);
  }
  for (const share of killedAt) {
    const killed = await desk.run(['restore', name, '--as', 'half'], tookMs * share);
    if (killed.status !== null) faults.push(`a restore ended before it was killed at ${share}`);
    const left = await desk.leftovers('half');
    if (left !== null) faults.push(`killed at ${share}: ${left}`);
    say(`archives: a restore killed at ${share} of its time leaves ${left ?? 'nothing'}`);
  }
  return faults.length === 0 ? null : faults.slice(0, 5).join('; ');
}

/** Runs the command on this database. */
class Desk {
  readonly folder: string;
  private readonly env: NodeJS.ProcessEnv;
  private readonly say: (text: string) => void;

  constructor(folder: string, url: string, say: (text: string) => void) {
    this.folder = folder;
    this.env = { ...process.env, DATABASE_URL: url, PICKET_DATA: folder };
    this.say = say;
  }

  async run(args: readonly string[], killAfterMs: number | null = null, room = 'backup'): Promise<Ran> {
    const startMs = performance.now();
    const child = spawn(process.execPath, [command, room, ...args], { env: this.env });
    let [out, err, mostMiB] = ['', '', 0];
    child.stdout.on('data', (text) => {
      out += text;
    });
    child.stderr.on('data', (text) => {
      err += text;
    });
    const look = setInterval(() => {
      mostMiB = Math.max(mostMiB, memoryMiB(child.pid!));
    }, 200);
    const kill = killAfterMs === null ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    const [status] = (await once(child, 'close')) as [number | null];
    clearInterval(look);
    clearTimeout(kill);
    return { status, out, err, tookMs: performance.now() - startMs, mostMiB };
  }

  /** Says what it took; throws when it fails. */
  async told(what: string, ...args: string[]): Promise<Ran> {
    const ran = await this.run(args);
    if (ran.status !== 0)
      throw new Error(`picket backup ${args.join(' ')} ended with ${ran.status}: ${ran.err}`);
    this.say(`archives: ${what} took ${(ran.tookMs / 1_000).toFixed(1)} s and ${ran.mostMiB.toFixed(0)} MiB`);
    return ran;
  }

  async ask<T>(what: string, ...args: string[]): Promise<T> {
    return JSON.parse((await this.told(what, ...args, '--json')).out) as T;
  }

  async verifyChanged(file: string, share: number): Promise<Ran> {
    const whole = readFileSync(file);
    const changed = Buffer.from(whole);
    changed[Math.floor(changed.length * share)]! ^= 0x10;
    writeFileSync(file, changed);
    try {
      return await this.run(['verify', file.slice(file.lastIndexOf('/') + 1)]);
    } finally {
      writeFileSync(file, whole);
    }
  }

  /** Null when neither the tenant nor anything that lint finds is there. */
  async leftovers(tenant: string): Promise<string | null> {
    const untilMs = performance.now() + leftoverMsMax;
    for (;;) {
      const lint = await this.run(['lint'], null, 'db');
      if (lint.status === 0) break;
      if (performance.now() > untilMs) return lint.out;
    }
    const { out } = await this.run(['status', '--json'], null, 'db');
    return out.includes(`"${tenant}"`) ? `a tenant ${tenant}` : null;
  }
}

function memoryMiB(pid: number): number {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) / 1_024;
  } catch {
    return 0;
  }
}

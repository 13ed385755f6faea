/**
 * One command at a time changes an authority: a list of revocations is read, extended and written, and two at once would
 * lose one. A lock whose holder is gone is taken over.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../runtime/index.ts';
import { CommandFailure } from './failure.ts';
import { authorityLockMs, authorityLockRetryMs } from './limits.ts';
import { isSameProcess, startedAt } from './process-table.ts';

/** Runs `work` alone. Rejects with `authority_busy` when another command does not end. */
export function withAuthorityLock<T>(folder: string, clock: Clock, work: () => Promise<T>): Promise<T> {
  return withFolderLock(folder, clock, 'authority_busy', work);
}

/** The same for whatever else lies in a folder and is changed by one command at a time. */
export async function withFolderLock<T>(
  folder: string,
  clock: Clock,
  busy: 'authority_busy' | 'ring_busy',
  work: () => Promise<T>,
): Promise<T> {
  const file = join(folder, 'changing.lock');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const untilMs = clock.monotonicMs() + authorityLockMs;
  while (!take(file)) {
    if (clock.monotonicMs() > untilMs) {
      throw new CommandFailure(busy, `another command is changing ${folder}: try again`);
    }
    await new Promise<void>((resolve) => void clock.timer(authorityLockRetryMs, resolve));
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  const own = JSON.stringify({ pid: process.pid, started: startedAt(process.pid) });
  try {
    writeFileSync(file, own, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  try {
    const { pid, started } = JSON.parse(readFileSync(file, 'utf8')) as {
      pid: number;
      started: string | null;
    };
    if (!isSameProcess(pid, started)) rmSync(file, { force: true });
  } catch {
    // Written at this moment, or gone: the next try tells.
  }
  return false;
}

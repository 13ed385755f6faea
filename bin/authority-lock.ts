/**
 * One command at a time changes an authority: a list of revocations is read, extended and written, and two at once would
 * lose one. A lock whose holder is gone is taken over.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
  const mark = randomBytes(8).toString('hex');
  const own = JSON.stringify({ pid: process.pid, started: startedAt(process.pid), mark });
  while (!take(file, own)) {
    if (clock.monotonicMs() > untilMs) {
      throw new CommandFailure(busy, `another command is changing ${folder}: try again`);
    }
    await new Promise<void>((resolve) => void clock.timer(authorityLockRetryMs, resolve));
  }
  try {
    return await work();
  } finally {
    removeIf(file, own);
  }
}

/** The file is whole before it has its name: a lock that was cut, by a kill or a full disk, would be nobody's for ever. */
function take(file: string, own: string): boolean {
  const partial = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(partial, own, { flag: 'wx', mode: 0o600 });
    if (linked(partial, file)) return true;
  } finally {
    rmSync(partial, { force: true });
  }
  const held = read(file);
  if (held !== null && !isHeld(held)) removeIf(file, held);
  return false;
}

function isHeld(text: string): boolean {
  try {
    const { pid, started } = JSON.parse(text) as { pid: number; started: string | null };
    return isSameProcess(pid, started);
  } catch {
    return false;
  }
}

/** Moved aside before it is judged: a lock that was taken since it was read is found out and put back. */
function removeIf(file: string, text: string): void {
  if (read(file) !== text) return;
  const aside = `${file}.${randomBytes(6).toString('hex')}.gone`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (read(aside) !== text) linked(aside, file);
  rmSync(aside, { force: true });
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * One launcher per data directory: a lock file with the holder's pid and start time, made whole by `link` (so nobody
 * reads half of it) and taken over when its holder is gone.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { StoreError } from '../errors.ts';
import { limits } from '../limits.ts';
import { startTimeOf } from './processes.ts';

export interface LockFile {
  release(): void;
}

/** The pid of the living process that holds the lock, or null. */
export function lockHolder(path: string): number | null {
  return holderIn(read(path));
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function holderIn(content: string | null): number | null {
  const [pid, startTime] = (content ?? '').split('\n');
  return startTime && startTimeOf(Number(pid)) === startTime ? Number(pid) : null;
}

/** Throws `embedded_in_use`, naming the pid, when a living process holds it. */
export function takeLock(path: string, pid = process.pid): LockFile {
  const content = `${pid}\n${startTimeOf(pid) ?? ''}\n${randomBytes(8).toString('hex')}\n`;
  const own = `${path}.${pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(own, content, { mode: 0o600, flag: 'wx' });
  try {
    for (let attempt = 0; attempt < limits.lockAttemptsMax; attempt += 1) {
      if (linked(own, path)) return { release: () => removeIf(path, content) };
      const present = read(path);
      const holder = holderIn(present);
      if (holder !== null) throw inUse(path, holder);
      if (present !== null) removeIf(path, present);
    }
    throw inUse(path, null);
  } finally {
    rmSync(own, { force: true });
  }
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

/** Moves the file aside before judging it, so that a lock taken since it was read is found out and put back. */
function removeIf(path: string, content: string): void {
  if (read(path) !== content) return;
  const aside = `${path}.gone.${randomBytes(4).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (read(aside) !== content) linked(aside, path);
  unlinkSync(aside);
}

function inUse(path: string, pid: number | null): StoreError {
  const who = pid === null ? 'several processes at once' : `process ${pid}`;
  return new StoreError(
    'embedded_in_use',
    `the database beside ${path} is held by ${who}: stop it first, or use another --data`,
  );
}

/**
 * The key ring on the disk: read, made on first use, and replaced whole. Between `key-ring.ts`, which knows what it says,
 * and the file system. Of two that change it at once the later one wins: whoever changes it holds a lock over it.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchownSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { StoreError } from '../errors.ts';
import { limits } from '../limits.ts';
import { badRing, firstRing, type KeyRing, type NewKey, parseKeyRing } from './key-ring.ts';

/** Reads a ring. One that is open to others is refused, as a private key would be. Throws `bad_key_ring`. */
export function readKeyRing(file: string): KeyRing {
  return parseKeyRing(readRingText(file), file);
}

export function readRingText(file: string): string {
  try {
    const { mode, size } = statSync(file);
    if ((mode & 0o077) !== 0) throw badRing(file, 'others than its owner may read it: chmod 600');
    if (size > limits.keyRingBytesMax)
      throw badRing(file, `it has more than ${limits.keyRingBytesMax} bytes`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw badRing(file, `it cannot be read: ${(error as Error).message}`);
  }
}

/** Differs when the file does. */
export function ringStamp(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.mtimeMs} ${found.size} ${found.ino} ${found.mode}`;
}

/** The ring, made with one fresh key when there is none. Two that make it at once get the same one. */
export function openKeyRing(file: string, nowMs: number): KeyRing {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) {
    put(file, firstRing(newKey(nowMs)), (partial) => {
      try {
        linkSync(partial, file);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    });
  }
  return readKeyRing(file);
}

/** A key that nobody has: 256 random bits under an id of 32. */
export function newKey(nowMs: number): NewKey {
  return { id: `k${randomBytes(4).toString('hex')}`, bytes: randomBytes(32), madeAtMs: nowMs };
}

/** In place of what the file says; its owner stays. Whoever reads it finds the old text or the new one. */
export function replaceRing(file: string, text: string): void {
  parseKeyRing(text, file);
  if (Buffer.byteLength(text) > limits.keyRingBytesMax)
    throw badRing(
      file,
      `it would have more than ${limits.keyRingBytesMax} bytes: remove keys that nothing needs`,
    );
  const real = realpathSync(file);
  put(real, text, (partial) => renameSync(partial, real), statSync(real));
}

function put(
  file: string,
  text: string,
  name: (partial: string) => void,
  owner: { uid: number; gid: number } | null = null,
): void {
  const partial = `${file}.${randomBytes(4).toString('hex')}.partial`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const handle = openSync(partial, 'wx', 0o600);
    try {
      // A ring that root changed for a service must stay the service's.
      if (owner !== null && process.getuid?.() === 0) fchownSync(handle, owner.uid, owner.gid);
      // All of it or a failure: a full disk takes a part of a write, and says so at the next one alone.
      writeFileSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    name(partial);
    const folder = openSync(dirname(file), 'r');
    fsyncSync(folder);
    closeSync(folder);
  } catch (error) {
    throw badRing(file, `it cannot be written: ${(error as Error).message}`);
  } finally {
    rmSync(partial, { force: true });
  }
}

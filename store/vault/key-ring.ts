/**
 * The keys that data at rest are sealed with: a file of 32-byte keys with ids, of which the last seals what is new and all
 * open what is there. Between those who seal (backups) and the file; it knows no cipher.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { StoreError } from '../errors.ts';
import { limits } from '../limits.ts';

export interface VaultKey {
  readonly id: string;
  /** 32 of them. */
  readonly bytes: Buffer;
}

export interface KeyRing {
  /** Seals what is new. */
  current(): VaultKey;
  /** Throws a StoreError `no_such_key` that names the ring's file. */
  byId(id: string): VaultKey;
}

const line = /^([a-z0-9][a-z0-9_-]{0,31}):([A-Za-z0-9+/]{43}=)$/;

/** Lines of `id:base64`; empty ones and those that begin with `#` are passed over. Throws `bad_key_ring`. */
export function parseKeyRing(text: string, file: string): KeyRing {
  const keys = new Map<string, VaultKey>();
  let current: VaultKey | null = null;
  for (const [at, raw] of text.split('\n').entries()) {
    const trimmed = raw.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const match = line.exec(trimmed);
    if (match === null) throw bad(file, `line ${at + 1} is no "id:key", with a key of 32 bytes in base64`);
    const key = { id: match[1]!, bytes: Buffer.from(match[2]!, 'base64') };
    if (keys.has(key.id)) throw bad(file, `line ${at + 1} has the id "${key.id}" again`);
    keys.set(key.id, key);
    current = key;
  }
  if (current === null) throw bad(file, 'there is no key in it');
  const newest = current;
  return {
    current: () => newest,
    byId(id) {
      const key = keys.get(id);
      if (key !== undefined) return key;
      throw new StoreError(
        'no_such_key',
        `it is sealed with the key "${id}", which ${file} does not have: name the right file with --keys or PICKET_VAULT_KEYS`,
      );
    },
  };
}

/** Reads a ring. One that is open to others is refused, as a private key would be. */
export function readKeyRing(file: string): KeyRing {
  let text: string;
  try {
    const { mode, size } = statSync(file);
    if ((mode & 0o077) !== 0) throw bad(file, 'others than its owner may read it: chmod 600');
    if (size > limits.keyRingBytesMax) throw bad(file, `it has more than ${limits.keyRingBytesMax} bytes`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw bad(file, `it cannot be read: ${(error as Error).message}`);
  }
  return parseKeyRing(text, file);
}

/** The ring, made with one fresh key when there is none. Two that make it at once get the same one. */
export function openKeyRing(file: string): KeyRing {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) makeKeyRing(file);
  return readKeyRing(file);
}

function makeKeyRing(file: string): void {
  const key = randomBytes(32);
  const partial = `${file}.${randomBytes(4).toString('hex')}.partial`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const handle = openSync(partial, 'wx', 0o600);
    writeSync(handle, `${explanation}k${randomBytes(4).toString('hex')}:${key.toString('base64')}\n`);
    fsyncSync(handle);
    closeSync(handle);
    linkSync(partial, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw bad(file, `it cannot be made: ${(error as Error).message}`);
  } finally {
    rmSync(partial, { force: true });
  }
}

const explanation = `# Keys of picket, "id:key" a line: the last one seals what is new, all open what is there.
# Whoever has lost this file has lost the backups: keep a copy of it elsewhere.
`;

function bad(file: string, why: string): StoreError {
  return new StoreError('bad_key_ring', `the key ring ${file} cannot be used: ${why}`);
}

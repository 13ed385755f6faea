/**
 * The keys that data at rest are sealed with, as a text: 32-byte keys with ids and states, one a line. Between those who
 * seal (archives, fields) and the file (`ring-file.ts`); it knows no cipher and touches no disk.
 */
import { StoreError } from '../errors.ts';

/**
 * `active` seals what is new, one key at a time. `old` and `next` open what they sealed. `retired` opens archives, and no
 * field any more.
 */
export type KeyState = 'next' | 'active' | 'old' | 'retired';

export interface VaultKey {
  readonly id: string;
  /** 32 of them. */
  readonly bytes: Buffer;
  readonly state: KeyState;
  /** Null: the line does not say. */
  readonly madeAtMs: number | null;
}

export interface KeyRing {
  /** Where it was read, for sentences. */
  readonly file: string;
  /** In the order of the lines. */
  readonly keys: readonly VaultKey[];
  /** Seals what is new. */
  current(): VaultKey;
  /** Throws a StoreError `no_such_key` that names the ring's file. */
  byId(id: string): VaultKey;
}

const line = /^([a-z0-9][a-z0-9_-]{0,31}):([A-Za-z0-9+/]{43}=)(?: made (\S{20,30}))?(?: (next|retired))?$/;

interface Line {
  id: string;
  bytes: Buffer;
  madeAtMs: number | null;
  mark: 'next' | 'retired' | null;
}

/** Null: an empty line or a comment. Throws `bad_key_ring`. */
function parseLine(raw: string, at: number, file: string): Line | null {
  const trimmed = raw.trim();
  if (trimmed === '' || trimmed.startsWith('#')) return null;
  const match = line.exec(trimmed);
  const madeAtMs = match?.[3] === undefined ? null : Date.parse(match[3]);
  if (match === null || Number.isNaN(madeAtMs))
    throw badRing(file, `line ${at + 1} is no "id:key", with a key of 32 bytes in base64`);
  const mark = (match[4] ?? null) as Line['mark'];
  return { id: match[1]!, bytes: Buffer.from(match[2]!, 'base64'), madeAtMs, mark };
}

/**
 * Lines of `id:base64`, each maybe with ` made INSTANT` and then ` next` or ` retired`. Of those without a mark the last
 * one is active. Empty lines and those that begin with `#` are passed over. Throws `bad_key_ring`.
 */
export function parseKeyRing(text: string, file: string): KeyRing {
  const lines = new Map<string, Line>();
  let activeId: string | null = null;
  for (const [at, raw] of text.split('\n').entries()) {
    const found = parseLine(raw, at, file);
    if (found === null) continue;
    if (lines.has(found.id)) throw badRing(file, `line ${at + 1} has the id "${found.id}" again`);
    lines.set(found.id, found);
    if (found.mark === null) activeId = found.id;
  }
  if (lines.size === 0) throw badRing(file, 'there is no key in it');
  if (activeId === null) throw badRing(file, 'no key in it seals: each is marked "next" or "retired"');
  const keys = new Map(
    [...lines].map(([id, { bytes, madeAtMs, mark }]): [string, VaultKey] => [
      id,
      { id, bytes, madeAtMs, state: mark ?? (id === activeId ? 'active' : 'old') },
    ]),
  );
  const active = keys.get(activeId)!;
  return {
    file,
    keys: [...keys.values()],
    current: () => active,
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

export interface NewKey {
  id: string;
  bytes: Buffer;
  madeAtMs: number;
}

function lineOf({ id, bytes, madeAtMs }: NewKey, mark: 'next' | null): string {
  const made = new Date(madeAtMs).toISOString();
  return `${id}:${bytes.toString('base64')} made ${made}${mark === null ? '' : ` ${mark}`}\n`;
}

/** What a ring with its first key says. */
export function firstRing(key: NewKey): string {
  return explanation + lineOf(key, null);
}

/** With one more key. Whatever else is in the text stays. `next`: known from here on, and not sealing yet. */
export function withKey(text: string, key: NewKey, mark: 'next' | null): string {
  return (text === '' || text.endsWith('\n') ? text : `${text}\n`) + lineOf(key, mark);
}

/** A key that was `next` goes to the end, where the active one stands. */
export function withActive(text: string, id: string): string {
  const lines = text.split('\n').filter((one) => one.trim() !== '');
  const at = lines.findIndex((one) => one.trim().startsWith(`${id}:`));
  const [moved] = lines.splice(at, 1);
  return `${[...lines, moved!.trim().replace(/ next$/, '')].join('\n')}\n`;
}

/** With the mark ` retired` on a key, or without it. */
export function withRetired(text: string, id: string, retired: boolean): string {
  const marked = (one: string) => one.trim().replace(/ retired$/, '') + (retired ? ' retired' : '');
  return text
    .split('\n')
    .map((one) => (one.trim().startsWith(`${id}:`) ? marked(one) : one))
    .join('\n');
}

const explanation = `# Keys of picket, "id:key" a line: the last one without a mark seals what is new.
# Whoever has lost this file has lost the backups and what is sealed in the database: keep a copy of it elsewhere.
`;

export function badRing(file: string, why: string): StoreError {
  return new StoreError('bad_key_ring', `the key ring ${file} cannot be used: ${why}`);
}

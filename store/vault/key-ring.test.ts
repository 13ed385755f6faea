import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseKeyRing, withActive, withKey, withRetired } from './key-ring.ts';
import { newKey, openKeyRing, readKeyRing, replaceRing } from './ring-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'picket-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const now = Date.parse('2026-11-21T17:00:00.000Z');
const key = (byte: number) => Buffer.alloc(32, byte).toString('base64');

test('a ring is made on first use, for its owner alone, and is the same one afterwards', () => {
  const file = join(folder, 'secrets', 'vault.keys');
  const made = openKeyRing(file, now).current();
  expect(made.bytes).toHaveLength(32);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(openKeyRing(file, now).current()).toEqual(made);
  expect(readdirSync(join(folder, 'secrets'))).toEqual(['vault.keys']);
});

test('the last key seals, and every key opens', () => {
  const ring = parseKeyRing(`# first\nold:${key(1)}\n\n new:${key(2)}\n`, 'f');
  expect(ring.current().id).toBe('new');
  expect(ring.byId('old').bytes[0]).toBe(1);
  expect(() => ring.byId('lost')).toThrow(expect.objectContaining({ code: 'no_such_key' }));
});

test.each([
  ['', 'no key'],
  ['k1', 'line 1'],
  [`k1:${key(1).slice(4)}`, 'line 1'],
  [`k1:${key(1)}\nk1:${key(2)}`, 'line 2'],
  [`k1:${key(1)} next\nk2:${key(2)} retired`, 'seals'],
  [`k1:${key(1)} made yesterday-at-tea-time!`, 'line 1'],
  [`k1:${key(1)} lost`, 'line 1'],
])('what is no ring is refused with the reason: %j', (text, why) => {
  expect(() => parseKeyRing(text, 'f')).toThrow(
    expect.objectContaining({ code: 'bad_key_ring', message: expect.stringContaining(why) }),
  );
});

test('a ring that others may read, or that is not there, is refused and not made', () => {
  const file = join(folder, 'open.keys');
  writeFileSync(file, `k1:${key(1)}\n`);
  chmodSync(file, 0o644);
  expect(() => readKeyRing(file)).toThrow(/chmod 600/);
  expect(readFileSync(file, 'utf8')).toContain('k1');
  expect(() => readKeyRing(join(folder, 'none'))).toThrow(expect.objectContaining({ code: 'bad_key_ring' }));
  expect(existsSync(join(folder, 'none'))).toBe(false);
});

test('keys come as next, become active, grow old and are retired, and whatever else is in the file stays', () => {
  const states = (text: string) => parseKeyRing(text, 'f').keys.map(({ id, state }) => `${id} ${state}`);
  const first = `# ours\na:${key(1)}`;
  const second = { ...newKey(now), id: 'b' };
  const prepared = withKey(first, second, 'next');
  expect(states(prepared)).toEqual(['a active', 'b next']);
  const active = withActive(withKey(prepared, { ...newKey(now), id: 'c' }, 'next'), 'b');
  expect(states(active)).toEqual(['a old', 'c next', 'b active']);
  expect(parseKeyRing(active, 'f').current()).toEqual({
    id: 'b',
    bytes: second.bytes,
    madeAtMs: now,
    state: 'active',
  });
  const retired = withRetired(active, 'a', true);
  expect(states(retired)).toEqual(['a retired', 'c next', 'b active']);
  expect(withRetired(retired, 'a', false)).toBe(active);
  expect(active).toContain('# ours');
});

test('a ring is replaced whole, through a link too, and never by what is no ring', () => {
  const file = join(folder, 'replaced.keys');
  const link = join(folder, 'link.keys');
  openKeyRing(file, now);
  symlinkSync(file, link);
  const text = withKey(readFileSync(file, 'utf8'), { ...newKey(now), id: 'second' }, null);
  replaceRing(link, text);
  expect(readKeyRing(file).current().id).toBe('second');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(() => replaceRing(file, 'nothing')).toThrow(expect.objectContaining({ code: 'bad_key_ring' }));
  expect(readFileSync(file, 'utf8')).toBe(text);
  expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
});

import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openKeyRing, parseKeyRing, readKeyRing } from './key-ring.ts';

const folder = mkdtempSync(join(tmpdir(), 'picket-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const key = (byte: number) => Buffer.alloc(32, byte).toString('base64');

test('a ring is made on first use, for its owner alone, and is the same one afterwards', () => {
  const file = join(folder, 'secrets', 'vault.keys');
  const made = openKeyRing(file).current();
  expect(made.bytes).toHaveLength(32);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(openKeyRing(file).current()).toEqual(made);
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

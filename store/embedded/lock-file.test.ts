/** One holder per data directory, whatever an earlier one left. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { scratchDir } from '../../test/contract/scratch-database.ts';
import { lockHolder, takeLock } from './lock-file.ts';
import { startTimeOf } from './processes.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = scratchDir();
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a lock is held until it is released, and leaves nothing behind', () => {
  const lock = takeLock(path);
  expect(lockHolder(path)).toBe(process.pid);
  expect(() => takeLock(path)).toThrow(expect.objectContaining({ code: 'embedded_in_use' }));
  lock.release();
  expect(lockHolder(path)).toBeNull();
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['of a process that is gone', '4194305\n1\nx\n'],
  ['of a process whose pid another one has now', `${process.pid}\n1\nx\n`],
  ['that was never written', ''],
])('a lock %s is taken over', (_whose, content) => {
  writeFileSync(path, content);
  takeLock(path);
  expect(lockHolder(path)).toBe(process.pid);
  expect(readdirSync(folder)).toEqual(['lock']);
});

test('releasing a lock that someone else took over meanwhile leaves theirs alone', () => {
  const lock = takeLock(path);
  const theirs = `${process.ppid}\n${startTimeOf(process.ppid)}\ny\n`;
  writeFileSync(path, theirs);
  lock.release();
  expect(lockHolder(path)).toBe(process.ppid);
});

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { systemClock } from '../runtime/index.ts';
import { withFolderLock } from './authority-lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'picket-lock-'));
const file = join(folder, 'changing.lock');
const clock = systemClock();
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const locked = <T>(work: () => Promise<T>) => withFolderLock(folder, clock, 'ring_busy', work);

test('a lock that is cut, as by a full disk, or whose holder is gone, keeps nobody out', async () => {
  for (const left of ['', '{"pid":1', 'null', JSON.stringify({ pid: process.pid, started: 'before' })]) {
    writeFileSync(file, left);
    expect(await locked(async () => 'done')).toBe('done');
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('of many that come over a lock without a holder one is within at a time, and all come to it', async () => {
  writeFileSync(file, '');
  let within = 0;
  let most = 0;
  const one = () =>
    locked(async () => {
      within += 1;
      most = Math.max(most, within);
      await new Promise((resolve) => setImmediate(resolve));
      within -= 1;
    });
  await Promise.all(Array.from({ length: 5 }, one));
  expect(most).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
});

test('a failure gives the lock back', async () => {
  await expect(locked(() => Promise.reject(new Error('planted')))).rejects.toThrow('planted');
  expect(readdirSync(folder)).toEqual([]);
});

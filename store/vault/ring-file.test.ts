/** The ring on the disk: what is there stays whole, also where the disk is full. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { withKey } from './key-ring.ts';
import { newKey, openKeyRing, readKeyRing, readRingText, replaceRing } from './ring-file.ts';

/** Of each write a full disk takes half, as `write(2)` may. */
const disk = vi.hoisted(() => ({ full: false }));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  const writeSync = (handle: number, data: string | NodeJS.ArrayBufferView): number => {
    const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer);
    if (!disk.full) return real.writeSync(handle, bytes);
    return real.writeSync(handle, bytes, 0, Math.ceil(bytes.length / 2));
  };
  return { ...real, writeSync };
});

const folder = fs.mkdtempSync(join(tmpdir(), 'picket-ring-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

test('a ring that is replaced has all its keys, or is the one before', () => {
  const file = join(folder, 'keys');
  openKeyRing(file, 0);
  const text = withKey(readRingText(file), newKey(0), null);
  disk.full = true;
  try {
    replaceRing(file, text);
  } finally {
    disk.full = false;
  }
  expect(readRingText(file)).toBe(text);
  expect(readKeyRing(file).keys).toHaveLength(2);
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CommandFailure } from './failure.ts';
import { NewFile } from './new-file.ts';

let full = false;
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return {
    ...fs,
    writeSync(...args: Parameters<typeof fs.writeSync>) {
      if (full) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      return fs.writeSync(...args);
    },
  };
});

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'picket-file-'));
  full = false;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, lines: readonly string[], force = false): string {
  let file: NewFile | null = null;
  try {
    file = new NewFile(path, force);
    for (const line of lines) file.line(line);
    file.finish();
    return 'written';
  } catch (error) {
    expect(error).toBeInstanceOf(CommandFailure);
    return (error as CommandFailure).code;
  } finally {
    file?.abandon();
  }
}

test('a file appears whole, and nothing is left beside it', () => {
  const path = join(folder, 'a');
  expect(write(path, ['one', 'zwei'.repeat(200_000)])).toBe('written');
  expect(readFileSync(path, 'utf8')).toBe(`one\n${'zwei'.repeat(200_000)}\n`);
  expect(readdirSync(folder)).toEqual(['a']);
});

test('a file that is there is written over only when it is asked for', () => {
  const path = join(folder, 'a');
  writeFileSync(path, 'before');
  expect(write(path, ['after'])).toBe('file_exists');
  expect(readFileSync(path, 'utf8')).toBe('before');
  expect(write(path, ['after'], true)).toBe('written');
  expect(readFileSync(path, 'utf8')).toBe('after\n');
});

test('a name that another took meanwhile is not written over', () => {
  const path = join(folder, 'a');
  const file = new NewFile(path, false);
  file.line('ours');
  writeFileSync(path, 'theirs');
  expect(() => file.finish()).toThrow('is there already');
  file.abandon();
  expect(readFileSync(path, 'utf8')).toBe('theirs');
  expect(readdirSync(folder)).toEqual(['a']);
});

test('a full disk leaves what was there, and nothing new', () => {
  const path = join(folder, 'a');
  writeFileSync(path, 'before');
  full = true;
  expect(write(path, ['after'], true)).toBe('disk_full');
  expect(readFileSync(path, 'utf8')).toBe('before');
  expect(readdirSync(folder)).toEqual(['a']);
});

test('folders, devices and places that are not there are refused', () => {
  for (const force of [false, true]) {
    expect(write(folder, ['a'], force)).toBe('cannot_write');
    expect(write('/dev/null', ['a'], force)).toBe('cannot_write');
    expect(write(join(folder, 'no/such/place'), ['a'], force)).toBe('cannot_write');
  }
});

test('a link stays one, and what it leads to is written', () => {
  writeFileSync(join(folder, 'a'), 'before');
  symlinkSync(join(folder, 'a'), join(folder, 'link'));
  expect(write(join(folder, 'link'), ['after'], true)).toBe('written');
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('after\n');
});

import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { archivePlaceContract } from '../../test/contract/archive-place.ts';
import { folderPlace } from './folder-place.ts';

const root = mkdtempSync(join(tmpdir(), 'picket-place-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a folder', () => {
  archivePlaceContract(() => folderPlace(join(root, 'made', 'later'), systemClock()), 5 * 1024 * 1024);
});

const name = 'acme.abcdefghijkl.20261121T152342123Z.picket';
async function* one() {
  yield Buffer.from('x');
}

test('archives are for their owner alone, and what a killed process left goes after a day', async () => {
  const folder = join(root, 'kept');
  const place = folderPlace(folder, systemClock());
  await place.write(name, one());
  expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  const left = (pid: number) => join(folder, `.${name}.${pid}.partial`);
  for (const pid of [1, 2]) writeFileSync(left(pid), 'half');
  utimesSync(left(1), new Date(0), new Date(0));
  await place.write(name, one());
  expect(readdirSync(folder).sort()).toEqual([`.${name}.2.partial`, name]);
  expect(await place.list()).toEqual([{ name, bytes: 1 }]);
});

test('a folder that is none says so', async () => {
  writeFileSync(join(root, 'file'), '');
  const place = folderPlace(join(root, 'file'), systemClock());
  await expect(place.write(name, one())).rejects.toMatchObject({ code: 'place_unusable' });
  await expect(place.list()).rejects.toMatchObject({ code: 'place_unusable' });
});

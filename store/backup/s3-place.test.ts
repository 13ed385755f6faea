import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { archivePlaceContract } from '../../test/contract/archive-place.ts';
import { limits } from '../limits.ts';
import { type S3Options, s3Place } from './s3-place.ts';

const directory = mkdtempSync(join(tmpdir(), 'picket-s3-'));
const server = new S3rver({
  port: 0,
  address: '127.0.0.1',
  silent: true,
  directory,
  configureBuckets: [{ name: 'company-backups', configs: [] }],
});
let endpoint = '';
beforeAll(async () => {
  const { port } = (await server.run()) as AddressInfo;
  endpoint = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

const options = (more: Partial<S3Options> = {}): S3Options => ({
  bucket: 'company-backups',
  prefix: 'picket/production',
  region: 'us-east-1',
  endpoint,
  credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER', sessionToken: null },
  clock: systemClock(),
  ...more,
});

describe('a bucket', () => {
  archivePlaceContract(() => s3Place(options()), limits.uploadPartBytes * 3);
});
describe('a bucket without a prefix', () => {
  archivePlaceContract(() => s3Place(options({ prefix: '' })), limits.uploadPartBytes + 1);
});

const name = 'acme.abcdefghijkl.20261121T152342123Z.picket';
async function* one() {
  yield Buffer.from('x');
}

test('prefixes do not see each other', async () => {
  await s3Place(options({ prefix: 'a' })).write(name, one());
  expect(await s3Place(options({ prefix: 'ab' })).list()).toEqual([]);
  expect(await s3Place(options({ prefix: 'a' })).list()).toHaveLength(1);
});

test('a bucket that is not there, an unknown key and a server that is away are told with the reason', async () => {
  const credentials = { accessKeyId: 'NOBODY', secretAccessKey: 'wrong', sessionToken: null };
  for (const [more, why] of [
    [{ bucket: 'no-such-bucket' }, 'NoSuchBucket'],
    [{ credentials }, 'InvalidAccessKeyId'],
    [{ endpoint: 'http://127.0.0.1:1' }, 'cannot be reached'],
  ] as const) {
    const failure = { code: 'place_unusable', message: expect.stringContaining(why) };
    await expect(s3Place(options(more)).write(name, one())).rejects.toMatchObject(failure);
    await expect(s3Place(options(more)).list()).rejects.toMatchObject(failure);
  }
});

import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../errors.ts';
import { limits } from '../limits.ts';
import { parseKeyRing } from '../vault/key-ring.ts';
import { seal, unseal } from './seal.ts';

const keys = parseKeyRing(`k1:${Buffer.alloc(32, 7).toString('base64')}`, 'ring');
const sealedChunk = limits.archiveChunkBytes + 16;

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function all(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}
const sealed = (plain: Buffer, size = 50_000) => all(seal(pieces(plain, size), keys));
const open = (bytes: Buffer, size = 70_000, ring = keys) => all(unseal(pieces(bytes, size), ring, 'a'));
const failure = (bytes: Buffer) =>
  open(bytes).then(
    () => null,
    (error: unknown) => error as StoreError,
  );
const openingOf = (bytes: Buffer) => 13 + bytes.readUInt32BE(9);

const threeChunks = randomBytes(limits.archiveChunkBytes * 2 + 1_000);

test.each([
  0,
  1,
  limits.archiveChunkBytes - 1,
  limits.archiveChunkBytes,
  limits.archiveChunkBytes + 1,
  700_000,
])('what is sealed opens again, whatever the pieces: %i bytes', async (bytes) => {
  const plain = randomBytes(bytes);
  const archive = await sealed(plain, 1 + (bytes % 99_991));
  expect((await open(archive, 33_333)).equals(plain)).toBe(true);
  // Nothing of it can be read.
  if (bytes > 32) expect(archive.includes(plain.subarray(0, 32))).toBe(false);
});

test('the same bytes are never sealed alike twice', async () => {
  const [one, two] = await Promise.all([sealed(threeChunks), sealed(threeChunks)]);
  expect(one.subarray(openingOf(one)).equals(two.subarray(openingOf(two)))).toBe(false);
});

describe('what is changed is found', () => {
  test('any flipped bit', async () => {
    const archive = await sealed(threeChunks);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: archive.length * 8 - 1 }), async (bit) => {
        const changed = Buffer.from(archive);
        const at = bit >> 3;
        changed[at]! ^= 1 << (bit & 7);
        const error = await failure(changed);
        expect(error).toBeInstanceOf(StoreError);
        const opening = openingOf(archive);
        if (at < opening) return;
        const chunk = Math.floor((at - opening) / sealedChunk);
        expect(error).toMatchObject({
          code: 'archive_damaged',
          message: expect.stringContaining(`(chunk ${chunk})`),
        });
      }),
      { numRuns: 200 },
    );
  });

  test('any cut, wherever it is', async () => {
    const archive = await sealed(threeChunks);
    const opening = openingOf(archive);
    const bounds = [0, 1, opening, opening + sealedChunk, opening + 2 * sealedChunk, archive.length - 1];
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.constantFrom(...bounds), fc.integer({ min: 0, max: archive.length - 1 })),
        async (end) => {
          expect(await failure(archive.subarray(0, end))).toMatchObject({ code: 'archive_damaged' });
        },
      ),
      { numRuns: 100 },
    );
    expect((await failure(archive.subarray(0, opening + sealedChunk)))!.message).toContain(
      `it ends after byte ${opening + sealedChunk}, and more was written`,
    );
  });

  test('chunks in another order, twice, left out, of another archive, or something after the end', async () => {
    const archive = await sealed(threeChunks);
    const other = await sealed(threeChunks);
    const opening = openingOf(archive);
    const part = (of: Buffer, number: number) =>
      of.subarray(opening + number * sealedChunk, Math.min(of.length, opening + (number + 1) * sealedChunk));
    const head = archive.subarray(0, opening);
    const own = (...numbers: number[]) => Buffer.concat([head, ...numbers.map((n) => part(archive, n))]);
    expect((await open(own(0, 1, 2))).equals(threeChunks)).toBe(true);
    for (const changed of [own(1, 0, 2), own(0, 0, 1, 2), own(0, 2), own(1, 2), own(0, 1), own(2), head])
      expect(await failure(changed)).toMatchObject({ code: 'archive_damaged' });
    expect(await failure(Buffer.concat([own(0), part(other, 1), part(archive, 2)]))).toMatchObject({
      message: expect.stringContaining('(chunk 1)'),
    });
    expect(await failure(Buffer.concat([archive, Buffer.from('x')]))).toMatchObject({
      code: 'archive_damaged',
    });
    expect(await failure(Buffer.concat([archive, archive]))).toMatchObject({ code: 'archive_damaged' });
  });
});

test('another ring, another format and something else are told apart', async () => {
  const archive = await sealed(threeChunks);
  const otherId = parseKeyRing(`k2:${Buffer.alloc(32, 7).toString('base64')}`, 'ring');
  const otherKey = parseKeyRing(`k1:${Buffer.alloc(32, 8).toString('base64')}`, 'ring');
  await expect(open(archive, 9_999, otherId)).rejects.toMatchObject({ code: 'no_such_key' });
  await expect(open(archive, 9_999, otherKey)).rejects.toThrow(/another key had this id/);
  const newer = Buffer.from(archive);
  newer[8] = 9;
  expect(await failure(newer)).toMatchObject({ code: 'archive_unfit' });
  expect(await failure(Buffer.from('{"this is": "something else"}'))).toMatchObject({
    code: 'archive_damaged',
  });
});

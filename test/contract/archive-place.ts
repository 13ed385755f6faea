/** What every place for archives promises, whatever it is: run against a folder and against a bucket. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ArchivePlace } from '../../store/index.ts';

const nameOf = (at: number, slug = 'acme') =>
  `${slug}.abcdefghijkl.20261121T1523${String(at).padStart(5, '0')}Z.picket`;

async function* pieces(bytes: Buffer, size = 60_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* breakingOff(bytes: Buffer): AsyncGenerator<Buffer> {
  yield* pieces(bytes);
  throw new Error('planted');
}

async function all(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** `large`: more bytes than the place sends in one go. */
export function archivePlaceContract(place: () => ArchivePlace, large: number): void {
  test('a place that was never written to has nothing in it', async () => {
    expect(await place().list()).toEqual([]);
    await place().remove(nameOf(0));
  });

  test.each([0, 1, 1_000_000])('what was written is read as it was: %i bytes', async (bytes) => {
    const content = randomBytes(bytes);
    const name = nameOf(bytes % 10_000);
    expect(await place().write(name, pieces(content))).toBe(bytes);
    expect((await all(place().read(name))).equals(content)).toBe(true);
    expect(await place().list()).toContainEqual({ name, bytes });
    await place().remove(name);
    expect((await place().list()).map((one) => one.name)).not.toContain(name);
  });

  test('a large one, too, and one of several exact parts', async () => {
    for (const bytes of [large, Math.floor(large / 3) * 2]) {
      const content = randomBytes(bytes);
      await place().write(nameOf(7), pieces(content, 1024 * 1024));
      expect((await all(place().read(nameOf(7)))).equals(content)).toBe(true);
      expect(await place().list()).toContainEqual({ name: nameOf(7), bytes });
    }
    await place().remove(nameOf(7));
  });

  test('a writer that breaks off leaves no archive, small or large', async () => {
    for (const bytes of [10, large]) {
      await expect(place().write(nameOf(1), breakingOff(randomBytes(bytes)))).rejects.toThrow('planted');
      expect(await place().list()).toEqual([]);
    }
  });

  test('a reader may end early', async () => {
    await place().write(nameOf(2), pieces(randomBytes(1_000_000)));
    for await (const chunk of place().read(nameOf(2))) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await place().remove(nameOf(2));
  });

  test('many are listed, and what is no archive is not there for it', async () => {
    const names = Array.from({ length: 30 }, (_, at) => nameOf(at, at % 2 === 0 ? 'acme' : 'beta'));
    for (const name of names) await place().write(name, pieces(Buffer.from(name)));
    expect((await place().list()).map(({ name }) => name).sort()).toEqual([...names].sort());
    for (const name of names) await place().remove(name);
    expect(await place().list()).toEqual([]);
  });

  test.each([nameOf(99), 'none', '../secrets', '.hidden'])(
    'what is not there is said to be so: %s',
    async (name) => {
      await expect(all(place().read(name))).rejects.toMatchObject({ code: 'no_such_archive' });
    },
  );
}

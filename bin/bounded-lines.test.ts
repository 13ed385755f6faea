import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundedLines } from './bounded-lines.ts';

async function linesOf(chunks: readonly Uint8Array[], max: number): Promise<(string | null)[]> {
  const lines: (string | null)[] = [];
  async function* all() {
    yield* chunks;
  }
  for await (const line of boundedLines(all(), max)) lines.push(line);
  return lines;
}

test('lines are the same however the stream was cut, characters of several bytes included', async () => {
  const text = fc.array(
    fc.string({ unit: 'binary', maxLength: 20 }).map((line) => line.replaceAll(/[\r\n]/g, 'é')),
  );
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(50)), async (lines, cuts) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const ends = [...cuts, bytes.length].map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b);
      const chunks = ends.map((to, at) => bytes.subarray(at === 0 ? 0 : ends[at - 1], to));
      const told = lines.map((line) => Buffer.from(line).toString());
      if (told[0]?.startsWith('\ufeff')) told[0] = told[0].slice(1);
      expect(await linesOf(chunks, 1_000)).toEqual(told);
    }),
  );
});

test('a line that is too long is told as such and the next is read', async () => {
  const chunks = ['abc\n', 'x'.repeat(6), 'x'.repeat(6), '\r\nlast'].map((text) => Buffer.from(text));
  expect(await linesOf(chunks, 10)).toEqual(['abc', null, 'last']);
});

test('a byte order mark is no part of the first line, and stays in any other', async () => {
  const bytes = Buffer.from('\ufeffabc\n\ufeffdef\n');
  const single = [...bytes].map((byte) => Buffer.from([byte]));
  for (const chunks of [[bytes], single]) expect(await linesOf(chunks, 10)).toEqual(['abc', '\ufeffdef']);
});

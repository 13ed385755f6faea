/** The journal on a real disk: rotation, torn ends, failures; nothing that was kept is lost or changed. */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isFault, readEntry } from './entry.ts';
import { fileName, makeRoom, readName } from './file-names.ts';
import { Journal } from './journal.ts';
import { journalBytesMax, journalFileBytesMax, journalFilesMax } from './limits.ts';
import { judgeFiles } from './read-files.ts';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'picket-journal-')), 'journal');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const journalAt = (boot = 1) => new Journal({ folder, node: 'core_1', boot });
const say = (journal: Journal, text: string, sync = true) =>
  journal.append({ session: 's1', event: { type: 'line', run: 1, text, access: 'read' }, atMs: 5, sync });
const names = () => readdirSync(folder).sort();
const paths = () => names().map((name) => join(folder, name));
const judged = () => judgeFiles(paths());
const texts = () =>
  paths()
    .flatMap((path) => readFileSync(path, 'utf8').split('\n'))
    .map((line) => readEntry(line))
    .flatMap((read) => (!isFault(read) && read.entry.event.type === 'line' ? [read.entry.event.text] : []));

test('keeps what was appended in order, for its owner alone, in one chain', async () => {
  const journal = journalAt();
  const heads = await Promise.all(['a', 'b', 'c'].map((text) => say(journal, text)));
  await journal.close();
  expect(heads.map(({ seq }) => seq)).toEqual([2, 3, 4]);
  expect(texts()).toEqual(['a', 'b', 'c']);
  expect(await judged()).toMatchObject({ fault: null, entries: 4, tornBytes: 0, head: heads[2] });
  expect(statSync(paths()[0]!).mode & 0o777).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test('nothing is made before there is something to write', async () => {
  await journalAt().close();
  expect(() => names()).toThrow('ENOENT');
});

test('the next boot goes on where the one before ended', async () => {
  for (const boot of [3, 4]) {
    const journal = journalAt(boot);
    await say(journal, `boot ${boot}`);
    await journal.close();
  }
  expect(names()).toHaveLength(2);
  expect(await judged()).toMatchObject({ fault: null, entries: 4, notices: [] });
});

test('a line that was torn wherever is left behind, said, and everything before it is kept', async () => {
  const journal = journalAt(1);
  await say(journal, 'whole');
  await say(journal, 'torn by a loss of power');
  await journal.close();
  const [path] = paths();
  const bytes = readFileSync(path!);
  const wholeEnd = bytes.lastIndexOf(10, bytes.length - 2) + 1;
  for (let end = wholeEnd + 1; end < bytes.length; end += 7) {
    writeFileSync(path!, bytes);
    truncateSync(path!, end);
    const next = journalAt(2);
    await say(next, 'after');
    await next.close();
    const chain = await judged();
    expect(chain).toMatchObject({ fault: null, entries: 4, tornBytes: 0 });
    expect(chain.notices).toMatchObject([
      {
        code: 'cut',
        detail: `${end - wholeEnd} bytes before it were no whole entry, and nothing of them ran`,
      },
    ]);
    expect(texts()).toEqual(['whole', 'after']);
    rmSync(paths()[1]!);
  }
});

test('whatever bytes lie in the files, sessions are written behind them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (bytes, isWhole) => {
      rmSync(folder, { recursive: true, force: true });
      const first = journalAt(1);
      await say(first, 'before');
      await first.close();
      appendFileSync(paths()[0]!, isWhole ? Buffer.concat([bytes, Buffer.from('\n')]) : bytes);
      const next = journalAt(2);
      const { seq } = await say(next, 'behind');
      await next.close();
      expect(seq).toBe(4);
      expect(texts()).toEqual(['before', 'behind']);
    }),
    { numRuns: 30 },
  );
});

test('a byte that is another one is found with its file and line, also the last of a file', async () => {
  const journal = journalAt();
  for (const text of ['a', 'b', 'c']) await say(journal, text);
  await journal.close();
  const [path] = paths();
  const bytes = readFileSync(path!);
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1;
    writeFileSync(path!, changed);
    const { fault, tornBytes, line } = await judged();
    // Without its line feed the last line is torn, and that is said.
    if (at === bytes.length - 1) expect(tornBytes).toBeGreaterThan(0);
    else expect({ at, found: fault !== null && line >= 1 }).toEqual({ at, found: true });
  }
});

test('a file that is full is followed by another, and the chain goes through both', async () => {
  const journal = journalAt();
  const long = 'x'.repeat(60_000);
  const count = Math.ceil(journalFileBytesMax / long.length) + 5;
  for (let at = 0; at < count; at += 1) await say(journal, long, false);
  await journal.close();
  expect(names()).toHaveLength(2);
  expect(await judged()).toMatchObject({ fault: null, entries: count + 2 });
});

test('a disk that cannot be written refuses with record_failed, and is used again when it can be', async () => {
  writeFileSync(folder, 'no folder');
  const journal = journalAt();
  await expect(say(journal, 'a')).rejects.toMatchObject({ code: 'record_failed' });
  await expect(say(journal, 'b')).rejects.toMatchObject({ code: 'record_failed' });
  rmSync(folder);
  await say(journal, 'c');
  await journal.close();
  expect(texts()).toEqual(['c']);
  expect(await judged()).toMatchObject({ fault: null, entries: 2 });
});

test('files that were taken away under a running node are missed by who verifies', async () => {
  const journal = journalAt();
  const long = 'x'.repeat(60_000);
  for (let at = 0; at < journalFileBytesMax / long.length + 5; at += 1) await say(journal, long, false);
  await say(journal, 'last');
  rmSync(paths()[0]!);
  await journal.close();
  expect((await judged()).notices).toMatchObject([{ code: 'late' }]);
});

test('only what a core has gives way, and without that nothing is written', async () => {
  const file = (seq: number, bytes = journalBytesMax / 4) => ({ ...readName(fileName(1, seq, 0), bytes)! });
  const four = [file(1), file(2), file(3), file(4)];
  const dropped = (released: string[]) => {
    const { drop, enough } = makeRoom(four, new Set(released));
    return { seqs: drop.map(({ seq }) => seq), enough };
  };
  expect(dropped([])).toEqual({ seqs: [], enough: false });
  expect(dropped([four[1]!.name])).toEqual({ seqs: [], enough: false });
  expect(dropped(four.map(({ name }) => name))).toEqual({ seqs: [1], enough: true });
  const many = Array.from({ length: journalFilesMax }, (_, at) => file(at + 1, 10));
  expect(makeRoom(many, new Set([many[0]!.name])).drop).toHaveLength(1);
  expect(makeRoom(four.slice(1), new Set()).enough).toBe(true);

  mkdirSync(folder);
  for (let at = 0; at < journalFilesMax; at += 1) writeFileSync(join(folder, fileName(0, at + 1, 0)), '');
  const journal = journalAt();
  await expect(say(journal, 'a')).rejects.toMatchObject({ code: 'record_failed' });
  journal.release(fileName(0, 1, 0));
  await say(journal, 'b');
  await journal.close();
  expect(names()).toHaveLength(journalFilesMax);
});

import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KeptResult, readFrames } from './kept-result.ts';
import { Outbox } from './outbox.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'picket-outbox-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (bounds?: ConstructorParameters<typeof Outbox>[0]['bounds']) =>
  new Outbox({ folder, timer: () => () => {}, ...(bounds === undefined ? {} : { bounds }) });
const result = (n: number): KeptResult => ({
  ...{ checkId: `chk_${n}`, kind: 'tcp', dueAtMs: 1_000 * n, startedAtMs: 1_000 * n + 1 },
  ...{ latencyMs: 1.5, status: 'success', reason: null },
});
const ids = (box: Outbox, max = 100) => box.next(max)?.results.map(({ checkId }) => checkId) ?? [];
const names = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `chk_${from + at}`);

describe('the outbox on disk', () => {
  it('gives what was put in, in order, and again until it was taken', () => {
    const box = open();
    for (let n = 0; n < 5; n += 1) box.add(result(n));
    expect(box.next(3)!.results).toEqual([0, 1, 2].map(result));
    box.taken(box.next(3)!.upTo);
    expect(ids(box)).toEqual(['chk_3', 'chk_4']);
    expect(box.totals()).toMatchObject({ waiting: 2, dropped: 0 });
  });

  it('is as it was after a kill: what was taken stays taken, a torn end is cut, and it goes on behind it', () => {
    const box = open();
    for (let n = 0; n < 5; n += 1) box.add(result(n));
    box.taken(box.next(2)!.upTo);
    // Not closed: a kill closes nothing.
    appendFileSync(join(folder, '1.seg'), Buffer.from([200, 0, 0, 0, 1, 2, 3, 4, 91]));
    const again = open();
    expect(ids(again)).toEqual(names(2, 5));
    again.add(result(5));
    again.close();
    const third = open();
    expect(ids(third)).toEqual(names(2, 6));
    expect(third.totals()).toMatchObject({ waiting: 4, dropped: 0 });
  });

  it('loses, wherever its only file is cut, the last results and no other', () => {
    const box = open();
    for (let n = 0; n < 6; n += 1) box.add(result(n));
    box.close();
    const path = join(folder, '1.seg');
    const ends = readFrames(readWhole(path)).results.map(({ endsAt }) => endsAt);
    for (let bytes = ends.at(-1)! - 1; bytes >= 0; bytes -= 7) {
      truncateSync(path, bytes);
      const cut = open();
      expect(ids(cut)).toEqual(names(0, ends.filter((end) => end <= bytes).length));
      cut.close();
    }
  });

  it('counts what was damaged, and gives the rest', () => {
    const box = open();
    for (let n = 0; n < 3; n += 1) box.add(result(n));
    box.close();
    const path = join(folder, '1.seg');
    const bytes = readWhole(path);
    bytes[bytes.indexOf('chk_1') + 1]! ^= 1;
    writeFileSync(path, bytes);
    const again = open();
    expect(ids(again)).toEqual(['chk_0', 'chk_2']);
    expect(again.totals()).toMatchObject({ waiting: 2, dropped: 1 });
  });

  it('holds no more than its bounds, drops the oldest, and removes the files of what was taken', () => {
    const box = open({ bytesMax: 2_000, recordsMax: 1_000, segmentBytesMax: 500 });
    for (let n = 0; n < 100; n += 1) box.add(result(n));
    const { waiting, bytes, dropped } = box.totals();
    expect([waiting + dropped, bytes <= 2_000]).toEqual([100, true]);
    for (let batch = box.next(7); batch !== null; batch = box.next(7)) box.taken(batch.upTo);
    expect(box.totals().waiting).toBe(0);
    expect(readdirSync(folder).filter((name) => name.endsWith('.seg'))).toHaveLength(1);
  });

  it('counts what the disk does not take, and goes on when it does again', () => {
    const box = open();
    box.add(result(0));
    box.close();
    box.add(result(1));
    expect(box.totals()).toMatchObject({ waiting: 1, dropped: 1 });
    const again = open();
    again.add(result(2));
    expect(ids(again)).toEqual(['chk_0', 'chk_2']);
  });

  it('takes no word of what was taken that cannot be true', () => {
    const box = open();
    for (let n = 0; n < 3; n += 1) box.add(result(n));
    box.taken(box.next(1)!.upTo);
    box.close();
    const odd = fc.oneof(fc.json(), fc.string(), fc.constant('{"segment":1,"offset":-1,"records":1}'));
    fc.assert(
      fc.property(odd, (text) => {
        writeFileSync(join(folder, 'taken'), text);
        const again = open();
        expect(again.totals().waiting).toBeGreaterThanOrEqual(0);
        expect(ids(again).length).toBe(again.totals().waiting);
        again.close();
      }),
      { numRuns: 50 },
    );
  });
});

function readWhole(path: string): Buffer {
  return Buffer.from(readFileSync(path));
}

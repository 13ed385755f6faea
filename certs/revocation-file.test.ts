import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import { toPem } from './pem.ts';
import { type RevocationList, readRevocationList } from './revocation.ts';
import { newestLists, readRevocationFile } from './revocation-file.ts';
import { extension, sequence, tlv } from './testing/der-writer.ts';
import { forgeRevocationList } from './testing/forge-revocation.ts';
import { createWorld } from './testing/world.ts';

const nowMs = Date.UTC(2026, 5, 1, 12);
const world = createWorld(nowMs);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picket-lists-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function list(
  of: 'nodes' | 'operators',
  serials: string[],
  ageMs = 0,
  fields: Buffer[] = [],
): RevocationList {
  const read = readRevocationList(forgeRevocationList(world[of], serials, nowMs - ageMs, fields));
  if (!read.ok) throw new Error(read.error.detail);
  return read.list;
}
const serialsOf = (lists: readonly RevocationList[]) => lists.map(({ serials }) => [...serials].join());
const keyed = (byte: number) => [
  tlv(0xa0, sequence(extension('2.5.29.35', false, sequence(tlv(0x80, Buffer.alloc(20, byte)))))),
];

describe('of the lists that count and those that were read', () => {
  test('the newer one of each authority counts', () => {
    const [old, now] = [list('nodes', ['11'], 5_000), list('nodes', ['11', '22'])];
    expect(serialsOf(newestLists([old], [now]))).toEqual(['11,22']);
    expect(serialsOf(newestLists([now], [old]))).toEqual(['11,22']);
    expect(serialsOf(newestLists([list('nodes', ['11'])], [now]))).toEqual(['11,22']);
  });

  test('one that the file has no more goes on counting', () => {
    expect(serialsOf(newestLists([list('operators', ['33'])], [list('nodes', ['11'])]))).toEqual([
      '11',
      '33',
    ]);
  });

  test('those of two keys under one name are of two authorities', () => {
    const [first, second] = [list('nodes', ['11'], 5_000, keyed(1)), list('nodes', ['22'], 0, keyed(2))];
    expect(serialsOf(newestLists([first], [second]))).toEqual(['22', '11']);
  });

  test('never more are kept than a file may hold', () => {
    const { revocationListsMax } = limits;
    const many = Array.from({ length: revocationListsMax + 50 }, (_, at) =>
      list('nodes', ['11'], 0, [
        tlv(
          0xa0,
          sequence(extension('2.5.29.35', false, sequence(tlv(0x80, Buffer.of(at >> 8, at & 0xff))))),
        ),
      ]),
    );
    expect(newestLists(many.slice(0, 200), many.slice(200))).toHaveLength(revocationListsMax);
  });
});

describe('a file of lists', () => {
  const path = () => join(folder, 'lists.pem');
  const pemOf = (serials: string[]) => toPem(forgeRevocationList(world.nodes, serials, nowMs), 'X509 CRL');

  test.each(['', '\n', '-----BEGIN X509 CRL-----\n', '-----BEGIN CERTIFICATE-----\n'])(
    'that was cut short is damaged and not a file of nothing: %j',
    async (text) => {
      await writeFile(path(), text);
      await expect(readRevocationFile(path())).rejects.toMatchObject({ code: 'corrupt_file' });
    },
  );

  test('may be longer than a file of certificates', async () => {
    const serials = Array.from({ length: 9_000 }, (_, at) => `41${at.toString(16).padStart(30, '0')}`);
    await writeFile(path(), pemOf(serials));
    expect((await readRevocationFile(path()))[0]!.serials.size).toBe(9_000);
  });
});

test('a file of long lists is read whole, and others have turns meanwhile', async () => {
  const serials = Array.from({ length: limits.revocationEntriesMax }, (_, at) =>
    (0x40000000 + at).toString(16),
  );
  const pem = (of: 'nodes' | 'operators', all: string[]) =>
    toPem(forgeRevocationList(world[of], all, nowMs), 'X509 CRL');
  const path = join(folder, 'long.pem');
  await writeFile(path, pem('nodes', serials) + pem('operators', serials));
  let turns = 0;
  let isDone = false;
  const turn = () => {
    turns += 1;
    if (!isDone) setImmediate(turn);
  };
  turn();
  const lists = await readRevocationFile(path).finally(() => {
    isDone = true;
  });
  expect(lists.map((one) => one.serials.size)).toEqual([serials.length, serials.length]);
  expect(turns).toBeGreaterThan(lists.length);

  await writeFile(path, pem('nodes', [...serials, '7fffffff']));
  await expect(readRevocationFile(path)).rejects.toMatchObject({ code: 'corrupt_file', path });
});

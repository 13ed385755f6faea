import { expect, test } from 'vitest';
import { appendTime, inserted, insertedTime, removed } from './append.ts';
import { Marks } from './marks.ts';
import { readUpdate } from './read-update.ts';
import { Reconciler } from './reconciler.ts';

test('numbers are given once and go up', () => {
  const marks = new Marks();
  const [one, three, none, next] = [marks.take(1), marks.take(3), marks.take(0), marks.take(1)];
  expect([three, none, next]).toEqual([one + 1, one + 4, one + 4]);
  expect(marks.areMany).toBe(false);
});

test('grouping goes on alike when the numbers are used up and all marks are wiped off', () => {
  const outcomes = [0, 2 ** 25 - 2, 2 ** 25].map((last) => {
    const reconciler = new Reconciler(() => 'random');
    let line = 0;
    const said = (n: number, by: object) => {
      const read = readUpdate(
        { source: 'snmp', timestamp: '2026-01-01T00:00:00Z', ...by, hostname: 'one' },
        n,
      );
      if ('error' in read) throw new Error(read.error);
      line += 1;
      return { line, observation: read.observation };
    };
    const all = [];
    for (let batch = 0; batch < 4; batch += 1) {
      const { book } = reconciler.partition('default');
      if (last >= 2 ** 25 || (last > 0 && batch === 0)) book.marks.begin(last);
      const observations = Array.from({ length: 12 }, (_, n) =>
        said(n, {
          mac: `001B2100000${n % 5}`,
          ip: `10.0.0.${(n + batch) % 4}`,
          metadata: n % 3 === batch % 3 ? { armis_device_id: `a${n % 4}` } : { serial: `S${n % 6}` },
        }),
      );
      all.push(reconciler.apply(observations));
      if (last >= 2 ** 25 && batch === 0) expect(book.marks.take(0)).toBeLessThan(10_000);
    }
    return all;
  });
  expect(outcomes[1]).toEqual(outcomes[0]);
  expect(outcomes[2]).toEqual(outcomes[0]);
});

test('short lists are replaced, never changed', () => {
  const list = Object.freeze([{ n: 1 }, { n: 3 }]);
  expect(inserted(list, 1, { n: 2 })).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  expect(removed(list, 0)).toEqual([{ n: 3 }]);
  const times = Object.freeze([1.5, 3.5]);
  expect(insertedTime(times, 0, 0.5)).toEqual([0.5, 1.5, 3.5]);
  expect(appendTime(times, 4.5)).toEqual([1.5, 3.5, 4.5]);
  const long = Array.from({ length: 20 }, (_, n) => n + 0.5);
  expect(insertedTime(long, 20, 30.5)).toBe(long);
  expect(removed(long, 20)).toHaveLength(20);
});

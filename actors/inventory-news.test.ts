import { expect, test } from 'vitest';
import { countsOf, inventoryNews } from './inventory-news.ts';
import type { AuditedMerge } from './ports/inventory-store.ts';

const merge = (n: number, what: AuditedMerge['what'] = 'merge'): AuditedMerge => ({
  ...{ n, what, from: `sr:${n}`, to: 'sr:one', reason: 'mac', evidence: ['mac:1'], atMs: 0 },
  ...{ who: null, why: null, row: {} },
});

test('however much a batch did, it is told in one message with counts and the first of each', () => {
  const devices = Array.from({ length: 1_000 }, (_, n) => `sr:${n}`);
  const batch = {
    created: devices,
    merges: [...devices.map((_, n) => merge(n)), merge(1_000, 'separation')],
    opened: devices.map((value) => ({ type: 'mac', scope: '', value, reason: 'shared', devices })),
  };
  const news = inventoryNews('abcdefghijkl', 'north', 0, batch)!;
  expect(news).toMatchObject({
    tenant_id: 'abcdefghijkl',
    partition: 'north',
    at: '1970-01-01T00:00:00.000Z',
  });
  const { created, merged, separated, conflicts } = news;
  expect([created.count, merged.count, separated.count, conflicts.count]).toEqual([1_000, 1_000, 1, 1_000]);
  expect([created.devices, merged.devices, conflicts.opened].map(({ length }) => length)).toEqual([
    20, 20, 20,
  ]);
  expect(separated.devices).toEqual([{ device_id: 'sr:1000', other_id: 'sr:one', reason: 'mac', who: null }]);
  expect(conflicts.opened[0]!.devices).toHaveLength(10);
  expect(JSON.stringify(news).length).toBeLessThan(10_000);
  expect(countsOf(batch)).toEqual({ created: 1_000, merged: 1_000, separated: 1, conflict: 1_000 });
});

test('what did nothing is told to nobody', () => {
  expect(inventoryNews('abcdefghijkl', 'north', 0, { created: [], merges: [], opened: [] })).toBeNull();
});

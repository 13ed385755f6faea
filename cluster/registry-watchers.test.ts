import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RegistryFilter } from './registry-index.ts';
import { RegistryWatchers } from './registry-watchers.ts';

const tenants = ['a', 'b', 'c'];

test('of a tenant those are found that a look at all of them finds, in the same order', () => {
  const step = fc.record({
    watcher: fc.nat(8),
    filter: fc.option(fc.record({ tenant: fc.constantFrom(...tenants) }, { requiredKeys: [] })),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const watchers = new RegistryWatchers();
      const all = new Map<number, RegistryFilter>();
      for (const { watcher, filter } of steps) {
        all.delete(watcher);
        if (filter === null) watchers.delete(watcher);
        else {
          watchers.set(watcher, filter);
          all.set(watcher, filter);
        }
      }
      expect([...watchers]).toEqual([...all]);
      expect(watchers.size).toBe(all.size);
      for (const tenant of tenants) {
        const found = [...all].filter(
          ([, filter]) => filter.tenant === undefined || filter.tenant === tenant,
        );
        const byNumber = (one: Iterable<readonly [number, RegistryFilter]>) =>
          [...one].sort(([a], [b]) => a - b);
        expect(byNumber(watchers.of(tenant))).toEqual(byNumber(found));
      }
    }),
  );
});

test('watchers that came one after the other are told one after the other, whichever tenant they named', () => {
  const watchers = new RegistryWatchers();
  for (const [watcher, tenant] of [[1, 'a'], [2], [3, 'a'], [4, 'b'], [5]] as const)
    watchers.set(watcher, tenant === undefined ? {} : { tenant });
  expect([...watchers.of('a')].map(([watcher]) => watcher)).toEqual([1, 2, 3, 5]);
  expect([...watchers.of('c')].map(([watcher]) => watcher)).toEqual([2, 5]);
});

import { expect, test } from 'vitest';
import { openReconciler } from '../ours/identity.ts';
import { identityCost } from '../ours/identity-cost.ts';
import { singleUpdates, steadyBatches } from './steady.ts';

test('all sources and all later updates speak of the same devices', () => {
  const plan = { devices: 50, single: 40 };
  const grouping = openReconciler();
  for (const batch of steadyBatches(plan)) grouping.apply(batch);
  for (const update of singleUpdates(plan)) grouping.apply([update]);
  expect(grouping.groups()).toHaveLength(4 * 50 + 40);
  expect(new Set(grouping.groups()).size).toBe(50);
});

test('the index is a part of what a device costs', () => {
  const cost = identityCost({ devices: 2_000, single: 10 });
  expect(cost.index_bytes_per_device).toBeGreaterThan(100);
  expect(cost.index_bytes_per_device).toBeLessThan(cost.bytes_per_device!);
  expect(cost.update_p99_ms).toBeGreaterThan(0);
});

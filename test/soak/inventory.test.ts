import { expect, test } from 'vitest';
import { runInventory } from './inventory.ts';

test('of devices that trade addresses none is lost and none merged, and another holder of the lease reads them back', async () => {
  const ran = await runInventory({ seed: 5, devices: 500, rounds: 3, swapped: 0.2 }, () => {});
  expect(ran).toMatchObject({ rounds: 3, lost: 0, merged: 0, live: 500 });
});

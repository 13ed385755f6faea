import { expect, test } from 'vitest';
import { finalState } from './identity/final-state.ts';
import { newPending } from './inventory-changes.ts';
import { loadInventory } from './inventory-load.ts';
import { TenantInventory } from './tenant-inventory.ts';
import { keptInventory } from './testing/kept-inventory.ts';

const place = { tenantId: 'abcdefghijkl', epoch: 1 };
const devices = 900;

/** Each device by two sources that have its MAC in common; of fifty devices one has a docking station's. */
function updates(): object[] {
  const of = (n: number, source: string, metadata: object) => ({
    ...{
      source,
      ip: `10.8.${n >> 8}.${n & 255}`,
      hostname: `host-${n}`,
      timestamp: 1_750_000_000 + n,
      metadata,
    },
    mac: `001B21${(n % 50 === 0 ? 99_999 : n).toString(16).padStart(6, '0')}`,
  });
  const all = Array.from({ length: devices }, (_, n) => n);
  return all.flatMap((n) => {
    const other = (n * 7) % devices;
    return [
      of(n, 'armis', { armis_device_id: `${n}` }),
      of(other, 'netbox', { netbox_device_id: `${other}` }),
    ];
  });
}

const told = ({ reconciler }: TenantInventory) =>
  Object.values(finalState(reconciler.partitions.values(), 0))
    .flat()
    .map((one) => JSON.stringify(one, (key, value) => (key === 'line' ? null : value)))
    .sort();

test('what is grouped anew in several pieces is what it was, also where a MAC ties what is in different pieces', async () => {
  const kept = keptInventory();
  await kept.store.claim(place);
  const memory = new TenantInventory(() => 'sr:none');
  const pending = newPending();
  memory.take('default', updates(), 0, pending);
  await kept.store.write(place, kept.store.prepare(memory.changes('default', pending, null).changes));
  const next = new TenantInventory(() => 'sr:none');
  let pieces = 0;
  await loadInventory(kept.store, place.tenantId, next.reconciler, async () => {
    pieces += 1;
  });
  expect(pieces).toBeGreaterThan(1);
  expect(told(next)).toEqual(told(memory));
});

/** Reads what a store remembers of a tenant's devices into a reconciler that is empty, page by page. */

import type { Reconciler } from './identity/reconciler.ts';
import type { PartitionRow, SnapshotLine } from './identity/snapshot.ts';
import { BadSnapshot, Loader } from './identity/snapshot-loader.ts';
import type { InventoryStore } from './ports/inventory-store.ts';
import { Told } from './told.ts';

/** Answers what of each partition is told. Throws `BadSnapshot`. */
export async function loadInventory(
  store: Pick<InventoryStore, 'load'>,
  tenantId: string,
  reconciler: Reconciler,
  giveWay: () => Promise<void> = async () => {},
): Promise<Map<string, Told>> {
  const all = new Map<string, Told>();
  let loader: Loader | null = null;
  let name = '';
  const finish = async () => {
    if (loader === null) return;
    const devices = reconciler.partition(name);
    const told = new Told();
    // What making groups of it adds, if anything, is written with the next batch.
    told.merges = devices.inventory.merges.length;
    told.separations = devices.separations.all.length;
    // The core has other things to do: a large inventory takes seconds.
    for (const _ of loader.finishing()) await giveWay();
    told.tell(devices);
    all.set(name, told);
    loader = null;
  };
  for await (const page of store.load(tenantId))
    for (const { kind, row } of page) {
      if (kind === 'partition') {
        await finish();
        const head = row as PartitionRow;
        name = head.name;
        loader = new Loader(reconciler.partition(name), head);
      } else if (loader === null) throw new BadSnapshot('no partition is named');
      else (loader as Loader).take({ [kind]: row } as unknown as SnapshotLine);
    }
  await finish();
  return all;
}

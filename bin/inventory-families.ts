/** What a core tells of the devices that it reconciles, of all tenants together. */
import type { InventoryTotals } from '../actors/index.ts';
import { asked, each, type FamilyGroup, labelled, plain } from '../watch/index.ts';
import { joined } from './role-families.ts';

export function inventoryFamilies(counts: { totals(): InventoryTotals }): FamilyGroup {
  return asked(
    async () => counts.totals(),
    (latest) => [
      labelled(
        'counter',
        'picket_reconciler_updates_total',
        'Device updates that were reconciled and written, by what became of them.',
        () => each('action', latest().updates),
      ),
      labelled(
        'counter',
        'picket_reconciler_documents_total',
        'Documents of device updates that ended in the inventory, or could not be reconciled.',
        () => each('outcome', latest().documents),
      ),
      labelled(
        'counter',
        'picket_reconciler_changes_total',
        'Devices created, merged and separated, and conflicts that were opened.',
        () => each('change', { ...latest().changes }),
      ),
      plain(
        'counter',
        'picket_reconciler_busy_total',
        'Messages with device updates that were refused because too many waited.',
        () => latest().busy,
      ),
      plain(
        'gauge',
        'picket_reconciler_waiting_updates',
        'Device updates that wait for their reconciler.',
        () => latest().waiting,
      ),
      plain(
        'gauge',
        'picket_reconciler_unwritten_batches',
        'Batches of device updates that are decided and not in the store.',
        () => latest().unwritten,
      ),
      plain(
        'gauge',
        'picket_reconciler_devices',
        'Devices in memory, those too that were merged.',
        () => latest().devices,
      ),
      plain(
        'gauge',
        'picket_reconciler_evidence',
        'Sets of identifiers, interface tables, addresses and service components in memory.',
        () => latest().residents,
      ),
      plain(
        'gauge',
        'picket_reconciler_greatest_evidence',
        'The same, of the tenant that has the most.',
        () => latest().greatestResidents,
      ),
      {
        type: 'histogram',
        name: 'picket_reconciler_write_duration_seconds',
        help: 'How long the store took to write a batch.',
        read: () => joined([latest().writes]),
      },
    ],
  );
}

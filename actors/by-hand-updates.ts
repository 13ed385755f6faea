/**
 * Devices that people wrote down, as updates of source `manual`, so that what is seen of them later is the same device. Between the store,
 * which has them as they were written, and the tenant's reconciler. Pure.
 */
import type { DeviceToSee } from './ports/inventory-store.ts';
import type { UpdateOutcome } from './reconciler-messages.ts';

export interface ManualUpdate {
  /** The id that it was written down with. */
  readonly id: string;
  readonly update: { readonly device_id?: string };
}

export interface PartitionUpdates {
  readonly partition: string;
  readonly updates: readonly ManualUpdate[];
}

/** In the order in which partitions are named first. */
export function manualUpdates(devices: readonly DeviceToSee[]): PartitionUpdates[] {
  const parts = new Map<string, ManualUpdate[]>();
  for (const device of devices) {
    const updates = parts.get(device.partition) ?? [];
    parts.set(device.partition, updates);
    updates.push({ id: device.id, update: manualUpdate(device) });
  }
  return [...parts].map(([partition, updates]) => ({ partition, updates }));
}

/**
 * The name is what people call it, and no host name. The first MAC or else the first address makes the id that it has already; of one
 * with neither the id itself is asserted, for the rules would make another.
 */
function manualUpdate({ id, partition, addresses, macs, serial, createdAtMs }: DeviceToSee) {
  const [ip] = addresses;
  const [mac, ...more] = macs;
  return {
    source: 'manual',
    partition,
    timestamp: new Date(createdAtMs).toISOString(),
    ...(ip !== undefined && { ip }),
    ...(mac !== undefined && { mac }),
    ...(ip === undefined && mac === undefined && { device_id: id }),
    ...(serial !== null && { metadata: { serial } }),
    ...(more.length > 0 && { interfaces: more.map((mac) => ({ mac })) }),
  };
}

/**
 * Those that were seen as somebody else before they were read, with their own id asserted: one device then, or a conflict for people to
 * decide. Null: there are none.
 */
export function othersOf(
  { partition, updates }: PartitionUpdates,
  outcomes: readonly UpdateOutcome[],
): PartitionUpdates | null {
  const others = updates.filter(({ id, update }, at) => {
    const outcome = outcomes[at]!;
    const found = 'device_id' in outcome ? outcome.device_id : null;
    return found !== null && found !== id && update.device_id === undefined;
  });
  if (others.length === 0) return null;
  return {
    partition,
    updates: others.map(({ id, update }) => ({ id, update: { ...update, device_id: id } })),
  };
}

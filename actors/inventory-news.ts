/**
 * What a batch did to a tenant's devices and who is told, once it is written: one message a batch, however much it did. Who hears nothing
 * reads the rows. What became of each update is answered to whoever sent it.
 */
import type { Publisher, PubSub, Topic } from '../cluster/index.ts';
import type { AuditedMerge, SeenConflict } from './ports/inventory-store.ts';
import { newsConflictDevicesMax, newsItemsMax } from './reconcile-limits.ts';

/** Of one tenant, for itself. */
export function inventoryTopic(tenantId: string): Topic<InventoryNews> {
  return { tenant: tenantId, name: 'inventory' };
}

/** Each list has the first 20, and how many there are. */
export interface InventoryNews {
  readonly tenant_id: string;
  readonly partition: string;
  readonly at: string;
  readonly created: { readonly count: number; readonly devices: readonly string[] };
  readonly merged: { readonly count: number; readonly devices: readonly MovedDevice[] };
  /** By the rules, or by a person (`unmerged`). */
  readonly separated: { readonly count: number; readonly devices: readonly MovedDevice[] };
  readonly conflicts: { readonly count: number; readonly opened: readonly OpenedConflict[] };
}

export interface MovedDevice {
  readonly device_id: string;
  /** The device into which it was merged, or out of which it came. */
  readonly other_id: string;
  readonly reason: string;
  /** An operator; null: the rules. */
  readonly who: string | null;
}

export interface OpenedConflict {
  readonly type: string;
  readonly scope: string;
  readonly value: string;
  readonly reason: string;
  /** The first 10. */
  readonly devices: readonly string[];
}

/** What of a batch is news. */
export interface BatchNews {
  /** Ids of devices that were not there before, and are merged into none. */
  readonly created: readonly string[];
  readonly merges: readonly AuditedMerge[];
  /** Those that were none before. */
  readonly opened: readonly SeenConflict[];
}

export interface NewsCounts {
  readonly created: number;
  readonly merged: number;
  readonly separated: number;
  readonly conflict: number;
}

export function countsOf({ created, merges, opened }: BatchNews): NewsCounts {
  const merged = merges.filter(({ what }) => what === 'merge').length;
  const separated = merges.length - merged;
  return { created: created.length, merged, separated, conflict: opened.length };
}

/** Null: nothing is. */
export function inventoryNews(
  tenantId: string,
  partition: string,
  atMs: number,
  { created, merges, opened }: BatchNews,
): InventoryNews | null {
  if (created.length + merges.length + opened.length === 0) return null;
  return {
    ...{ tenant_id: tenantId, partition, at: new Date(atMs).toISOString() },
    created: { count: created.length, devices: created.slice(0, newsItemsMax) },
    merged: moved(merges.filter(({ what }) => what === 'merge')),
    separated: moved(merges.filter(({ what }) => what === 'separation')),
    conflicts: { count: opened.length, opened: opened.slice(0, newsItemsMax).map(openedConflict) },
  };
}

export function announceInventory(topics: PubSub, from: Publisher, news: InventoryNews): void {
  topics.publish(from, inventoryTopic(news.tenant_id), news);
}

function moved(merges: readonly AuditedMerge[]): InventoryNews['merged'] {
  const devices = merges
    .slice(0, newsItemsMax)
    .map(({ from, to, reason, who }) => ({ device_id: from, other_id: to, reason, who }));
  return { count: merges.length, devices };
}

function openedConflict({ type, scope, value, reason, devices }: SeenConflict): OpenedConflict {
  return { type, scope, value, reason: reason ?? '', devices: devices.slice(0, newsConflictDevicesMax) };
}

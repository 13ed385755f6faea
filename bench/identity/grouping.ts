/**
 * The seam between a way of deciding and what judges it: updates of one tenant go in, in batches, and at the end it says of
 * each update in which group it is. Ours and the peers are measured through this and nothing else.
 */
import { byTenant } from './truth.ts';
import type { DeviceUpdate, Sighting } from './update.ts';

/** One tenant's reconciler, without anything known yet. */
export interface Grouping {
  /** Time is measured over this alone. */
  apply(batch: readonly DeviceUpdate[]): void;
  /**
   * For each update that was applied, in order, the id of the device that it belongs to by now: after all merges and
   * separations. Null: it belongs to none (a mere sighting, or dropped). Empty when nothing is remembered.
   */
  groups(): readonly (string | null)[];
  /** How many conflicts are on record; absent of one that has no such thing. */
  conflicts?(): number;
}

/**
 * `remembers`, as it does unless told: it keeps of each update what `groups` needs. That is the judge's, and no part of deciding: where
 * only time is measured an update is forgotten with its batch, as it is wherever devices are reconciled for real.
 */
export type OpenGrouping = (remembers?: boolean) => Grouping;

export interface Grouped {
  /** In the order of the given sightings; the ids of different tenants differ. */
  readonly groups: readonly (string | null)[];
  /** In `apply`, of all tenants together. */
  readonly applyMs: number;
  readonly conflicts: number | null;
}

/** As many updates as a page of a source has. */
const updatesPerBatch = 1_000;

/** Applies them batch after batch, and answers how long it took. */
export function appliedMs(grouping: Grouping, updates: readonly DeviceUpdate[], nowMs: () => number): number {
  const startMs = nowMs();
  for (let at = 0; at < updates.length; at += updatesPerBatch)
    grouping.apply(updates.slice(at, at + updatesPerBatch));
  return nowMs() - startMs;
}

export function groupAll(sightings: readonly Sighting[], open: OpenGrouping, nowMs: () => number): Grouped {
  const places = new Map<number, number[]>();
  for (const [at, { tenant }] of sightings.entries()) {
    const of = places.get(tenant);
    if (of === undefined) places.set(tenant, [at]);
    else of.push(at);
  }
  const groups = new Array<string | null>(sightings.length).fill(null);
  let applyMs = 0;
  let conflicts: number | null = null;
  for (const [tenant, ofTenant] of byTenant(sightings)) {
    const grouping = open();
    const updates = ofTenant.map(({ update }) => update);
    applyMs += appliedMs(grouping, updates, nowMs);
    for (const [n, group] of grouping.groups().entries())
      if (group !== null) groups[places.get(tenant)![n]!] = `${tenant}|${group}`;
    if (grouping.conflicts !== undefined) conflicts = (conflicts ?? 0) + grouping.conflicts();
  }
  return { groups, applyMs, conflicts };
}

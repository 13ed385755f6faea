/** What became of each line of a batch, in words: read from the grouping after it was decided, and decides nothing. */

import type { AddressRecord } from './addresses.ts';
import type { Conflict } from './conflicts.ts';
import type { DeviceRecord } from './device-record.ts';
import type { Evidence, Identifier } from './evidence.ts';
import { identifiersOf } from './evidence.ts';
import type { ServiceComponent } from './partition.ts';
import type { Observation } from './read-update.ts';
import { tiesBetween } from './ties.ts';

export type LineAction =
  | 'created'
  | 'matched'
  | 'merged'
  | 'kept'
  | 'sighting'
  | 'dropped'
  | 'blocked'
  | 'deleted'
  | 'restored';

export interface LineOutcome {
  readonly line: number;
  readonly deviceId: string | null;
  readonly action: LineAction;
  readonly reason: string;
}

/** One line on its way through a batch. */
export interface Placed {
  readonly line: number;
  readonly observation: Observation;
  readonly evidence: Evidence | null;
  /** Evidence, or a sighting, that was not there before the batch. */
  readonly isNew: boolean;
  readonly record: AddressRecord | null;
  readonly service: ServiceComponent | null;
  drop: string | null;
  device?: DeviceRecord | null;
  retracted?: 'deleted' | 'already' | 'seen_since';
}

export interface BatchOutcome {
  readonly placed: readonly Placed[];
  /** Devices that this batch made. */
  readonly made: ReadonlySet<DeviceRecord>;
  /** Whether each device was deleted before. */
  readonly deleted: ReadonlyMap<DeviceRecord, boolean>;
  readonly refused: ReadonlyMap<Identifier, Conflict['reason']>;
  /** Devices into which others were merged, with the reasons. */
  readonly merged: ReadonlyMap<DeviceRecord, readonly string[]>;
}

export function outcomesOf(batch: BatchOutcome): LineOutcome[] {
  const told = new Set<DeviceRecord>();
  const mergesTold = new Set<DeviceRecord>();
  return batch.placed.map((one) => {
    const outcome = outcomeOf(one, batch, told, mergesTold);
    if (one.device != null) told.add(one.device);
    return outcome;
  });
}

function outcomeOf(
  one: Placed,
  batch: BatchOutcome,
  told: ReadonlySet<DeviceRecord>,
  mergesTold: Set<DeviceRecord>,
): LineOutcome {
  const { line, observation, evidence, record, service, drop } = one;
  const device = one.device ?? null;
  const say = (action: LineAction, reason: string): LineOutcome => ({
    line,
    deviceId: device?.id ?? null,
    action,
    reason,
  });
  if (drop !== null) return { ...say('dropped', drop), deviceId: null };
  if (service !== null) return { ...say('kept', 'service_component'), deviceId: service.id };
  if (observation.isRetraction)
    return one.retracted === 'seen_since' ? say('matched', 'seen_since') : say('deleted', 'retracted');
  if (device === null) return say('sighting', record === null ? 'unknown' : 'address_only');
  if (batch.deleted.get(device) === true && !device.isDeleted && evidence !== null)
    return say('restored', 'seen_again');
  const refusal = one.isNew && evidence !== null ? refusalOf(evidence, batch.refused) : null;
  if (refusal !== null) return say('blocked', refusal);
  const merges = batch.merged.get(device);
  if (merges !== undefined && !mergesTold.has(device) && (one.isNew || evidence === null)) {
    mergesTold.add(device);
    return say('merged', merges[0]!);
  }
  const isAsserted = observation.named.some(({ kind, value }) => kind === 'asserted' && value === device.id);
  if (isAsserted) return say('kept', 'asserted_id');
  if (batch.made.has(device) && !told.has(device))
    return say('created', record === null ? 'new_device' : 'address_only');
  return say('matched', matchReason(one));
}

/** A tie to another device than the one that held the identifier first. */
function refusalOf(evidence: Evidence, refused: ReadonlyMap<Identifier, Conflict['reason']>): string | null {
  for (const identifier of identifiersOf(evidence)) {
    const reason = identifier.isShared ? 'shared' : refused.get(identifier);
    if (reason === undefined || identifier.isBanned) continue;
    const [first] = identifier.holders;
    if (first !== undefined && first.group !== evidence.group) return reason;
  }
  return null;
}

/** The best thing that it has in common with the rest of its device. */
function matchReason({ evidence, record }: Placed): string {
  if (evidence === null || record !== null) return 'ip';
  const ties = tiesBetween([evidence], evidence.group?.evidence ?? []);
  const own = [...evidence.ids, ...evidence.macs, ...evidence.locals].find(
    (id) => !id.isShared && !id.isBanned,
  );
  return ties[0]?.kind ?? own?.kind ?? 'ip';
}

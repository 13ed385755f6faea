/** What became of each line of a batch, in words: read from the grouping after it was decided, and decides nothing. */

import type { AddressRecord } from './addresses.ts';
import type { Conflict } from './conflicts.ts';
import type { DeviceRecord } from './device-record.ts';
import type { Evidence, Identifier } from './evidence.ts';
import type { Observation } from './read-update.ts';
import type { ServiceComponent } from './services.ts';

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
  evidence: Evidence | null;
  /** Evidence, or a sighting, that was not there before the batch. */
  isNew: boolean;
  record: AddressRecord | null;
  service: ServiceComponent | null;
  drop: string | null;
  device: DeviceRecord | null;
  retracted: 'deleted' | 'already' | 'seen_since' | null;
}

export function newPlaced(line: number, observation: Observation): Placed {
  return {
    line,
    observation,
    evidence: null,
    isNew: false,
    record: null,
    service: null,
    drop: null,
    device: null,
    retracted: null,
  };
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
    if (one.device !== null) told.add(one.device);
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
  const { device } = one;
  const deviceId = device === null ? null : device.id;
  const say = (action: LineAction, reason: string): LineOutcome => ({ line, deviceId, action, reason });
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
  for (const list of [evidence.ids, evidence.macs, evidence.locals, evidence.localClaims])
    for (const identifier of list) {
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
  const { ids, macs, locals, group } = evidence;
  let own: Identifier | null = null;
  for (const list of [ids, macs, locals])
    for (const id of list) {
      if (!id.isFree) continue;
      own ??= id;
      for (const one of id.holders) if (one !== evidence && one.group === group) return id.kind;
    }
  return own?.kind ?? 'ip';
}

/** What became of each line of a batch, in words: read from the grouping after it was decided, and decides nothing. */

import type { AddressRecord } from './addresses.ts';
import type { DeviceRecord } from './device-record.ts';
import type { Evidence, Identifier } from './evidence.ts';
import type { Observation } from './read-update.ts';
import type { RefusedTies } from './refused-ties.ts';
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
  readonly refused: RefusedTies;
  /** Devices into which others were merged, with the reasons. */
  readonly merged: ReadonlyMap<DeviceRecord, readonly string[]>;
}

export function outcomesOf(batch: BatchOutcome): LineOutcome[] {
  const told = new Set<DeviceRecord>();
  const mergesTold = new Set<DeviceRecord>();
  return batch.placed.map((one) => {
    const outcome = outcomeOf(one, batch, told, mergesTold);
    if (one.device !== null && batch.made.has(one.device)) told.add(one.device);
    return outcome;
  });
}

function outcomeOf(
  one: Placed,
  batch: BatchOutcome,
  told: ReadonlySet<DeviceRecord>,
  mergesTold: Set<DeviceRecord>,
): LineOutcome {
  const { observation, evidence, record, service, drop, device } = one;
  if (drop !== null) return said(one, null, 'dropped', drop);
  const id = service?.id ?? device?.id ?? null;
  if (observation.isRetraction) {
    const isSeenSince = one.retracted === 'seen_since';
    return isSeenSince ? said(one, id, 'matched', 'seen_since') : said(one, id, 'deleted', 'retracted');
  }
  if (service !== null) return said(one, id, 'kept', 'service_component');
  if (device === null) return said(one, null, 'sighting', record === null ? 'unknown' : 'address_only');
  if (batch.deleted.get(device) === true && !device.isDeleted && evidence !== null)
    return said(one, id, 'restored', 'seen_again');
  const refusal = one.isNew && evidence !== null ? refusalOf(evidence, batch.refused) : null;
  if (refusal !== null) return said(one, id, 'blocked', refusal);
  const merges = batch.merged.get(device);
  if (merges !== undefined && !mergesTold.has(device) && (one.isNew || evidence === null)) {
    mergesTold.add(device);
    return said(one, id, 'merged', merges[0]!);
  }
  if (isAsserted(observation, device)) return said(one, id, 'kept', 'asserted_id');
  if (batch.made.has(device) && !told.has(device))
    return said(one, id, 'created', record === null ? 'new_device' : 'address_only');
  return said(one, id, 'matched', matchReason(one));
}

function said({ line }: Placed, deviceId: string | null, action: LineAction, reason: string): LineOutcome {
  return { line, deviceId, action, reason };
}

function isAsserted({ named }: Observation, { id }: DeviceRecord): boolean {
  for (const { kind, value } of named) if (kind === 'asserted' && value === id) return true;
  return false;
}

/** A tie to another device than the one that held the identifier first. */
function refusalOf(evidence: Evidence, refused: RefusedTies): string | null {
  const { ids, macs, locals, localClaims } = evidence;
  return (
    refusalBy(ids, evidence, refused) ??
    refusalBy(macs, evidence, refused) ??
    refusalBy(locals, evidence, refused) ??
    refusalBy(localClaims, evidence, refused)
  );
}

function refusalBy(list: readonly Identifier[], { group }: Evidence, refused: RefusedTies): string | null {
  for (const identifier of list) {
    const reason = identifier.isShared ? 'shared' : refused.get(identifier);
    if (reason === undefined || identifier.isBanned) continue;
    const first = identifier.holders[0];
    if (first !== undefined && first.group !== group) return reason;
  }
  return null;
}

/** The best thing that it has in common with the rest of its device. */
function matchReason({ evidence, record }: Placed): string {
  if (evidence === null || record !== null) return 'ip';
  const { ids, macs, locals } = evidence;
  const best = commonOf(ids, evidence) ?? commonOf(macs, evidence) ?? commonOf(locals, evidence);
  const own = best ?? ids.find(isFree) ?? macs.find(isFree) ?? locals.find(isFree);
  return own?.kind ?? 'ip';
}

/** One that others of its device have too. */
function commonOf(list: readonly Identifier[], evidence: Evidence): Identifier | null {
  for (const id of list) {
    if (!id.isFree) continue;
    for (const one of id.holders) if (one !== evidence && one.group === evidence.group) return id;
  }
  return null;
}

function isFree(id: Identifier): boolean {
  return id.isFree;
}

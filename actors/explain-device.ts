/**
 * Why a device is the one that it is: what identifies it and who said so when, what it was merged with and by what evidence, what
 * would tie it to others and does not count, and at which addresses it is known. Read from memory; decides nothing.
 */

import { aliasOf } from './identity/address-owner.ts';
import { type DeviceRecord, isAddress } from './identity/device-record.ts';
import type { Evidence, Identifier } from './identity/evidence.ts';
import { identifiersOf } from './identity/evidence.ts';
import { conflictRow } from './identity/final-state.ts';
import type { Group } from './identity/groups.ts';
import type { PartitionDevices } from './identity/partition.ts';
import { isGone } from './identity/services.ts';
import { textOf } from './identity/ties.ts';
import type { Explanation } from './messages.ts';
import { explainedLinesMax } from './reconcile-limits.ts';

const reasons: Record<string, string> = {
  shared: 'it ties what cannot be one device, so it identifies nobody',
  mac_only_conflict: 'both have this MAC and nothing else in common, so they are not merged',
  medium_confidence_only: 'a locally administered MAC alone merges nothing',
  asserted_conflict: 'one id was asserted for what has two values of one kind',
};

export function explainDevice(devices: PartitionDevices, id: string): Explanation | null {
  const service = devices.services.get(id);
  if (service !== undefined) {
    const because = [
      `a service component: kept by its id, never grouped; said by ${[...service.sources].join(', ')}`,
    ];
    if (isGone(service)) because.push('retracted by its id, and not seen since');
    return { subject: id, state: isGone(service) ? 'deleted' : 'service_component', because };
  }
  const record = devices.inventory.records.get(id);
  if (record === undefined) return null;
  const { group } = record;
  const because = [
    ...originOf(record),
    ...(group === null ? [] : identifierLines(group)),
    ...(group === null ? [] : addressLines(group)),
    ...mergeLines(devices, id),
    ...(group === null ? [] : conflictLines(devices, group, id)),
    ...(group === null ? [] : overruledLines(group)),
  ];
  return { subject: id, state: stateOf(record), because };
}

function stateOf({ mergedInto, isDeleted, group }: DeviceRecord): string {
  if (mergedInto !== null) return `merged into ${mergedInto.id}`;
  if (isDeleted) return 'deleted';
  if (group?.address !== null && group?.address !== undefined) return 'provisional';
  return group?.isStrong === true ? 'identified' : 'weak';
}

function originOf({ founder, assertedMs, mergedInto, merge }: DeviceRecord): string[] {
  const place = isAddress(founder)
    ? `first known by its address ${founder.ip} alone`
    : `first known by ${identifiersOf(founder).map(textOf).join(' ') || 'nothing that counts any more'}`;
  const lines = [place];
  if (assertedMs !== null) lines.push(`its id is asserted by its sender since ${iso(assertedMs)}`);
  if (mergedInto !== null && merge !== null)
    lines.push(`it is ${mergedInto.id} now: by ${merge.evidence.join(' ')}`);
  return lines;
}

/** The ones that hold it together first. */
function identifierLines({ evidence }: Group): string[] {
  const holders = new Map<Identifier, Evidence[]>();
  for (const one of evidence)
    for (const identifier of identifiersOf(one)) {
      const of = holders.get(identifier);
      if (of === undefined) holders.set(identifier, [one]);
      else of.push(one);
    }
  const sorted = [...holders].sort(([, a], [, b]) => b.length - a.length);
  return bounded(sorted, ([identifier, of]) => {
    const worth = identifier.isBanned
      ? ' (banned: it identifies nobody)'
      : identifier.isShared
        ? ' (shared: it identifies nobody)'
        : of.length > 1
          ? ` ties ${of.length} sets of evidence`
          : '';
    return `${textOf(identifier)}${worth}: ${saidBy(of)}`;
  });
}

/** Who said it, and from when to when. */
function saidBy(evidence: readonly Evidence[]): string {
  const spans = new Map<string, [number, number]>();
  for (const { seen } of evidence)
    for (const { source, firstMs, lastMs } of seen) {
      const span = spans.get(source) ?? [firstMs, lastMs];
      spans.set(source, [Math.min(span[0], firstMs), Math.max(span[1], lastMs)]);
    }
  return [...spans]
    .map(([source, [from, to]]) => `said by ${source} from ${iso(from)} to ${iso(to)}`)
    .join(', ');
}

function addressLines(group: Group): string[] {
  const records = new Set(group.evidence.flatMap(({ addresses }) => addresses));
  if (group.address !== null) records.add(group.address);
  return bounded([...records], (record) => {
    const { ip, holds, glimpses, said } = record;
    const last = holds.findLast(({ by }) => by.group === group);
    const words: string[] = [];
    if (last !== undefined) words.push(`held until ${iso(last.atMs)}`);
    if (record === group.address) words.push(`seen ${glimpses.length} times with nothing that identifies`);
    if (said !== null && said.group === group) words.push('a person says that it is an alias');
    else if (aliasOf(record) === group) words.push('a confirmed alias: its own interface table shows it');
    return words.length === 0 ? null : `address ${ip}: ${words.join('; ')}`;
  });
}

/** Of it, and of what is in it now. */
function mergeLines({ inventory }: PartitionDevices, id: string): string[] {
  const parts = new Set([id]);
  for (const { id: other, mergedInto } of inventory.records.values())
    if (mergedInto?.id === id) parts.add(other);
  const rows = inventory.merges.filter(({ from, to }) => parts.has(from) || to === id);
  return bounded(rows.slice(-explainedLinesMax), ({ what, from, to, reason, evidence, atMs }) => {
    const by = evidence.length === 0 ? '' : ` (${evidence.join(' ')})`;
    return what === 'merge'
      ? `${from} was merged into ${to} at ${iso(atMs)} by ${reason}${by}`
      : `${from} was separated from ${to} at ${iso(atMs)}: ${reason}`;
  });
}

/** Why it is not merged with others. */
function conflictLines(devices: PartitionDevices, { evidence }: Group, id: string): string[] {
  const identifiers = new Set(evidence.flatMap(identifiersOf));
  return bounded([...identifiers], (identifier) => {
    const row = conflictRow(devices, identifier);
    if (row === null) return null;
    const others = row.devices.filter((one) => one !== id).join(' ');
    const why = reasons[row.reason] ?? row.reason;
    return `conflict ${row.reason} of ${textOf(identifier)}${others === '' ? '' : ` with ${others}`}: ${why}`;
  });
}

/** What a person took out of it when he held devices apart. */
function overruledLines({ evidence }: Group): string[] {
  const overruled = new Set(evidence.flatMap((one) => one.overruled));
  return bounded([...overruled], (one) => `overruled by an unmerge: ${textOf(one)} does not count for it`);
}

function bounded<T>(all: readonly T[], lineOf: (one: T) => string | null): string[] {
  const lines: string[] = [];
  for (const one of all) {
    const line = lineOf(one);
    if (line !== null && lines.length < explainedLinesMax) lines.push(line);
  }
  return lines;
}

function iso(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : 'never';
}

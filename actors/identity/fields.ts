/**
 * What is told of a device: its address, name and availability, of all that was said of it. A field of a better source stands for
 * 24 h against worse ones; availability is the latest word, whoever said it. A function of what was said, not of its order.
 */

import { ownerAt, standingGlimpses } from './address-owner.ts';
import type { AddressRecord, Glimpse } from './addresses.ts';
import type { Evidence } from './evidence.ts';
import type { Group } from './groups.ts';
import { isBetterMac } from './identifier-rules.ts';
import { spelledAs } from './identifiers.ts';
import { identityLimits as limits } from './limits.ts';
import type { Observation } from './read-update.ts';

export interface DeviceFields {
  ip: string | null;
  mac: string | null;
  hostname: string | null;
  isAvailable: boolean | null;
  firstSeenMs: number | null;
  lastSeenMs: number | null;
  sources: string[];
  /** The latest observation by something that identifies: one after a retraction restores the device. */
  strongLastMs: number | null;
}

interface Word<T> {
  value: T;
  atMs: number;
  confidence: number;
}

class Words<T extends string | boolean> {
  private readonly said: Word<T>[] = [];

  add(value: T | null, atMs: number, confidence: number): void {
    if (value !== null) this.said.push({ value, atMs, confidence });
  }

  /** The latest; of one instant the greater value. */
  latest(): T | null {
    return this.best((a, b) => b.atMs - a.atMs);
  }

  /** Of those within 24 h of the latest the best source, and the latest of it. */
  trusted(): T | null {
    const latestMs = Math.max(...this.said.map(({ atMs }) => atMs));
    return this.best(
      (a, b) => b.confidence - a.confidence || b.atMs - a.atMs,
      ({ atMs }) => latestMs - atMs < limits.betterFieldMs,
    );
  }

  private best(
    order: (a: Word<T>, b: Word<T>) => number,
    of: (word: Word<T>) => boolean = () => true,
  ): T | null {
    const sorted = this.said.filter(of).sort((a, b) => order(a, b) || (a.value < b.value ? 1 : -1));
    return sorted[0]?.value ?? null;
  }
}

export function fieldsOf(group: Group): DeviceFields {
  const ip = new Words<string>();
  const mac = new Words<string>();
  const hostname = new Words<string>();
  const available = new Words<boolean>();
  const sources = new Set<string>();
  const instants = { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY };
  let strongLastMs: number | null = null;
  const spoke = (firstMs: number, lastMs: number, saidFirstMs: number | null) => {
    instants.first = Math.min(instants.first, firstMs, saidFirstMs ?? firstMs);
    instants.last = Math.max(instants.last, lastMs);
  };
  for (const evidence of group.evidence) {
    for (const seen of evidence.seen) {
      spoke(seen.firstMs, seen.lastMs, seen.saidFirstMs);
      sources.add(seen.source);
      ip.add(seen.ip, seen.ipMs, seen.confidence);
      mac.add(evidence.seedMac, seen.lastMs, seen.confidence);
      hostname.add(seen.hostname, seen.hostnameMs, seen.confidence);
      available.add(seen.isAvailable, seen.availableMs, seen.confidence);
      if (isSpeaking(evidence)) strongLastMs = Math.max(strongLastMs ?? seen.lastMs, seen.lastMs);
    }
  }
  for (const { record, glimpse } of glimpsesOf(group)) {
    spoke(glimpse.atMs, glimpse.atMs, glimpse.saidFirstMs);
    sources.add(glimpse.source);
    if (group.address !== null) ip.add(record.ip, glimpse.atMs, glimpse.confidence);
    hostname.add(glimpse.hostname, glimpse.atMs, glimpse.confidence);
    available.add(glimpse.isAvailable, glimpse.atMs, glimpse.confidence);
  }
  return {
    ip: ip.trusted(),
    mac: mac.trusted(),
    hostname: hostname.trusted(),
    isAvailable: available.latest(),
    firstSeenMs: Number.isFinite(instants.first) ? instants.first : null,
    lastSeenMs: Number.isFinite(instants.last) ? instants.last : null,
    sources: [...sources].sort(),
    strongLastMs,
  };
}

/** Shared MACs and serials are no reason to restore a device. */
function isSpeaking({ ids, macs }: Evidence): boolean {
  return ids.some(({ isFree }) => isFree) || macs.some(({ isFree }) => isFree);
}

/** What was seen of its addresses alone and belongs to it. */
function* glimpsesOf(group: Group): Generator<{ record: AddressRecord; glimpse: Glimpse }> {
  if (group.address !== null) {
    for (const glimpse of standingGlimpses(group.address)) yield { record: group.address, glimpse };
    return;
  }
  const looked = new Set<AddressRecord>();
  for (const { addresses } of group.evidence) {
    for (const record of addresses) {
      if (looked.has(record)) continue;
      looked.add(record);
      for (const glimpse of record.glimpses)
        if (ownerAt(record, glimpse.atMs) === group) yield { record, glimpse };
    }
  }
}

/** What one source says again of what it said before; `ip` as the address book spells it. */
export function notice(evidence: Evidence, said: Observation, ip: string | null): void {
  const { atMs, source, confidence, isAvailable, firstSeenMs } = said;
  const hostname = said.hostname === null ? null : spelled(evidence, said.hostname);
  let seen = evidence.saidBy(source);
  if (seen === null) {
    const never = 0;
    seen = {
      source,
      confidence,
      firstMs: atMs,
      lastMs: atMs,
      ip: null,
      ipMs: never,
      hostname: null,
      hostnameMs: never,
      isAvailable: null,
      availableMs: never,
      saidFirstMs: null,
    };
    evidence.addSeen(seen);
  }
  if (atMs < seen.firstMs) seen.firstMs = atMs;
  if (atMs >= seen.lastMs) {
    seen.confidence = atMs > seen.lastMs ? confidence : Math.max(confidence, seen.confidence);
    seen.lastMs = atMs;
  }
  if (ip !== null && isLater(atMs, ip, seen.ipMs, seen.ip)) {
    seen.ip = ip;
    seen.ipMs = atMs;
  }
  if (hostname !== null && isLater(atMs, hostname, seen.hostnameMs, seen.hostname)) {
    seen.hostname = hostname;
    seen.hostnameMs = atMs;
  }
  if (isAvailable !== null && isLater(atMs, isAvailable, seen.availableMs, seen.isAvailable)) {
    seen.isAvailable = isAvailable;
    seen.availableMs = atMs;
  }
  if (firstSeenMs !== null) seen.saidFirstMs = Math.min(seen.saidFirstMs ?? firstSeenMs, firstSeenMs);
}

/** Most write a name as it is compared: then it is one text with that. */
function spelled({ names }: Evidence, hostname: string): string {
  for (const name of names) if (name === hostname) return name;
  return hostname;
}

function isLater<T extends string | boolean>(
  atMs: number,
  value: T,
  beforeMs: number,
  before: T | null,
): boolean {
  return before === null || atMs > beforeMs || (atMs === beforeMs && value > before);
}

/** What it is told by of the first that was seen of it, and the best MAC of its own. */
export function noticeFirst(evidence: Evidence, { mac, atMs, order }: Observation, ip: string | null): void {
  const { seedMac, firstMs, macs, locals } = evidence;
  // Its table may hold its own, and one that identifies nobody is no identifier: of several one, whatever came first.
  if (mac !== null && mac !== seedMac && (seedMac === null || isBetterMac(mac, seedMac)))
    evidence.seedMac = spelledAs(mac, macs, locals);
  if (atMs < firstMs || (atMs === firstMs && order < evidence.firstOrder)) {
    evidence.firstMs = atMs;
    evidence.firstOrder = order;
    evidence.firstIp = ip;
  }
}

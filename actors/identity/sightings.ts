/** When addresses that were seen and nothing more are devices, and how long they are told before. */
import { standingGlimpses } from './address-owner.ts';
import type { AddressRecord, Glimpse } from './addresses.ts';
import { isSightingSource, sightingLifeMs } from './identifier-rules.ts';
import type { Observation } from './read-update.ts';

export interface Sighting {
  readonly ip: string;
  readonly sources: readonly string[];
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly expiresAtMs: number;
}

/** Of an observation that has an address and nothing that identifies. */
export function glimpseOf(observation: Observation): Glimpse {
  const { atMs, source, confidence, hostname, isAvailable, subnetClass, firstSeenMs } = observation;
  return {
    atMs,
    source,
    confidence,
    hostname,
    isAvailable,
    lifeMs: sightingLifeMs(subnetClass),
    isSighting: isSightingSource(source),
    saidFirstMs: firstSeenMs,
  };
}

/** A source whose word makes a device, or two sources of which the second spoke while the first was still kept. */
export function sightingIsConfirmed(glimpses: readonly Glimpse[]): boolean {
  if (glimpses.length === 0) return false;
  const last = new Map<string, Glimpse>();
  for (const glimpse of glimpses) {
    if (!glimpse.isSighting) return true;
    for (const [source, { atMs, lifeMs }] of last)
      if (source !== glimpse.source && glimpse.atMs - atMs <= lifeMs) return true;
    last.set(glimpse.source, glimpse);
  }
  return false;
}

/** What is told of an address now; null: it is a device, or its time is over. */
export function sightingAt(record: AddressRecord, nowMs: number): Sighting | null {
  if (record.standing !== null) return null;
  const kept = standingGlimpses(record).filter(({ atMs, lifeMs }) => atMs + lifeMs >= nowMs);
  const [first] = kept;
  if (first === undefined) return null;
  return {
    ip: record.ip,
    sources: [...new Set(kept.map(({ source }) => source))].sort(),
    firstSeenMs: first.atMs,
    lastSeenMs: kept.at(-1)!.atMs,
    expiresAtMs: Math.max(...kept.map(({ atMs, lifeMs }) => atMs + lifeMs)),
  };
}

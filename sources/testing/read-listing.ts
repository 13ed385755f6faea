/** Reads a listing to its end for a test, on a clock whose waits are over at once and are remembered. */
import { performance } from 'node:perf_hooks';
import { systemResolver } from '../../checks/index.ts';
import type { DeviceUpdate } from '../device-update.ts';
import { isFault } from '../errors.ts';
import type { ListingChunk, ListingEnd, ListingNeeds } from '../listing.ts';
import { openListing } from '../open-listing.ts';
import type { SourceSettings } from '../settings.ts';

export const listedAtMs = Date.UTC(2026, 5, 1);

export interface ReadListing {
  readonly devices: DeviceUpdate[];
  readonly retractions: DeviceUpdate[];
  readonly chunks: ListingChunk[];
  readonly end: ListingEnd;
  /** What it would have waited. */
  readonly waitedMs: number[];
}

export interface Read {
  readonly credentials: string;
  readonly known?: Iterable<string>;
  readonly needs?: Partial<ListingNeeds>;
}

export function listingNeeds(waitedMs: number[], { known, needs }: Partial<Read>): ListingNeeds {
  return {
    clock: {
      wallMs: () => listedAtMs,
      monotonicMs: () => performance.now(),
      timer(delayMs, task) {
        waitedMs.push(delayMs);
        const handle = setImmediate(task);
        return () => clearImmediate(handle);
      },
    },
    random: { next: () => 0.5 },
    guard: { allowAll: true },
    resolver: systemResolver,
    signal: new AbortController().signal,
    known: new Set(known ?? []),
    acceptEmpty: false,
    ...needs,
  };
}

export function settingsOf(
  given: Partial<SourceSettings> & Pick<SourceSettings, 'kind' | 'endpoint'>,
): SourceSettings {
  return {
    ...{
      query: null,
      partition: 'default',
      blacklist: [],
      caPem: null,
      pageItems: 10,
      withInterfaces: false,
    },
    ...given,
  };
}

export async function readListing(settings: SourceSettings, read: Read): Promise<ReadListing> {
  const waitedMs: number[] = [];
  const listing = openListing(settings, read.credentials, listingNeeds(waitedMs, read));
  if (isFault(listing)) throw new Error(`${listing.code}: ${listing.detail}`);
  const chunks: ListingChunk[] = [];
  for (;;) {
    const step = await listing.next();
    if (step.done) {
      const of = (kind: ListingChunk['kind']) =>
        chunks.filter((chunk) => chunk.kind === kind).flatMap(({ updates }) => updates);
      return { devices: of('devices'), retractions: of('retractions'), chunks, end: step.value, waitedMs };
    }
    chunks.push(step.value);
  }
}

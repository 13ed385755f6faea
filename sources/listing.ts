/**
 * One listing of another system: page by page as its reader asks for more, to an end that is `complete` or `aborted`. What was
 * there at the last complete listing and is not any more is told as retractions, last, and only when all pages came. Between a
 * dialect and whoever writes updates down; the only state is that of the one listing.
 */
import { type Asking, openAsking } from './asking.ts';
import type { DeviceUpdate } from './device-update.ts';
import type { Authorize, Dialect, ListedDevice, PageAsk } from './dialect.ts';
import { fault, isFault, type SourceFault } from './errors.ts';
import type { RequestNeeds } from './json-request.ts';
import { limits } from './limits.ts';
import { absentIds, judgeAbsence, retractionOf } from './retraction.ts';
import type { JudgedSettings } from './settings.ts';

export interface ListingNeeds extends RequestNeeds {
  readonly random: { next(): number };
  /** External ids of the last complete listing; empty before the first. */
  readonly known: ReadonlySet<string>;
  /** True: a listing without a device is believed although there were some before. */
  readonly acceptEmpty: boolean;
}

export interface ListingCounts {
  /** Devices that the system listed, each once. */
  listed: number;
  updates: number;
  blacklisted: number;
  /** Entries that name no device. */
  bad: number;
  /** Devices that came on two pages. */
  repeated: number;
  retracted: number;
  /** Absent from the pages and not retracted: still there when asked for, or it could not be asked. */
  unconfirmed: number;
  pages: number;
  requests: number;
  retries: number;
}

/** At most `chunkUpdatesMax` updates. The next page is asked for when the next chunk is. */
export interface ListingChunk {
  readonly kind: 'devices' | 'retractions';
  readonly updates: readonly DeviceUpdate[];
  /** Of this walk, from 1. */
  readonly page: number;
  readonly total: number | null;
}

export type ListingEnd =
  | {
      readonly ended: 'complete';
      readonly counts: ListingCounts;
      /** What the next listing is to be given as `known`. */
      readonly ids: ReadonlySet<string>;
    }
  | {
      readonly ended: 'aborted';
      readonly counts: ListingCounts;
      /** Which page did not come, from 1. */
      readonly page: number;
      readonly fault: SourceFault;
    };

export type Listing = AsyncGenerator<ListingChunk, ListingEnd, void>;

interface Walk {
  readonly dialect: Dialect;
  readonly asking: Asking;
  readonly needs: ListingNeeds;
  readonly settings: JudgedSettings;
  readonly counts: ListingCounts;
  readonly seen: Set<string>;
  page: number;
  total: number | null;
  isSteady: boolean;
}

/** Ends the listing from inside; never leaves the room. */
type Stop = { readonly page: number; readonly fault: SourceFault };

export async function* list(
  dialect: Dialect,
  authorize: { authorize: Authorize; renews: boolean },
  settings: JudgedSettings,
  needs: ListingNeeds,
): Listing {
  const asking = openAsking({ ...needs, ...authorize, caPem: settings.caPem });
  const counts = noCounts();
  const walk: Walk = {
    ...{ dialect, asking, needs, settings, counts, seen: new Set<string>() },
    ...{ page: 0, total: null, isSteady: true },
  };
  for (let walks = 1; ; walks += 1) {
    const stop = yield* walkPages(walk);
    Object.assign(counts, { requests: asking.counts.requests, retries: asking.counts.retries });
    if (stop !== null) return { ended: 'aborted', counts, ...stop };
    const missing = walk.total === null ? 0 : walk.total - walk.seen.size - counts.bad;
    if (missing <= 0) break;
    walk.isSteady = false;
    const detail = `${walk.seen.size} of ${walk.total} devices came on ${walk.page} pages, in ${walks} walks over them`;
    if (walks === limits.walksMax)
      return { ended: 'aborted', counts, page: walk.page, fault: fault('total_disagrees', detail) };
  }
  if (walk.seen.size === 0 && needs.known.size > 0 && !needs.acceptEmpty) {
    const detail = `no device is listed where there were ${needs.known.size}: see what the credentials may read; if it is so, run it with --accept-empty`;
    return { ended: 'aborted', counts, page: walk.page, fault: fault('listing_empty', detail) };
  }
  return yield* retract(walk);
}

/** From the first page to the last; null at the end of it. */
async function* walkPages(walk: Walk): AsyncGenerator<ListingChunk, Stop | null, void> {
  const { dialect, asking, needs, counts, seen } = walk;
  walk.page = 0;
  walk.total = null;
  counts.bad = 0;
  let ask: PageAsk | null = dialect.first;
  while (ask !== null) {
    walk.page += 1;
    const { page } = walk;
    const stop = (why: SourceFault): Stop => ({ page, fault: why });
    if (page > limits.pagesMax)
      return stop(fault('too_many_items', `a listing has at most ${limits.pagesMax} pages`));
    const answered: { readonly body: unknown } | SourceFault = await asking.ask(ask);
    if (isFault(answered)) return stop(answered);
    const read = dialect.read(answered.body, ask, (id) => needs.known.has(id));
    if (isFault(read)) return stop(read);
    counts.pages += 1;
    counts.bad += read.bad;
    if (walk.total !== null && read.total !== walk.total) walk.isSteady = false;
    walk.total = read.total;
    const fresh = read.devices.filter(({ id }) => !seen.has(id));
    if (read.devices.length + read.bad === 0 && read.next !== null)
      return stop(fault('paging_stuck', 'a page without a device promised another one'));
    for (const { id } of fresh) seen.add(id);
    counts.repeated += read.devices.length - fresh.length;
    counts.listed = seen.size;
    if (seen.size > limits.itemsMax)
      return stop(fault('too_many_items', `a listing has at most ${limits.itemsMax} devices`));
    const wanted = withoutBlacklisted(walk, uniqueOf(fresh));
    const whole = dialect.complete === null ? wanted : await dialect.complete(wanted, asking.ask);
    if (isFault(whole)) return stop(whole);
    counts.updates += whole.length;
    yield* chunks(
      'devices',
      whole.map(({ update }) => update),
      page,
      walk.total,
    );
    ask = read.next;
  }
  return null;
}

/** A page may name one device twice. */
function uniqueOf(devices: readonly ListedDevice[]): ListedDevice[] {
  return [...new Map(devices.map((device) => [device.id, device])).values()];
}

function withoutBlacklisted({ settings, counts }: Walk, devices: readonly ListedDevice[]): ListedDevice[] {
  const wanted = devices.filter(
    ({ update }) => update.ip === undefined || !settings.networks.contains(update.ip),
  );
  counts.blacklisted += devices.length - wanted.length;
  return wanted;
}

async function* retract(walk: Walk): AsyncGenerator<ListingChunk, ListingEnd, void> {
  const { dialect, asking, needs, counts, seen, settings, isSteady } = walk;
  const absent = absentIds(needs.known, seen);
  const stillThere = await askForAbsent(walk, absent);
  Object.assign(counts, { requests: asking.counts.requests, retries: asking.counts.retries });
  if (stillThere !== null && isFault(stillThere))
    return { ended: 'aborted', counts, page: walk.page, fault: stillThere };
  const { gone, kept } = judgeAbsence({ absent, stillThere, isSteady });
  const { source, idKey } = dialect;
  const listedAt = new Date(needs.clock.wallMs()).toISOString();
  const frame = { source, idKey, partition: settings.partition, listedAt };
  counts.retracted = gone.length;
  counts.unconfirmed = kept.length;
  yield* chunks(
    'retractions',
    gone.map((id) => retractionOf(id, frame)),
    walk.page,
    walk.total,
  );
  for (const id of kept) seen.add(id);
  return { ended: 'complete', counts, ids: seen };
}

/** Of the absent ids those that the system still has. Null: it does not take the question. */
async function askForAbsent(
  { dialect, asking }: Walk,
  absent: readonly string[],
): Promise<ReadonlySet<string> | SourceFault | null> {
  const found = new Set<string>();
  for (let at = 0; at < absent.length; at += limits.confirmedIdsMax) {
    const ids = absent.slice(at, at + limits.confirmedIdsMax);
    const asked = dialect.byIds(ids);
    const answered = await asking.ask(asked);
    if (isFault(answered)) return answered.code === 'unexpected_status' ? null : answered;
    const read = dialect.read(answered.body, asked, () => true);
    if (isFault(read)) return null;
    const wanted = new Set(ids);
    // A system that does not know the filter answers with others: those say nothing.
    for (const { id } of read.devices) if (wanted.has(id)) found.add(id);
  }
  return found;
}

function* chunks(
  kind: ListingChunk['kind'],
  updates: readonly DeviceUpdate[],
  page: number,
  total: number | null,
): Generator<ListingChunk> {
  for (let at = 0; at < updates.length; at += limits.chunkUpdatesMax)
    yield { kind, updates: updates.slice(at, at + limits.chunkUpdatesMax), page, total };
}

function noCounts(): ListingCounts {
  return {
    ...{ listed: 0, updates: 0, blacklisted: 0, bad: 0, repeated: 0, retracted: 0, unconfirmed: 0 },
    ...{ pages: 0, requests: 0, retries: 0 },
  };
}

/**
 * One run of a source on the core that holds its tenant: the listing read chunk by chunk into a document, which becomes whole only when the
 * listing was complete. Between `sources/` and the desk of this core; when to run, and what is kept of it, are the keeper's.
 */
import type { NameResolver } from '../checks/index.ts';
import type { ActorSystem, Ref } from '../runtime/index.ts';
import {
  isFault,
  type ListingChunk,
  type ListingCounts,
  type ListingEnd,
  openListing,
  type SourceClock,
  UpdateArray,
} from '../sources/index.ts';
import type { DocumentDeskProtocol } from './document-messages.ts';
import { documentPartBytesMax, listingCallMs, listingEndMs } from './limits.ts';
import type { Blame } from './listing-plan.ts';
import type { ListingTurns } from './listing-turns.ts';
import type { ListedSource } from './ports/listed-source.ts';
import type { ListedSourceStore } from './ports/listed-source-store.ts';

export interface ListingRunNeeds {
  readonly sources: Pick<ListedSourceStore, 'secrets'>;
  readonly resolver: NameResolver;
  readonly clock: SourceClock;
  readonly random: { next(): number };
  /** Of this core. */
  readonly turns: ListingTurns;
}

/** What somebody who waits is shown. */
export interface ListingProgress {
  page: number;
  total: number | null;
  devices: number;
}

export interface ListingRunAsked {
  readonly tenantId: string;
  readonly runId: string;
  readonly source: ListedSource;
  readonly acceptEmpty: boolean;
  readonly allowAll: boolean;
  readonly signal: AbortSignal;
  /** Kept up to date while it runs. */
  readonly progress: ListingProgress;
  /** The desk of this core; null: it takes no documents yet. */
  readonly desk: Ref<DocumentDeskProtocol> | null;
  readonly call: ActorSystem['call'];
  readonly cast: ActorSystem['cast'];
}

export interface ListingRun {
  readonly outcome: 'complete' | 'aborted';
  readonly code: string;
  readonly detail: string;
  readonly page: number;
  readonly counts: ListingCounts;
  readonly documentId: string | null;
  readonly blames: Blame;
  /** Of a complete listing, for the next one. */
  readonly ids: ReadonlySet<string> | null;
}

/** Always answers: what goes wrong is an aborted run. */
export async function runListing(needs: ListingRunNeeds, asked: ListingRunAsked): Promise<ListingRun> {
  const giveBack = await needs.turns.take(asked.signal);
  if (giveBack === null) return calledOff;
  try {
    return await run(needs, asked);
  } finally {
    giveBack();
  }
}

async function run(needs: ListingRunNeeds, asked: ListingRunAsked): Promise<ListingRun> {
  let document: OutgoingDocument | null = null;
  try {
    const { desk } = asked;
    if (desk === null) return aborted('standby', 'this core takes no documents yet: try again', 'ours');
    const { source, signal, allowAll, acceptEmpty, tenantId } = asked;
    const { credentials, knownIds } = await needs.sources.secrets(tenantId, source.id);
    const { resolver, clock, random } = needs;
    const known = new Set(knownIds);
    const guard = { allowAll };
    const listing = openListing(source, credentials, {
      ...{ resolver, clock, random, known, guard, signal, acceptEmpty },
    });
    // The settings are ours, whoever wrote them.
    if (isFault(listing)) return aborted(listing.code, listing.detail, 'ours');
    document = await OutgoingDocument.open(asked, desk);
    let step = await listing.next();
    while (!step.done) {
      await take(asked, document, step.value);
      step = await listing.next();
    }
    return await close(asked, document, step.value);
  } catch (error) {
    document?.forget();
    if (asked.signal.aborted) return calledOff;
    // Neither the desk nor the store is of the other side.
    const { code, message } = error as { code?: unknown; message?: unknown };
    return aborted(typeof code === 'string' ? code : 'failed', String(message ?? error), 'ours');
  }
}

async function take(
  { progress }: ListingRunAsked,
  document: OutgoingDocument,
  chunk: ListingChunk,
): Promise<void> {
  progress.page = chunk.page;
  progress.total = chunk.total;
  if (chunk.kind === 'devices') progress.devices += chunk.updates.length;
  await document.add(chunk);
}

async function close(
  asked: ListingRunAsked,
  document: OutgoingDocument,
  end: ListingEnd,
): Promise<ListingRun> {
  const { counts } = end;
  if (end.ended === 'aborted') {
    document.forget();
    const { code, detail } = end.fault;
    const blames = code === 'cancelled' ? 'ours' : 'theirs';
    return { ...aborted(code, detail, blames), page: end.page, counts };
  }
  const documentId = await document.finish();
  const { page } = asked.progress;
  return {
    ...{ outcome: 'complete', code: 'ok', detail: '', blames: 'none' },
    page,
    counts,
    documentId,
    ids: end.ids,
  };
}

function aborted(code: string, detail: string, blames: Blame): ListingRun {
  const counts = {
    ...{ listed: 0, updates: 0, blacklisted: 0, bad: 0, repeated: 0, retracted: 0, unconfirmed: 0 },
    ...{ pages: 0, requests: 0, retries: 0 },
  };
  return { outcome: 'aborted', code, detail, blames, page: 0, counts, documentId: null, ids: null };
}

const calledOff = aborted('cancelled', 'the listing was called off', 'ours');

/** A document that is written part by part; each is awaited, so a slow store slows the listing. */
class OutgoingDocument {
  private readonly asked: ListingRunAsked;
  private readonly desk: Ref<DocumentDeskProtocol>;
  private readonly id: string;
  private readonly array = new UpdateArray(documentPartBytesMax);
  private atByte = 0;

  private constructor(asked: ListingRunAsked, desk: Ref<DocumentDeskProtocol>, id: string) {
    this.asked = asked;
    this.desk = desk;
    this.id = id;
  }

  static async open(asked: ListingRunAsked, desk: Ref<DocumentDeskProtocol>): Promise<OutgoingDocument> {
    const { tenantId, source, runId } = asked;
    const opened = await asked.call(desk, listingCallMs).open(tenantId, {
      ...{ key: runId, sender: `source/${source.id}`, agent: source.name, partition: source.partition },
      ...{ kind: 'sync', service: source.kind, totalBytes: null },
    });
    return new OutgoingDocument(asked, desk, opened.id);
  }

  async add({ updates }: ListingChunk): Promise<void> {
    for (const part of this.array.add(updates)) await this.send(part);
  }

  async finish(): Promise<string> {
    for (const part of this.array.end()) await this.send(part);
    const { call, cast, tenantId } = this.asked;
    await call(this.desk, listingEndMs).end(tenantId, this.id, this.array.bytes, this.array.sha256());
    cast(this.desk).left(tenantId, this.id);
    return this.id;
  }

  /** Of an actor that has ended nothing can be said any more: what it leaves is purged in time. */
  forget(): void {
    const { cast, tenantId } = this.asked;
    try {
      cast(this.desk).forget(tenantId, this.id);
    } catch {}
  }

  private async send(part: Uint8Array): Promise<void> {
    const { tenantId, call } = this.asked;
    await call(this.desk, listingCallMs).part(tenantId, this.id, this.atByte, part);
    this.atByte += part.length;
  }
}

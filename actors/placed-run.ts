/**
 * One run of a source at an agent, at the core's end: what the agent is given when it asks for the run, the document that it may write,
 * and the judgement of that before any of it counts. Between the keeper, whom gateways ask for an agent whose certificate they judged,
 * and the desk of this core.
 */
import { createHash } from 'node:crypto';
import type { SourceSettings } from '../sources/index.ts';
import { ArrayItems } from './array-items.ts';
import { type DocumentAsked, documentIdOf } from './document-place.ts';
import { listingEndMs, listingKnownIdsMax, listingTakesMax } from './limits.ts';
import { foreign, ListedDocument, type ListedFault } from './listed-document.ts';
import type { GivenListing } from './listing-messages.ts';
import { type AgentAt, isPlacedAt } from './listing-place.ts';
import type { ListingRunAsked } from './listing-run.ts';
import { newPlacedListing, type PlacedListing, stepPlaced } from './placed-listing.ts';
import type { DocumentShelf } from './ports/document-store.ts';
import type { ListedSourceStore } from './ports/listed-source-store.ts';
import { documentItemBytesMax } from './reconcile-limits.ts';
import { TenantRefusal } from './tenant-refusal.ts';

export interface PlacedRunNeeds {
  readonly sources: Pick<ListedSourceStore, 'secrets' | 'list'>;
  readonly documents: Pick<DocumentShelf, 'find' | 'read'>;
  readonly clock: { monotonicMs(): number };
}

/** What came of its document. */
export interface BroughtListing {
  readonly documentId: string;
  readonly items: number;
  readonly updates: number;
  readonly listed: number;
  readonly retracted: number;
  readonly ids: ReadonlySet<string>;
}

export class PlacedRun {
  readonly asked: ListingRunAsked;
  readonly plan: PlacedListing;
  private readonly needs: PlacedRunNeeds;
  /** What it may retract, once the agent has asked. */
  private known: readonly string[] | null = null;
  private hasOpened = false;
  private takes = 0;
  private isOver = false;
  private bringing: Promise<BroughtListing> | null = null;
  brought: BroughtListing | null = null;
  /** Why its document was not taken. */
  fault: ListedFault | null = null;

  constructor(needs: PlacedRunNeeds, asked: ListingRunAsked) {
    this.needs = needs;
    this.asked = asked;
    this.plan = newPlacedListing(asked.source.agent ?? '', needs.clock.monotonicMs());
  }

  /** Whether the bearer of a certificate of this tenant may have to do with it. */
  isOf(runId: string, by: AgentAt): boolean {
    return (
      this.asked.runId === runId &&
      isPlacedAt(this.asked.source, by) &&
      !this.isOver &&
      !this.asked.signal.aborted
    );
  }

  /** What opens the source is in the first answer alone, and is not kept here. */
  async give(from: number): Promise<GivenListing> {
    const { tenantId, source, acceptEmpty } = this.asked;
    this.begun();
    if (from > 0) return { settings: null, credentials: null, acceptEmpty, ...this.knownFrom(from) };
    // Each costs the store and this core more than the agent that asks.
    this.takes += 1;
    if (this.takes > listingTakesMax)
      throw new TenantRefusal('not_placed', 'what the run needs was asked for too often');
    const { credentials, knownIds } = await this.needs.sources.secrets(tenantId, source.id);
    this.known = await this.ownOf(knownIds);
    return { settings: settingsOf(source), credentials, acceptEmpty, ...this.knownFrom(0) };
  }

  /** Nobody may have to do with it any more. */
  close(): void {
    this.isOver = true;
  }

  document(): DocumentAsked {
    this.begun();
    this.hasOpened = true;
    return this.documentAsked();
  }

  /** Makes it whole if it is a listing of this source; asked again for one that is, the same is answered. */
  async finish(totalBytes: number, sha256: string): Promise<{ items: number }> {
    this.begun();
    this.bringing ??= this.bring(totalBytes, sha256);
    try {
      this.brought = await this.bringing;
      return { items: this.brought.items };
    } finally {
      if (this.brought === null) this.bringing = null;
    }
  }

  /** What it was asked to finish is finished, or is not. */
  async settled(): Promise<BroughtListing | null> {
    await this.bringing?.catch(() => {});
    return this.brought;
  }

  /** Nothing of it is to be kept. What cannot be removed now, the purge removes. */
  async forget(): Promise<void> {
    const { desk, call, cast, tenantId } = this.asked;
    if (!this.hasOpened || desk === null) return;
    try {
      const { id } = await call(desk, listingEndMs).open(tenantId, this.documentAsked());
      cast(desk).forget(tenantId, id);
    } catch {}
  }

  private knownFrom(from: number): Pick<GivenListing, 'knownIds' | 'knownTotal'> {
    const known = this.known ?? [];
    return { knownIds: known.slice(from, from + listingKnownIdsMax), knownTotal: known.length };
  }

  private begun(): void {
    stepPlaced(this.plan, { type: 'asked', nowMs: this.needs.clock.monotonicMs() });
  }

  private documentAsked(): DocumentAsked {
    const { source, runId } = this.asked;
    return {
      ...{ key: runId, sender: `source/${source.id}`, agent: source.name, partition: source.partition },
      ...{ kind: 'sync', service: source.kind, totalBytes: null },
    };
  }

  /** What another source of the same system has is its to retract. */
  private async ownOf(knownIds: readonly string[]): Promise<string[]> {
    const own = new Set(knownIds);
    for await (const ids of this.elsewhere()) for (const id of ids) own.delete(id);
    return [...own];
  }

  private async *elsewhere(): AsyncGenerator<readonly string[]> {
    const { tenantId, source } = this.asked;
    for (const { source: other } of await this.needs.sources.list(tenantId)) {
      const isSame = other.kind === source.kind && other.partition === source.partition;
      if (!isSame || other.id === source.id) continue;
      yield (await this.needs.sources.secrets(tenantId, other.id)).knownIds;
    }
  }

  private async bring(totalBytes: number, sha256: string): Promise<BroughtListing> {
    const { desk, call, tenantId, source, acceptEmpty } = this.asked;
    // What was not taken once is not read again.
    this.judge(this.fault);
    const documentId = documentIdOf(this.documentAsked());
    const there = await this.needs.documents.find(tenantId, documentId);
    if (desk === null || there === null || this.known === null)
      throw new TenantRefusal('document_gone', 'it is not open here: open it again');
    const { kind, partition } = source;
    const listed = new ListedDocument({ kind, partition, known: new Set(this.known), acceptEmpty });
    const hash = createHash('sha256');
    let held = 0;
    const items = new ArrayItems(documentItemBytesMax);
    for (;;) {
      const bytes = await this.needs.documents.read(tenantId, there.ordinal, held);
      if (bytes === null) break;
      held += bytes.length;
      hash.update(bytes);
      for (const text of items.add(bytes)) this.judge(listed.take(text === null ? null : parsed(text)));
    }
    if (held !== totalBytes || hash.digest('hex') !== sha256)
      this.judge({ code: 'document_damaged', detail: `${held} bytes of it are held, of another hash` });
    this.judge(listed.end());
    if (listed.gone.size > 0)
      for await (const ids of this.elsewhere())
        for (const id of ids) if (listed.gone.has(id)) this.judge(foreign(id));
    if (this.asked.signal.aborted) throw new TenantRefusal('not_placed', 'the run was called off');
    const whole = await call(desk, listingEndMs).end(tenantId, documentId, totalBytes, sha256);
    const { updates, ids, gone } = listed;
    return {
      ...{ documentId, items: whole.items, updates, listed: ids.size, retracted: gone.size },
      ids: listed.idsNow(),
    };
  }

  private judge(fault: ListedFault | null): void {
    if (fault === null) return;
    this.fault = fault;
    throw new TenantRefusal('bad_listing', `${fault.code}: ${fault.detail}`);
  }
}

/** What makes the listing, and nothing of who wrote it down. */
function settingsOf(source: SourceSettings): SourceSettings {
  const { kind, endpoint, query, partition, blacklist, caPem, pageItems, withInterfaces } = source;
  return { kind, endpoint, query, partition, blacklist, caPem, pageItems, withInterfaces };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

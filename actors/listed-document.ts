/**
 * What an agent brought as the listing of a source, judged before any of it counts: device updates of that source and its partition,
 * and retractions of nothing but what this source had listed. The agent is a stranger; who decides what is gone is the core. Pure;
 * of a listing it holds the ids.
 */
import { limits, type SourceKind } from '../sources/index.ts';
import type { PlacedListingCode } from './listing-codes.ts';

export interface ListedTerms {
  readonly kind: SourceKind;
  readonly partition: string;
  /** Ids that were handed out with the run: those of the last complete listing that no other source has. */
  readonly known: ReadonlySet<string>;
  readonly acceptEmpty: boolean;
}

export interface ListedFault {
  readonly code: PlacedListingCode | 'too_many_items' | 'listing_empty' | 'document_damaged';
  readonly detail: string;
}

const fields: ReadonlySet<string> = new Set([
  ...['ip', 'mac', 'hostname', 'partition', 'source', 'timestamp', 'metadata', 'interfaces'],
]);
const retractionFields: ReadonlySet<string> = new Set([
  ...['partition', 'source', 'timestamp', 'is_available', 'metadata'],
]);
/** Beside those that begin with the kind. */
const sharedKeys: ReadonlySet<string> = new Set(['integration_type', 'serial', '_first_seen']);

const bad = (item: number, what: string): ListedFault => ({
  code: 'bad_listing',
  detail: `item ${item} of what the agent brought is no device of this source: ${what}`,
});

const tooMany: ListedFault = {
  code: 'too_many_items',
  detail: `a listing has at most ${limits.itemsMax} devices`,
};

export class ListedDocument {
  /** Listed in it. */
  readonly ids = new Set<string>();
  readonly gone = new Set<string>();
  updates = 0;
  private readonly terms: ListedTerms;
  private readonly idKey: string;
  private items = 0;

  constructor(terms: ListedTerms) {
    this.terms = terms;
    this.idKey = `${terms.kind}_device_id`;
  }

  /** The next item, as it was read. Null: it is one. */
  take(said: unknown): ListedFault | null {
    const item = this.items;
    this.items += 1;
    const update = objectOf(said);
    const metadata = objectOf(update?.metadata);
    if (update === null || metadata === null) return bad(item, 'it is no object with metadata');
    const { kind, partition } = this.terms;
    if (update.source !== kind || metadata.integration_type !== kind)
      return bad(item, `its source is not ${kind}`);
    if (update.partition !== partition) return bad(item, `its partition is not ${partition}`);
    const id = metadata[this.idKey];
    if (typeof id !== 'string' || id === '' || id.length > limits.externalIdCharsMax)
      return bad(item, `it has no ${this.idKey}`);
    return '_deleted' in metadata
      ? this.retraction(item, update, metadata, id)
      : this.device(item, update, metadata, id);
  }

  /** All of it came. What another source has is asked for beside this. */
  end(): ListedFault | null {
    for (const id of this.gone)
      if (this.ids.has(id))
        return { code: 'bad_listing', detail: `device ${id} is both listed and retracted` };
    const { known, acceptEmpty } = this.terms;
    if (this.idsNow().size > limits.itemsMax) return tooMany;
    // One whose devices are all in a blacklisted network lists none, and retracts none.
    if (this.ids.size > 0 || this.gone.size < Math.max(1, known.size) || acceptEmpty) return null;
    const detail = `no device is listed where there were ${known.size}: see what the credentials may read; if it is so, run it with --accept-empty`;
    return { code: 'listing_empty', detail };
  }

  /** What the next listing is to know: also what was known and is neither listed nor gone, as devices of a blacklisted network. */
  idsNow(): Set<string> {
    const ids = new Set(this.ids);
    for (const id of this.terms.known) if (!this.gone.has(id)) ids.add(id);
    return ids;
  }

  private device(
    item: number,
    update: Record<string, unknown>,
    metadata: Record<string, unknown>,
    id: string,
  ): ListedFault | null {
    const { kind } = this.terms;
    const other = Object.keys(update).find((field) => !fields.has(field));
    if (other !== undefined) return bad(item, `it says ${shown(other)}`);
    const key = Object.keys(metadata).find((one) => !one.startsWith(`${kind}_`) && !sharedKeys.has(one));
    if (key !== undefined) return bad(item, `its metadata say ${shown(key)}`);
    this.updates += 1;
    this.ids.add(id);
    return this.ids.size <= limits.itemsMax ? null : tooMany;
  }

  private retraction(
    item: number,
    update: Record<string, unknown>,
    metadata: Record<string, unknown>,
    id: string,
  ): ListedFault | null {
    // Anything beside its id could name another device.
    const isPlain =
      metadata._deleted === 'true' &&
      Object.keys(metadata).length === 3 &&
      Object.keys(update).every((field) => retractionFields.has(field));
    if (!isPlain) return bad(item, 'a retraction names nothing but its id');
    if (!this.terms.known.has(id)) return foreign(id);
    this.gone.add(id);
    return null;
  }
}

export function foreign(id: string): ListedFault {
  const detail = `the agent wants device ${shown(id)} retracted, which is not this source's alone: nothing of the listing is kept`;
  return { code: 'foreign_retraction', detail };
}

function objectOf(value: unknown): Record<string, unknown> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return value as Record<string, unknown>;
}

/** What a stranger wrote, as it may stand in a row. */
function shown(text: string): string {
  return JSON.stringify(text.slice(0, 64)).replaceAll('\\u0000', '');
}

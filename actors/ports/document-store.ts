/**
 * Documents that agents send, as a store keeps them: built from parts by whoever holds the tenant's lease, read by anybody
 * of the platform, removed when their time is over. Nobody sees one as received before it is whole.
 */

export const documentKinds = ['sync', 'sweep'] as const;
export type DocumentKind = (typeof documentKinds)[number];

export interface NewDocument {
  /** One of a tenant while it is kept. */
  readonly id: string;
  /** Whose certificate brought it: an agent, or an older poller for agents of its own. */
  readonly sender: string;
  readonly agent: string;
  readonly partition: string;
  readonly kind: DocumentKind;
  readonly service: string;
  /** Null: the sender does not know yet. */
  readonly totalBytes: number | null;
}

export interface StoredDocument extends NewDocument {
  /** Of its row: parts are found by it. Another document of the same id, after this one, has another. */
  readonly ordinal: number;
  readonly state: 'open' | 'whole';
  /** From the beginning, stored for good. */
  readonly heldBytes: number;
  /** Null until it is whole, as the next two. Hexadecimal. */
  readonly sha256: string | null;
  readonly items: number | null;
  readonly receivedAtMs: number | null;
  readonly openedAtMs: number;
}

/** How much room there is; past it nothing is begun or added. */
export interface DocumentBounds {
  readonly openOfSenderMax: number;
  readonly openOfTenantMax: number;
  readonly heldBytesMax: number;
}

/** `fenced`: another epoch writes this tenant's documents. `not_there`: it is not open, or not held up to that byte. */
export type DocumentRefused = 'fenced' | 'too_many_open' | 'no_room' | 'not_there';
export type DocumentAnswer<T> = T | { readonly refused: DocumentRefused };

export interface DocumentPlace {
  readonly tenantId: string;
  readonly epoch: number;
}

/** What the holder of a tenant's lease does, under its epoch. Fails with a `StoreError`. */
export interface DocumentStore {
  /** From here on nothing is written under an earlier epoch. False: a later one was here. */
  claim(place: DocumentPlace): Promise<boolean>;
  /** The document of this id, made when there is none; what there is may be another than what is asked for. */
  open(
    place: DocumentPlace,
    asked: NewDocument,
    bounds: DocumentBounds,
  ): Promise<DocumentAnswer<StoredDocument>>;
  /** Adds at `atByte`, which is where it ends; answers how much is held then. */
  add(
    place: DocumentPlace,
    part: { ordinal: number; atByte: number; bytes: Uint8Array },
    heldBytesMax: number,
  ): Promise<DocumentAnswer<{ heldBytes: number }>>;
  /** Makes it whole when all of it is held. */
  finish(
    place: DocumentPlace,
    whole: { ordinal: number; totalBytes: number; sha256: string; items: number },
  ): Promise<DocumentAnswer<StoredDocument>>;
  /** One that is not whole is forgotten; its id is free at once. */
  discard(place: DocumentPlace, ordinal: number): Promise<void>;
}

export interface DocumentsPurged {
  whole: number;
  unfinished: number;
  /** Tenants that could not be looked at; the next call tries again. */
  failed: string[];
}

/** What is there, whoever built it. */
export interface DocumentShelf {
  /** The newest first, those that are open among them. */
  list(tenantId: string, limit: number): Promise<StoredDocument[]>;
  find(tenantId: string, id: string): Promise<StoredDocument | null>;
  /** The bytes of one part from `atByte` on; null past the last. */
  read(tenantId: string, ordinal: number, atByte: number): Promise<Uint8Array | null>;
  /** Of all tenants that run: whole ones received that long ago, and others that nobody added to for that long. */
  purge(wholeKeptMs: number, openKeptMs: number): Promise<DocumentsPurged>;
}

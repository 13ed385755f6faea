/**
 * The desk of a core for documents: gateways of pollers bring them here, part by part, and are answered when a part is in the
 * store. Of each document there is one part in memory at a time. Between the gateways and the store, under the epoch of the
 * tenant that this core holds; what is asked is judged in `document-place.ts`.
 */
import type { Cluster } from '../cluster/index.ts';
import { defineActor, type Ref, type Self } from '../runtime/index.ts';
import { answer } from './answer-later.ts';
import {
  type DocumentAsked,
  type DocumentRefusal,
  isDocumentRefusal,
  judgeDocument,
  judgeEnd,
  judgeSame,
  placePart,
  refuseDocument,
} from './document-place.ts';
import { DocumentSum } from './document-sum.ts';
import {
  deskMessagesMax,
  documentBytesMax,
  documentIdleMs,
  documentsAtDeskMax,
  documentsHeldBytesMax,
  documentsOpenOfSenderMax,
  documentsOpenOfTenantMax,
} from './limits.ts';
import {
  type DocumentDeskProtocol,
  type DocumentOpened,
  documentDeskKey,
  type TenantProtocol,
} from './messages.ts';
import type {
  DocumentAnswer,
  DocumentPlace,
  DocumentShelf,
  DocumentStore,
  StoredDocument,
} from './ports/document-store.ts';
import { TenantRefusal } from './tenant-refusal.ts';

export interface DocumentDeskNeeds {
  cluster: Cluster;
  documents: DocumentStore & Pick<DocumentShelf, 'read'>;
  /** Which actor of this core holds the tenant. */
  tenantOf(tenantId: string): Ref<TenantProtocol> | null;
  /** One of the tenant is whole: whoever takes it on may look. */
  received(tenantId: string): void;
}

/** One that is being sent, by one stream or by an old one and its successor. */
interface AtDesk {
  readonly place: DocumentPlace;
  there: StoredDocument;
  /** Follows the bytes as they come; what it missed is read when the document ends. */
  readonly sum: DocumentSum;
  streams: number;
  touchedMs: number;
  /** What is under way; the next begins after it. */
  turn: Promise<unknown>;
}

interface DeskState {
  atDesk: Map<string, AtDesk>;
  /** The epoch under which each tenant's documents are written here. */
  claimed: Map<string, number>;
  received: number;
  receivedBytes: number;
}

type DeskSelf = Self<DeskState>;

export function documentDesk(needs: DocumentDeskNeeds) {
  return defineActor<DeskState, DocumentDeskProtocol>({
    name: 'document_desk',
    mailboxMessagesMax: deskMessagesMax,
    init(self) {
      needs.cluster.names.register(documentDeskKey(needs.cluster.node), self.ref, {});
      return { atDesk: new Map(), claimed: new Map(), received: 0, receivedBytes: 0 };
    },
    call: {
      open: (self, tenantId, asked) => answer(self, () => open(self, needs, tenantId, asked)),
      part: (self, tenantId, id, offset, bytes) =>
        answer(self, () => inTurn(self, tenantId, id, (one) => part(self, needs, one, offset, bytes))),
      end: (self, tenantId, id, totalBytes, sha256) =>
        answer(self, () => inTurn(self, tenantId, id, (one) => end(self, needs, one, totalBytes, sha256))),
      totals: ({ state }) => ({
        open: state.atDesk.size,
        received: state.received,
        receivedBytes: state.receivedBytes,
      }),
    },
    cast: {
      left(self, tenantId, id) {
        const one = self.state.atDesk.get(keyOf(tenantId, id));
        if (one === undefined) return;
        one.streams -= 1;
        if (one.streams <= 0) self.state.atDesk.delete(keyOf(tenantId, id));
      },
      forget(self, tenantId, id) {
        const one = self.state.atDesk.get(keyOf(tenantId, id));
        if (one === undefined || one.there.state === 'whole') return;
        self.state.atDesk.delete(keyOf(tenantId, id));
        const gone = one.turn.then(() => needs.documents.discard(one.place, one.there.ordinal));
        // What is left over, the purge removes.
        gone.catch(() => {});
      },
    },
  });
}

const keyOf = (tenantId: string, id: string) => `${tenantId}/${id}`;

async function open(
  self: DeskSelf,
  needs: DocumentDeskNeeds,
  tenantId: string,
  asked: DocumentAsked,
): Promise<DocumentOpened> {
  const judged = judgeDocument(asked);
  if (isDocumentRefusal(judged)) throw refused(judged);
  const epoch = epochOf(needs, tenantId);
  if (epoch === null) throw new TenantRefusal('standby', 'this core does not hold the tenant');
  const place = { tenantId, epoch };
  makeRoom(self);
  if (self.state.claimed.get(tenantId) !== epoch) {
    if (!(await needs.documents.claim(place))) fenced(self, needs, place);
    self.state.claimed.set(tenantId, epoch);
  }
  const bounds = {
    openOfSenderMax: documentsOpenOfSenderMax,
    openOfTenantMax: documentsOpenOfTenantMax,
    heldBytesMax: documentsHeldBytesMax,
  };
  const found = taken(self, needs, place, await needs.documents.open(place, judged, bounds));
  const conflict = judgeSame(found, judged);
  if (conflict !== null) throw refused(conflict);
  const key = keyOf(tenantId, found.id);
  const known = self.state.atDesk.get(key);
  // Of the same row and epoch: what came of it meanwhile is known here.
  if (known !== undefined && known.place.epoch === epoch && known.there.ordinal === found.ordinal) {
    known.streams += 1;
    known.touchedMs = self.monotonicMs();
    // A part whose answer was lost may be in the store, and one that came meanwhile may not have been when we asked.
    if (found.heldBytes > known.there.heldBytes) known.there = found;
  } else self.state.atDesk.set(key, newAtDesk(self, place, found));
  return { id: found.id, heldBytes: self.state.atDesk.get(key)!.there.heldBytes };
}

function newAtDesk(self: DeskSelf, place: DocumentPlace, there: StoredDocument): AtDesk {
  const touchedMs = self.monotonicMs();
  return { place, there, sum: new DocumentSum(), streams: 1, touchedMs, turn: Promise.resolve() };
}

/** The names say who holds a tenant, and under which epoch. */
function epochOf({ cluster, tenantOf }: DocumentDeskNeeds, tenantId: string): number | null {
  if (tenantOf(tenantId) === null) return null;
  const [entry] = cluster.names.list({ tenant: tenantId, kind: 'tenant' });
  const epoch = entry?.node === cluster.node ? entry.metadata.epoch : null;
  return typeof epoch === 'number' ? epoch : null;
}

/** What is at the desk is bounded; a stream that ended without a word is not there for ever. */
function makeRoom(self: DeskSelf): void {
  const { atDesk } = self.state;
  if (atDesk.size < documentsAtDeskMax) return;
  const oldMs = self.monotonicMs() - documentIdleMs;
  for (const [key, { touchedMs }] of atDesk) if (touchedMs < oldMs) atDesk.delete(key);
  if (atDesk.size >= documentsAtDeskMax)
    throw new TenantRefusal('standby', `${atDesk.size} documents are coming to this core: come again`);
}

/** One thing after the other of a document, and many documents side by side. */
async function inTurn<T>(
  self: DeskSelf,
  tenantId: string,
  id: string,
  work: (one: AtDesk) => Promise<T>,
): Promise<T> {
  const one = self.state.atDesk.get(keyOf(tenantId, id));
  if (one === undefined) throw refused(refuseDocument('document_gone', 'it is not open here: open it again'));
  one.touchedMs = self.monotonicMs();
  const done = one.turn.then(() => work(one));
  one.turn = done.catch(() => {});
  return await done;
}

async function part(
  self: DeskSelf,
  needs: DocumentDeskNeeds,
  one: AtDesk,
  offset: number,
  given: Uint8Array,
): Promise<{ heldBytes: number }> {
  const { place, there, sum } = one;
  const fit = placePart(there, offset, given.length);
  if ('code' in fit) throw refused(fit);
  if (fit.type === 'held') return { heldBytes: there.heldBytes };
  const bytes = given.subarray(fit.skip);
  const atByte = there.heldBytes;
  const added = taken(
    self,
    needs,
    place,
    await needs.documents.add(place, { ordinal: there.ordinal, atByte, bytes }, documentsHeldBytesMax),
  );
  one.there = { ...there, heldBytes: added.heldBytes };
  if (sum.bytes === atByte) sum.add(bytes);
  return { heldBytes: added.heldBytes };
}

async function end(
  self: DeskSelf,
  needs: DocumentDeskNeeds,
  one: AtDesk,
  totalBytes: number,
  sha256: string,
): Promise<{ items: number }> {
  const { place, there } = one;
  const unfit = judgeEnd(there, totalBytes);
  if (unfit !== null) throw refused(unfit);
  if (there.state === 'whole') {
    if (there.sha256 === sha256) return { items: there.items! };
    throw refused(
      refuseDocument('document_conflict', 'under this id there is a document of another content'),
    );
  }
  await readMissed(needs, one);
  const items = one.sum.items();
  const found = one.sum.sha256();
  const damage = found !== sha256 ? `its SHA-256 is ${found}` : items === null ? 'it is no JSON array' : null;
  if (damage !== null || items === null) {
    self.state.atDesk.delete(keyOf(place.tenantId, there.id));
    await needs.documents.discard(place, there.ordinal);
    throw refused(refuseDocument('document_damaged', `${damage}: nothing of it is kept`));
  }
  one.there = taken(
    self,
    needs,
    place,
    await needs.documents.finish(place, { ordinal: there.ordinal, totalBytes, sha256, items }),
  );
  self.state.received += 1;
  self.state.receivedBytes += totalBytes;
  const { id, kind, agent } = one.there;
  needs.received(place.tenantId);
  self.log('info', 'a document was received', { tenant: place.tenantId, id, kind, agent, totalBytes, items });
  return { items };
}

/** What came before this core had the document, a part at a time. */
async function readMissed({ documents }: DocumentDeskNeeds, one: AtDesk): Promise<void> {
  const { there, place, sum } = one;
  while (sum.bytes < there.heldBytes && there.heldBytes <= documentBytesMax) {
    const bytes = await documents.read(place.tenantId, there.ordinal, sum.bytes);
    if (bytes === null)
      throw refused(refuseDocument('document_gone', 'it was removed meanwhile: open it again'));
    sum.add(bytes);
  }
}

/** The store's answer, or its refusal thrown. */
function taken<T extends object>(
  self: DeskSelf,
  needs: DocumentDeskNeeds,
  place: DocumentPlace,
  answered: DocumentAnswer<T>,
): T {
  if (!('refused' in answered)) return answered;
  if (answered.refused === 'fenced') fenced(self, needs, place);
  const told = {
    too_many_open: refuseDocument(
      'too_many_documents',
      `at most ${documentsOpenOfSenderMax} of one sender and ${documentsOpenOfTenantMax} of a tenant are open at once`,
    ),
    no_room: refuseDocument('no_room', `documents of a tenant hold at most ${documentsHeldBytesMax} bytes`),
    not_there: refuseDocument('document_gone', 'it is not held up to there: open it again'),
  };
  throw refused(told[answered.refused as keyof typeof told]);
}

function fenced(self: DeskSelf, needs: DocumentDeskNeeds, { tenantId, epoch }: DocumentPlace): never {
  self.state.claimed.delete(tenantId);
  for (const [key, one] of self.state.atDesk)
    if (one.place.tenantId === tenantId && one.place.epoch <= epoch) self.state.atDesk.delete(key);
  const tenant = needs.tenantOf(tenantId);
  self.log('warn', 'a document was fenced: another core holds the tenant', { tenant: tenantId, epoch });
  // It asks for its lease again, and learns whether it still has it.
  if (tenant !== null) self.cast(tenant).confirm();
  throw new TenantRefusal('standby', 'another core holds the tenant');
}

function refused({ code, detail }: DocumentRefusal): TenantRefusal {
  return new TenantRefusal(code, detail);
}

/** Documents in memory, for tests that need no database: it keeps what a `DocumentStore` promises and nothing more. */
import type {
  DocumentAnswer,
  DocumentBounds,
  DocumentPlace,
  DocumentShelf,
  DocumentStore,
  DocumentsPurged,
  NewDocument,
  StoredDocument,
} from '../../actors/ports/document-store.ts';

interface Kept {
  row: StoredDocument;
  touchedMs: number;
  parts: { atByte: number; bytes: Uint8Array }[];
}

class MemoryDocuments implements DocumentStore, DocumentShelf {
  private readonly nowMs: () => number;
  private readonly epochs = new Map<string, number>();
  private readonly kept = new Map<string, Kept[]>();
  private ordinals = 0;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  async claim({ tenantId, epoch }: DocumentPlace): Promise<boolean> {
    if ((this.epochs.get(tenantId) ?? 0) > epoch) return false;
    this.epochs.set(tenantId, epoch);
    return true;
  }

  async open(
    place: DocumentPlace,
    asked: NewDocument,
    { openOfSenderMax, openOfTenantMax }: DocumentBounds,
  ): Promise<DocumentAnswer<StoredDocument>> {
    if (!this.isOurs(place)) return { refused: 'fenced' };
    const rows = this.of(place.tenantId);
    const found = rows.find(({ row }) => row.id === asked.id);
    if (found !== undefined) {
      if (found.row.state === 'open') found.touchedMs = this.nowMs();
      return found.row;
    }
    const open = rows.filter(({ row }) => row.state === 'open');
    const own = open.filter(({ row }) => row.sender === asked.sender);
    if (open.length >= openOfTenantMax || own.length >= openOfSenderMax) return { refused: 'too_many_open' };
    this.ordinals += 1;
    const row: StoredDocument = {
      ...{ ...asked, ordinal: this.ordinals, state: 'open', heldBytes: 0, sha256: null, items: null },
      ...{ receivedAtMs: null, openedAtMs: this.nowMs() },
    };
    rows.push({ row, touchedMs: this.nowMs(), parts: [] });
    return row;
  }

  async add(
    place: DocumentPlace,
    { ordinal, atByte, bytes }: { ordinal: number; atByte: number; bytes: Uint8Array },
    heldBytesMax: number,
  ): Promise<DocumentAnswer<{ heldBytes: number }>> {
    if (!this.isOurs(place)) return { refused: 'fenced' };
    const held = this.of(place.tenantId).reduce((sum, { row }) => sum + row.heldBytes, 0);
    if (held + bytes.length > heldBytesMax) return { refused: 'no_room' };
    const one = this.openAt(place, ordinal);
    if (one === undefined || one.row.heldBytes !== atByte) return { refused: 'not_there' };
    one.parts.push({ atByte, bytes: Uint8Array.from(bytes) });
    one.row = { ...one.row, heldBytes: atByte + bytes.length };
    one.touchedMs = this.nowMs();
    return { heldBytes: one.row.heldBytes };
  }

  async finish(
    place: DocumentPlace,
    { ordinal, totalBytes, sha256, items }: Parameters<DocumentStore['finish']>[1],
  ): Promise<DocumentAnswer<StoredDocument>> {
    if (!this.isOurs(place)) return { refused: 'fenced' };
    const one = this.openAt(place, ordinal);
    if (one === undefined || one.row.heldBytes !== totalBytes) return { refused: 'not_there' };
    one.row = { ...one.row, state: 'whole', totalBytes, sha256, items, receivedAtMs: this.nowMs() };
    return one.row;
  }

  async discard(place: DocumentPlace, ordinal: number): Promise<void> {
    const one = this.isOurs(place) ? this.openAt(place, ordinal) : undefined;
    const others = this.of(place.tenantId).filter((other) => other !== one);
    this.kept.set(place.tenantId, others);
  }

  async list(tenantId: string, limit: number): Promise<StoredDocument[]> {
    const rows = this.of(tenantId).map(({ row }) => row);
    return rows.sort((a, b) => b.ordinal - a.ordinal).slice(0, limit);
  }

  async find(tenantId: string, id: string): Promise<StoredDocument | null> {
    return this.of(tenantId).find(({ row }) => row.id === id)?.row ?? null;
  }

  async read(tenantId: string, ordinal: number, atByte: number): Promise<Uint8Array | null> {
    const one = this.of(tenantId).find(({ row }) => row.ordinal === ordinal);
    const part = one?.parts.findLast((each) => each.atByte <= atByte);
    if (part === undefined) throw Object.assign(new Error('removed'), { code: 'no_such_document' });
    const bytes = part.bytes.subarray(atByte - part.atByte);
    return bytes.length === 0 ? null : bytes;
  }

  async purge(wholeKeptMs: number, openKeptMs: number): Promise<DocumentsPurged> {
    const purged: DocumentsPurged = { whole: 0, unfinished: 0, failed: [] };
    const nowMs = this.nowMs();
    for (const [tenantId, rows] of this.kept) {
      const isOver = ({ row, touchedMs }: Kept) =>
        row.state === 'whole' ? row.receivedAtMs! + wholeKeptMs <= nowMs : touchedMs + openKeptMs <= nowMs;
      for (const { row } of rows.filter(isOver)) purged[row.state === 'whole' ? 'whole' : 'unfinished'] += 1;
      const left = rows.filter((one) => !isOver(one));
      this.kept.set(tenantId, left);
    }
    return purged;
  }

  private of(tenantId: string): Kept[] {
    const rows = this.kept.get(tenantId) ?? [];
    this.kept.set(tenantId, rows);
    return rows;
  }

  private isOurs({ tenantId, epoch }: DocumentPlace): boolean {
    return (this.epochs.get(tenantId) ?? 0) === epoch;
  }

  private openAt({ tenantId }: DocumentPlace, ordinal: number): Kept | undefined {
    return this.of(tenantId).find(({ row }) => row.ordinal === ordinal && row.state === 'open');
  }
}

export function memoryDocuments(nowMs: () => number = Date.now): DocumentStore & DocumentShelf {
  return new MemoryDocuments(nowMs);
}

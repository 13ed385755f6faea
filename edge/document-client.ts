/**
 * Sends a document to the cluster: read once from its source, sent within the credit, and gone on with over another stream where
 * the other end has it when one breaks. Between an agent program, which dials, and `picket.edge.v1.Documents`. Holds a window
 * of it, whatever its length, and what the source gives at once.
 */
import { createHash } from 'node:crypto';
import type { DocumentDown } from '../proto/index.ts';
import { type Clock, messageOf, type Random } from '../runtime/index.ts';
import {
  acknowledge,
  addPiece,
  beginStream,
  type DocumentWindow,
  emptyWindow,
  takeNext,
} from './document-window.ts';
import { broken, type DocumentSent, type DocumentWire, Inbox, WireOver } from './document-wire.ts';
import {
  documentPartBytesMax,
  documentRetryMsMax,
  documentRetryMsMin,
  documentTriesMax,
  documentWindowBytes,
} from './limits.ts';

export interface DocumentClientNeeds {
  readonly clock: Clock;
  readonly random: Random;
  /**
   * A new stream, to another gateway when the one before broke. What it throws counts as a stream that broke; with the code `cancelled`
   * nothing is tried again.
   */
  dial(): DocumentWire | Promise<DocumentWire>;
}

export interface DocumentToSend {
  /** The same id is the same document, also in another life of this program. */
  readonly id: string;
  readonly kind: 'sync' | 'sweep' | 'source';
  readonly service: string;
  /** Null: not known yet. */
  readonly totalBytes: number | null;
  /** From its first byte; called again when the other end has less than was told to be safe there. */
  read(): AsyncIterable<Uint8Array>;
  /** Told what is stored at the other end. */
  onHeld?(heldBytes: number): void;
}

/** Resolves when the document is whole at the other end, or when it will not be: refused, or no gateway took more of it. */
export async function sendDocument(
  needs: DocumentClientNeeds,
  document: DocumentToSend,
): Promise<DocumentSent> {
  const sending = new Sending(document);
  let failures = 0;
  for (;;) {
    const before = sending.heldBytes;
    const told = await sending.attempt(needs);
    if (told.ok || !isPassing(told.error.code)) {
      sending.close();
      return told;
    }
    failures = sending.heldBytes > before ? 0 : failures + 1;
    if (failures >= documentTriesMax) {
      sending.close();
      return told;
    }
    const mostMs = Math.min(documentRetryMsMax, documentRetryMsMin * 2 ** failures);
    const delayMs = mostMs * (0.5 + 0.5 * needs.random.next());
    await new Promise<void>((resolve) => void needs.clock.timer(delayMs, resolve));
  }
}

/** What another try, maybe elsewhere, may mend. */
const passing: ReadonlySet<string> = new Set([
  ...['tenant_unavailable', 'node_draining', 'document_gone', 'too_many_documents', 'stream_broken'],
]);
const isPassing = (code: string) => passing.has(code);

class Sending {
  private readonly document: DocumentToSend;
  private source: AsyncIterator<Uint8Array>;
  private hash = createHash('sha256');
  private window: DocumentWindow = emptyWindow;
  private isRead = false;
  private reading: Promise<IteratorResult<Uint8Array>> | null = null;
  /** Read, and less than a part so far. */
  private gathered: Uint8Array[] = [];
  private gatheredBytes = 0;

  constructor(document: DocumentToSend) {
    this.document = document;
    this.source = document.read()[Symbol.asyncIterator]();
  }

  get heldBytes(): number {
    return this.window.from;
  }

  close(): void {
    void this.source.return?.();
  }

  async attempt({ dial, clock }: DocumentClientNeeds): Promise<DocumentSent> {
    let wire: DocumentWire;
    try {
      wire = await dial();
    } catch (error) {
      const { code } = error as { code?: unknown };
      return code === 'cancelled'
        ? { ok: false, error: { code, detail: messageOf(error) } }
        : broken(messageOf(error));
    }
    const inbox = new Inbox(wire, clock);
    try {
      return await this.over(wire, inbox);
    } catch (error) {
      if (error instanceof WireOver) return error.told;
      throw error;
    } finally {
      inbox.close();
      wire.cancel();
    }
  }

  /** One stream, from its open to its end. */
  private async over(wire: DocumentWire, inbox: Inbox): Promise<DocumentSent> {
    const { id, kind, service, totalBytes } = this.document;
    wire.write({ open: { id, kind, service, totalBytes: totalBytes ?? 0 } });
    const first = heldOf(await inbox.next());
    let window = beginStream(this.window, first.heldBytes, first.creditBytes);
    if (window === null) {
      // It was removed there: all of it is sent again.
      this.startAgain();
      window = beginStream(this.window, first.heldBytes, first.creditBytes)!;
    }
    this.window = window;
    this.document.onHeld?.(this.heldBytes);
    const partBytes = Math.min(first.partBytesMax || documentPartBytesMax, documentPartBytesMax);
    while (!(this.isRead && this.window.sent >= this.window.to)) {
      for (let message = inbox.take(); message !== null; message = inbox.take()) this.note(message);
      const next = takeNext(this.window, partBytes);
      // Less than a part waits for more, so that a source of small pieces makes no small parts.
      if (next !== null && (this.isRead || next.bytes.length === partBytes)) {
        this.window = next.window;
        wire.write({ part: { offset: next.offset, data: next.bytes } });
      } else if (this.isRead || this.isFull()) this.note(await inbox.next());
      else await this.readOn(inbox);
    }
    const sha256 = this.hash.copy().digest();
    wire.write({ end: { totalBytes: this.window.to, sha256 } });
    for (;;) {
      const message = await inbox.next();
      if (!message.received) this.note(message);
      else {
        wire.end();
        const { items } = message.received;
        return { ok: true, totalBytes: this.window.to, items, sha256: sha256.toString('hex') };
      }
    }
  }

  private isFull(): boolean {
    return this.window.to - this.window.from >= documentWindowBytes;
  }

  /** While the source is slow the stream may break; what is being read then is for the next. */
  private async readOn(inbox: Inbox): Promise<void> {
    this.reading ??= this.source.next();
    const read = await inbox.unlessOver(this.reading);
    this.reading = null;
    if (!read.done) {
      this.gathered.push(read.value);
      this.gatheredBytes += read.value.length;
    }
    this.isRead = read.done === true;
    if (this.gatheredBytes < documentPartBytesMax && !this.isRead) return;
    const bytes = Buffer.concat(this.gathered);
    this.gathered = [];
    this.gatheredBytes = 0;
    this.hash.update(bytes);
    this.window = addPiece(this.window, bytes);
  }

  private note(message: DocumentDown): void {
    const { heldBytes, creditBytes } = heldOf(message);
    const window = acknowledge(this.window, heldBytes, creditBytes);
    if (window === null) throw new WireOver(broken('it has less than it had'));
    this.window = window;
    this.document.onHeld?.(heldBytes);
  }

  private startAgain(): void {
    this.close();
    this.source = this.document.read()[Symbol.asyncIterator]();
    this.reading = null;
    this.gathered = [];
    this.gatheredBytes = 0;
    this.hash = createHash('sha256');
    this.window = emptyWindow;
    this.isRead = false;
  }
}

function heldOf(message: DocumentDown) {
  if (message.held) return message.held;
  throw new WireOver(broken('an answer that was not awaited'));
}

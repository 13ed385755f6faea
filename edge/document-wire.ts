/**
 * The sender's end of a stream of documents: what comes by it, in order, and why it ended. Between grpc-js and
 * `document-client.ts`.
 */
import { type ServiceError, status } from '@grpc/grpc-js';
import type { DocumentDown, DocumentUp } from '../proto/index.ts';
import type { Clock } from '../runtime/index.ts';
import { documentAnswerMs } from './limits.ts';

/** A stream of `Documents.Transfer`, as a client of grpc-js makes it. */
export interface DocumentWire {
  write(message: DocumentUp): unknown;
  end(): unknown;
  cancel(): void;
  on(event: 'data', listener: (message: DocumentDown) => void): unknown;
  on(event: 'error', listener: (error: ServiceError) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
}

export type DocumentSent =
  | { readonly ok: true; readonly totalBytes: number; readonly items: number; readonly sha256: string }
  | { readonly ok: false; readonly error: { readonly code: string; readonly detail: string } };

export const broken = (detail: string): DocumentSent => ({
  ok: false,
  error: { code: 'stream_broken', detail },
});

/** `code: detail`, as gateways say it; without a code it was the way to them. */
function refusalOf({ details, code }: ServiceError): DocumentSent {
  const said = /^([a-z][a-z0-9_]{2,40}): ([\s\S]*)$/.exec(details ?? '');
  if (said !== null) return { ok: false, error: { code: said[1]!, detail: said[2]! } };
  return broken(`${status[code] ?? code}: ${details}`);
}

/** The stream is over, and what that means for the document. */
export class WireOver extends Error {
  readonly told: DocumentSent;

  constructor(told: DocumentSent) {
    super('the stream is over');
    this.told = told;
  }
}

/** What comes on a stream, in order, and its end. */
export class Inbox {
  private readonly messages: DocumentDown[] = [];
  private wake: (() => void) | null = null;
  private end: WireOver | null = null;
  private readonly clock: Clock;
  private onOver: ((over: WireOver) => void) | null = null;

  constructor(wire: DocumentWire, clock: Clock) {
    this.clock = clock;
    wire.on('data', (message) => {
      this.messages.push(message);
      this.wake?.();
    });
    wire.on('error', (error) => this.over(refusalOf(error)));
    wire.on('end', () => this.over(broken('the gateway ended the stream')));
  }

  take(): DocumentDown | null {
    if (this.messages.length === 0 && this.end !== null) throw this.end;
    return this.messages.shift() ?? null;
  }

  async next(): Promise<DocumentDown> {
    for (;;) {
      const message = this.take();
      if (message !== null) return message;
      await new Promise<void>((resolve) => {
        const cancel = this.clock.timer(documentAnswerMs, () => this.over(broken('no answer came')));
        this.wake = () => {
          cancel();
          this.wake = null;
          resolve();
        };
      });
    }
  }

  /** One at a time: a promise that lives as long as the stream would gather all that ever waited for it. */
  unlessOver<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.end !== null) {
        reject(this.end);
        return;
      }
      this.onOver = reject;
      work.then(
        (value) => {
          this.onOver = null;
          resolve(value);
        },
        (error: unknown) => reject(error),
      );
    });
  }

  close(): void {
    this.over(broken('this side ended it'));
  }

  private over(told: DocumentSent): void {
    if (this.end !== null) return;
    this.end = new WireOver(told);
    this.onOver?.(this.end);
    this.wake?.();
  }
}

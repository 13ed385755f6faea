/** The client against a receiver that is played: credit, and streams that break at any moment. */
import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DocumentDown, DocumentUp } from '../proto/index.ts';
import { manualClock, seededRandom } from '../runtime/index.ts';
import { type DocumentToSend, sendDocument } from './document-client.ts';
import type { DocumentWire } from './document-wire.ts';
import { documentPartBytesMax, documentTriesMax, documentWindowBytes } from './limits.ts';

const broke = { code: status.UNAVAILABLE, details: 'Connection dropped', name: 'x', message: 'x' };

/** Keeps what it took when a stream breaks, after so many messages on each. */
class Receiver {
  held = Buffer.alloc(0);
  whole = 0;
  dials = 0;
  mostAhead = 0;
  private readonly breaks: number[];
  refusal: string | null = null;

  constructor(breaks: readonly number[] = []) {
    this.breaks = [...breaks];
  }

  dial(): DocumentWire {
    this.dials += 1;
    const wire = new EventEmitter() as EventEmitter & DocumentWire;
    let left = this.breaks.shift() ?? Number.POSITIVE_INFINITY;
    let isOver = false;
    const fail = (details: string, code: number = status.UNAVAILABLE) => {
      isOver = true;
      queueMicrotask(() => wire.emit('error', { ...broke, code, details }));
    };
    const say = (message: DocumentDown) => queueMicrotask(() => isOver || wire.emit('data', message));
    const tellHeld = () => {
      const heldBytes = this.held.length;
      say({
        held: { heldBytes, creditBytes: heldBytes + documentWindowBytes, partBytesMax: documentPartBytesMax },
      });
    };
    wire.write = (message: DocumentUp) => {
      if (isOver) return;
      left -= 1;
      if (this.refusal !== null) fail(this.refusal, status.ALREADY_EXISTS);
      else if (message.open) tellHeld();
      else if (message.part) {
        expect(message.part.offset).toBe(this.held.length);
        this.mostAhead = Math.max(this.mostAhead, message.part.data.length);
        this.held = Buffer.concat([this.held, message.part.data]);
        if (left > 0) tellHeld();
      } else if (message.end) {
        const sum = createHash('sha256').update(this.held).digest();
        expect(Buffer.from(message.end.sha256)).toEqual(sum);
        expect(message.end.totalBytes).toBe(this.held.length);
        this.whole += 1;
        if (left > 0) say({ received: { id: 'x', totalBytes: this.held.length, items: 3 } });
      }
      if (left <= 0) fail('');
    };
    wire.end = () => {};
    wire.cancel = () => {
      isOver = true;
    };
    return wire;
  }
}

const content = (length: number) =>
  Buffer.from(Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) % 251));
const document = (bytes: Buffer, pieceBytes: number): DocumentToSend => ({
  ...{ id: 'x', kind: 'sync', service: 's', totalBytes: null },
  async *read() {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  },
});

async function send(receiver: Receiver, given: DocumentToSend) {
  const clock = manualClock();
  const sent = sendDocument({ clock, random: seededRandom(1), dial: () => receiver.dial() }, given);
  let isDone = false;
  void sent.finally(() => {
    isDone = true;
  });
  for (let turn = 0; turn < 2_000 && !isDone; turn += 1) await clock.advance(40_000);
  return await sent;
}

test('a document arrives whole, whatever its pieces are and wherever its streams break', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: 9 * documentPartBytesMax }),
      fc.integer({ min: 50_000, max: 700_000 }),
      fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 6 }),
      async (length, pieceBytes, breaks) => {
        const bytes = content(length);
        const receiver = new Receiver(breaks);
        expect(await send(receiver, document(bytes, pieceBytes))).toMatchObject({
          ok: true,
          totalBytes: length,
          items: 3,
        });
        expect(receiver.held.equals(bytes)).toBe(true);
      },
    ),
    { numRuns: 25 },
  );
});

test('a program that was ended sends it again and is told where to go on', async () => {
  const bytes = content(3 * documentPartBytesMax);
  const receiver = new Receiver();
  receiver.held = bytes.subarray(0, 2 * documentPartBytesMax + 17);
  expect(await send(receiver, document(bytes, 100_000))).toMatchObject({ ok: true });
  expect(receiver.held.equals(bytes)).toBe(true);
});

test('when it was removed at the other end, all of it is sent again', async () => {
  const bytes = content(4 * documentPartBytesMax);
  const receiver = new Receiver([3]);
  const first = receiver.dial.bind(receiver);
  let isForgotten = false;
  receiver.dial = () => {
    if (receiver.held.length > 0 && !isForgotten) {
      isForgotten = true;
      receiver.held = Buffer.alloc(0);
    }
    return first();
  };
  expect(await send(receiver, document(bytes, 100_000))).toMatchObject({ ok: true });
  expect(isForgotten).toBe(true);
  expect(receiver.held.equals(bytes)).toBe(true);
});

test('a refusal is told and not tried again; a way that stays shut is, for a while', async () => {
  const receiver = new Receiver();
  receiver.refusal = 'document_conflict: another one';
  expect(await send(receiver, document(content(10), 5))).toEqual({
    ok: false,
    error: { code: 'document_conflict', detail: 'another one' },
  });
  expect(receiver.dials).toBe(1);
  const shut = new Receiver(Array.from({ length: 1_000 }, () => 1));
  expect(await send(shut, document(content(10), 5))).toMatchObject({
    ok: false,
    error: { code: 'stream_broken' },
  });
  expect(shut.dials).toBe(documentTriesMax);
});

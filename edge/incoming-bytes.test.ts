import { expect, test } from 'vitest';
import { manualClock } from '../runtime/index.ts';
import type { GatewayRefusal } from './errors.ts';
import { HeldBytes } from './held-bytes.ts';
import { IncomingBytes } from './incoming-bytes.ts';
import { agentHeldBytesMax, chunkOverheadBytes, messageLookMs, messageMsMax } from './limits.ts';

function scene() {
  const clock = manualClock();
  const held = new HeldBytes(clock);
  const incoming = new IncomingBytes(clock, held);
  const refused: string[] = [];
  const open = (holder = 'tenant/agent/a') =>
    incoming.stream(holder, ({ code }: GatewayRefusal) => refused.push(`${holder} ${code}`));
  return { clock, held, refused, open };
}

const begun = (length: number, bytes: number) => {
  const piece = Buffer.alloc(5 + bytes);
  piece.writeUInt32BE(length, 1);
  return piece;
};

test('pieces of a message count until it is whole, and it counts until its handler has it', () => {
  const { held, open } = scene();
  const stream = open();
  stream.piece(begun(1_000, 400));
  expect(held.bytes).toBe(405 + chunkOverheadBytes);
  stream.piece(Buffer.alloc(600));
  expect(held.bytes).toBe(1_000);
  stream.read(0);
  expect(held.bytes).toBe(0);
});

test('a message that waits for the one before it counts with the bytes that it was read to', () => {
  const { held, open } = scene();
  const stream = open();
  stream.piece(begun(100, 100));
  stream.read(5_000);
  expect(held.bytes).toBe(5_000);
  stream.given();
  expect(held.bytes).toBe(0);
});

test('pieces of one byte are refused long before they are many megabytes', () => {
  const { held, refused, open } = scene();
  const stream = open();
  stream.piece(begun(16_000_000, 0));
  let pieces = 0;
  while (refused.length === 0) {
    stream.piece(Buffer.of(1));
    pieces += 1;
  }
  expect(refused).toEqual(['tenant/agent/a too_large']);
  expect(pieces).toBe(Math.floor(agentHeldBytesMax / (1 + chunkOverheadBytes)));
  expect(held.bytes).toBe(0);
  stream.piece(Buffer.alloc(1_000));
  expect(held.bytes).toBe(0);
});

test('streams of one agent share its bound, and an agent of another tenant has its own', () => {
  const { held, refused, open } = scene();
  const half = Buffer.alloc(agentHeldBytesMax / 2);
  half.writeUInt32BE(0xffffffff, 1);
  const streams = [open(), open()];
  for (const stream of streams) stream.piece(half);
  expect(refused).toEqual(['tenant/agent/a too_large']);
  open('other/agent/b').piece(half);
  expect(refused).toHaveLength(1);
  for (const stream of streams) stream.end();
  expect(held.bytes).toBe(half.length + chunkOverheadBytes);
});

test('a message that comes a byte at a time ends when the longest one would be there; the next begins anew', async () => {
  const { clock, held, refused, open } = scene();
  const [slow, other] = [open(), open('tenant/agent/b')];
  slow.piece(begun(1_000_000, 1));
  other.piece(begun(100, 1));
  for (let ms = 0; ms < messageMsMax; ms += messageLookMs) {
    slow.piece(Buffer.of(1));
    other.piece(Buffer.concat([Buffer.alloc(99), begun(100, 1)]));
    await clock.advance(messageLookMs);
  }
  expect(refused).toEqual(['tenant/agent/a too_slow']);
  other.end();
  expect(held.bytes).toBe(0);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../runtime/index.ts';
import { encodeControlHead, encodeRoutedHead, type Frame, isRouted, noPayload } from './frame.ts';
import { Inbox } from './inbox.ts';
import { partedBytesMax, partedFramesMax, partFrameBytes, wholeFrameBytesMax } from './limits.ts';
import { LinkQueue } from './link-queue.ts';

interface Put {
  readonly isSystem: boolean;
  /** 0: none. */
  readonly flow: number;
  readonly payloadBytes: number;
}

const sizes = fc.oneof(
  { weight: 6, arbitrary: fc.nat(400) },
  { weight: 2, arbitrary: fc.integer({ min: wholeFrameBytesMax - 60, max: wholeFrameBytesMax + 60 }) },
  { weight: 2, arbitrary: fc.integer({ min: wholeFrameBytesMax, max: 300_000 }) },
);
const put: fc.Arbitrary<Put> = fc.record({ isSystem: fc.boolean(), flow: fc.nat(3), payloadBytes: sizes });
/** What is put, and in between how much is taken. */
const steps = fc.array(fc.oneof(put, fc.integer({ min: 1, max: 400_000 })), { maxLength: 40 });

function putInto(queue: LinkQueue, { isSystem, flow, payloadBytes }: Put, callId: number): void {
  const header = { toBoot: flow, toId: payloadBytes, fromId: isSystem ? 1 : 0, callId, timeoutMs: 0 };
  const payload = Buffer.alloc(payloadBytes, callId);
  queue.put(encodeRoutedHead('cast', header, payloadBytes), payload, flow === 0 ? null : flow, isSystem);
}

function inbox() {
  const read: Frame[] = [];
  const failures: string[] = [];
  const made = new Inbox(manualClock(), {
    frame: (frame) => void read.push(frame),
    close: (code, detail) => void failures.push(`${code}: ${detail}`),
  });
  made.takesParts = true;
  return { inbox: made, read, failures };
}

/** Runs the steps to the end; tells the frames that arrived, in order, as they were put. */
function run(all: readonly (Put | number)[]) {
  const queue = new LinkQueue();
  const { inbox: end, read, failures } = inbox();
  const sent: Put[] = [];
  const move = (bytesMax: number) => {
    const { chunks, bytes } = queue.take(bytesMax, false);
    expect(chunks.reduce((sum, one) => sum + one.length, 0)).toBe(bytes);
    if (bytes > 0) end.receive(Buffer.concat(chunks));
    return bytes;
  };
  for (const step of all) {
    if (typeof step === 'number') move(step);
    else {
      putInto(queue, step, sent.length);
      sent.push(step);
    }
  }
  while (move(100_000) > 0);
  expect(failures).toEqual([]);
  expect(queue.bytes).toBe(0);
  const arrived = read.map((frame) => {
    if (!isRouted(frame)) throw new Error(frame.kind);
    expect(Buffer.alloc(frame.toId, frame.callId).equals(frame.payload)).toBe(true);
    return frame.callId;
  });
  return { sent, arrived };
}

describe('what is queued on a link', () => {
  it('arrives whole and once, whatever is put and whenever it is taken, and in order for each receiver', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { sent, arrived } = run(all);
        expect([...arrived].sort((a, b) => a - b)).toEqual(sent.map((_, at) => at));
        for (const isSystem of [true, false]) {
          for (const flow of [1, 2, 3]) {
            const of = (at: number) => sent[at]!.flow === flow && sent[at]!.isSystem === isSystem;
            const order = arrived.filter(of);
            expect(order).toEqual([...order].sort((a, b) => a - b));
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('lets a small frame wait for the small ones before it and one part at most, whatever large ones are there', () => {
    fc.assert(
      fc.property(fc.array(put, { maxLength: 20 }), fc.integer({ min: 0, max: 50 }), (all, takes) => {
        const queue = new LinkQueue();
        all.forEach((one, at) => void putInto(queue, { ...one, isSystem: false }, at));
        for (let n = 0; n < takes; n += 1) queue.take(1, false);
        const small = all
          .map((one) => one.payloadBytes + 32)
          .filter((bytes) => bytes - 4 <= wholeFrameBytesMax);
        const before = small.reduce((sum, bytes) => sum + bytes, 0);
        putInto(queue, { isSystem: false, flow: 99, payloadBytes: 10 }, 1_000);
        let behind = 0;
        for (;;) {
          const { chunks, bytes } = queue.take(1, false);
          const at = chunks.findIndex(
            (one) => one.length === 42 && Buffer.from(one).readUInt32BE(24) === 1_000,
          );
          if (at >= 0) break;
          behind += bytes;
          expect(bytes).toBeGreaterThan(0);
        }
        // Between two small frames one part may go, so that the large ones end too.
        expect(behind).toBeLessThanOrEqual(before + (small.length + 1) * partFrameBytes);
      }),
    );
  });

  it('writes system frames before user frames, whole or in parts', () => {
    const queue = new LinkQueue();
    putInto(queue, { isSystem: false, flow: 1, payloadBytes: 1_000_000 }, 1);
    queue.take(50_000, false);
    queue.put(encodeControlHead('leaving', {}, 0), noPayload, null, true);
    putInto(queue, { isSystem: true, flow: 0, payloadBytes: 200_000 }, 2);
    const { inbox: end, read } = inbox();
    // What was taken before is lost on this end: only what comes now is looked at.
    const { chunks } = queue.take(210_000, false);
    end.receive(Buffer.concat(chunks).subarray(0, 200_000));
    expect(read.map((frame) => frame.kind)).toEqual(['leaving']);
  });

  it('keeps its receiver within the frames and bytes in parts that it takes', () => {
    const queue = new LinkQueue();
    const { inbox: end, read, failures } = inbox();
    const large = 15 * 1024 * 1024;
    for (let flow = 1; flow <= partedFramesMax + 4; flow += 1)
      putInto(queue, { isSystem: flow % 2 === 0, flow, payloadBytes: flow < 6 ? large : 100_000 }, flow);
    const open = new Map<number, number>();
    for (;;) {
      const { chunks, bytes } = queue.take(1, false);
      if (bytes === 0) break;
      const head = Buffer.from(chunks[0]!);
      if (head[4] === 96) {
        const [stream, offset, total] = [head.readUInt32BE(6), head.readUInt32BE(10), head.readUInt32BE(14)];
        if (offset + bytes - 18 < total) open.set(stream, total);
        else open.delete(stream);
        expect(open.size).toBeLessThanOrEqual(partedFramesMax);
        expect([...open.values()].reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(partedBytesMax);
      }
      end.receive(Buffer.concat(chunks));
    }
    expect(failures).toEqual([]);
    expect(read).toHaveLength(partedFramesMax + 4);
  });
});

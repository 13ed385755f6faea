import { describe, expect, test } from 'vitest';
import { manualClock } from '../runtime/index.ts';
import { Flushes } from './flushes.ts';
import { encodeControlHead, encodeRoutedHead, noPayload } from './frame.ts';
import { createFrameReader } from './frame-reader.ts';
import { linkHighWaterBytes, linkQueuedBytesMax, linkUrgentBytesMax, linkWindowBytes } from './limits.ts';
import { Outbox, type Urgency } from './outbox.ts';
import type { Connection } from './transport.ts';

/** A connection whose network takes nothing until it is told to. */
function slowNetwork() {
  const clock = manualClock();
  const written: Buffer[] = [];
  let buffered = 0;
  const connection = {
    bufferedBytes: () => buffered,
    write(chunks: readonly Uint8Array[]) {
      for (const chunk of chunks) {
        written.push(Buffer.from(chunk));
        buffered += chunk.length;
      }
    },
  } as unknown as Connection;
  const told = { overrun: 0 };
  const outbox = new Outbox(connection, new Flushes(clock), {
    overrun() {
      told.overrun += 1;
    },
    emptied() {},
  });
  return {
    clock,
    outbox,
    told,
    buffered: () => buffered,
    /** The network takes all that was written. */
    drain() {
      buffered = 0;
      outbox.flush();
    },
    /** Kinds of what was written since the last time; parts count as such. */
    kinds() {
      const reader = createFrameReader();
      reader.push(Buffer.concat(written.splice(0)));
      const kinds: string[] = [];
      for (let frame = reader.next(); frame !== null; frame = reader.next()) kinds.push(frame.kind);
      return kinds;
    },
  };
}

function cast(outbox: Outbox, bytes: number, urgency: Urgency = 'cast', flow = 1): boolean {
  const header = { toBoot: 1, toId: flow, fromId: 0, callId: 0, timeoutMs: 0 };
  return outbox.put(encodeRoutedHead('cast', header, bytes), Buffer.alloc(bytes), flow, urgency);
}

const leaving = () => encodeControlHead('leaving', {}, 0);

test('what is sent in one turn is written once, system frames first', async () => {
  const { clock, outbox, kinds } = slowNetwork();
  cast(outbox, 10);
  cast(outbox, 10);
  outbox.put(leaving(), noPayload, null, 'system');
  expect(kinds()).toEqual([]);
  await clock.settle();
  expect(kinds()).toEqual(['leaving', 'cast', 'cast']);
});

test('the connection is given no more than a window ahead of the network, and a system frame goes next', async () => {
  const { clock, outbox, kinds, buffered, drain } = slowNetwork();
  cast(outbox, 4_000_000);
  cast(outbox, 4_000_000, 'cast', 2);
  await clock.settle();
  expect(buffered()).toBeLessThanOrEqual(linkWindowBytes + 2 * 16_384);
  expect(new Set(kinds())).toEqual(new Set(['part']));
  outbox.put(leaving(), noPayload, null, 'system');
  cast(outbox, 10, 'cast', 3);
  await clock.settle();
  expect(kinds()).toEqual([]);
  drain();
  expect(kinds().slice(0, 3)).toEqual(['leaving', 'cast', 'part']);
});

test('casts are refused over the high-water mark, calls over the limit, and signals never', () => {
  const { outbox, told } = slowNetwork();
  const mib = 1_048_576;
  const fill = (urgency: Urgency) => {
    let bytes = outbox.waitingBytes;
    while (told.overrun === 0 && cast(outbox, mib, urgency)) bytes = outbox.waitingBytes;
    return bytes;
  };
  expect(fill('cast')).toBeLessThan(linkHighWaterBytes + 2 * mib);
  expect(cast(outbox, 10)).toBe(false);
  expect(fill('call')).toBeLessThan(linkQueuedBytesMax + 2 * mib);
  expect(cast(outbox, 10, 'call')).toBe(false);
  expect(cast(outbox, 10, 'signal')).toBe(true);
  expect(told.overrun).toBe(0);
  expect(fill('signal')).toBeLessThan(linkQueuedBytesMax + linkUrgentBytesMax + 2 * mib);
  expect(told.overrun).toBe(1);
  expect(outbox.counts.refusedBusy).toBe(5);
});

test('system frames for a peer that does not read are bounded: past the limit the link is to end', () => {
  const { outbox, told } = slowNetwork();
  const delta = Buffer.alloc(200_000);
  const head = () =>
    encodeControlHead('registry_delta', { boot: 1, origin: 'core_1', tenant: 'platform' }, delta.length);
  for (let n = 0; n < 10_000 && told.overrun === 0; n += 1) outbox.put(head(), delta, 0, 'system');
  expect(told.overrun).toBe(1);
  expect(outbox.waitingBytes).toBeLessThan(linkQueuedBytesMax + linkUrgentBytesMax + 400_000);
});

test('held frames wait and system frames do not', async () => {
  const { clock, outbox, kinds } = slowNetwork();
  outbox.hold();
  cast(outbox, 10);
  outbox.put(leaving(), noPayload, null, 'system');
  await clock.settle();
  expect(kinds()).toEqual(['leaving']);
  outbox.release();
  await clock.settle();
  expect(kinds()).toEqual(['cast']);
});

test('an end writes what is left and the last frame, and takes no more', () => {
  const { outbox, kinds } = slowNetwork();
  cast(outbox, 10);
  outbox.end(encodeControlHead('close', { code: 'leaving', detail: '' }, 0));
  expect(kinds()).toEqual(['cast', 'close']);
  expect(cast(outbox, 10)).toBe(false);
});

describe('a frame that is alone in its turn', () => {
  const whole = (kind: 'cast' | 'call') => {
    const header = { toBoot: 1, toId: 1, fromId: 0, callId: 0, timeoutMs: 0 };
    return encodeRoutedHead(kind, header, 0);
  };

  test('is written at the end of it, and is told with what waits', async () => {
    const { clock, outbox, kinds } = slowNetwork();
    expect(outbox.put(whole('cast'), noPayload, 1, 'cast')).toBe(true);
    expect(outbox.waitingBytes).toBe(whole('cast').length);
    expect(kinds()).toEqual([]);
    await clock.settle();
    expect(kinds()).toEqual(['cast']);
    expect(outbox.counts).toMatchObject({ framesOut: 1, bytesOut: whole('cast').length });
  });

  test('is one of several when another comes: system frames go first, others keep their order', async () => {
    const { clock, outbox, kinds } = slowNetwork();
    outbox.put(whole('cast'), noPayload, 1, 'cast');
    outbox.put(whole('call'), noPayload, 1, 'call');
    outbox.put(leaving(), noPayload, null, 'system');
    await clock.settle();
    expect(kinds()).toEqual(['leaving', 'cast', 'call']);
  });

  test('goes with what is flushed before the end of the turn, once', async () => {
    const { clock, outbox, kinds } = slowNetwork();
    outbox.put(whole('cast'), noPayload, 1, 'cast');
    outbox.flush();
    expect(kinds()).toEqual(['cast']);
    outbox.put(whole('call'), noPayload, 1, 'call');
    await clock.settle();
    expect(kinds()).toEqual(['call']);
  });

  test('waits while user frames are held, and a system frame does not', async () => {
    const { clock, outbox, kinds } = slowNetwork();
    outbox.hold();
    outbox.put(whole('cast'), noPayload, 1, 'cast');
    await clock.settle();
    outbox.put(leaving(), noPayload, null, 'system');
    await clock.settle();
    expect(kinds()).toEqual(['leaving']);
    outbox.release();
    await clock.settle();
    expect(kinds()).toEqual(['cast']);
  });

  test('waits for a network that takes no more', async () => {
    const { clock, outbox, kinds, drain } = slowNetwork();
    cast(outbox, 4_000_000);
    await clock.settle();
    outbox.put(leaving(), noPayload, null, 'system');
    await clock.settle();
    kinds();
    drain();
    expect(kinds()[0]).toBe('leaving');
  });

  test('is written before the last word of a link, and after that nothing', async () => {
    const { clock, outbox, kinds } = slowNetwork();
    outbox.put(whole('cast'), noPayload, 1, 'cast');
    outbox.end(leaving());
    expect(outbox.put(whole('call'), noPayload, 1, 'call')).toBe(false);
    await clock.settle();
    expect(kinds()).toEqual(['cast', 'leaving']);
  });
});

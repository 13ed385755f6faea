import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../runtime/index.ts';
import { encodeControlHead, encodeRoutedHead } from './frame.ts';
import { Inbox } from './inbox.ts';
import {
  frameBytesMax,
  linkStallMs,
  partedBytesMax,
  partedFramesMax,
  partsStartBytes,
  wholeFrameBytesMax,
} from './limits.ts';
import { Parts } from './parts.ts';

const total = wholeFrameBytesMax + 100;
const part = (stream: number, offset: number, bytes: number, totalBytes = total) => ({
  kind: 'part' as const,
  flags: 0,
  header: { stream, offset, totalBytes },
  payload: Buffer.alloc(bytes, 7),
});

/** The answer to the last of them; those before must be taken. */
function last(parts: readonly ReturnType<typeof part>[]) {
  const taker = new Parts();
  const answers = parts.map((one) => taker.take(one));
  expect(answers.slice(0, -1).every((one) => one === null)).toBe(true);
  return answers.at(-1);
}

describe('parts', () => {
  it.each([
    ['of a stream that did not begin', [part(1, 10, 10)]],
    ['of a stream that begins twice', [part(1, 0, 10), part(1, 0, 10)]],
    ['that leave something out', [part(1, 0, 10), part(1, 20, 10)]],
    ['that come again', [part(1, 0, 10), part(1, 10, 10), part(1, 10, 10)]],
    ['that are empty', [part(1, 0, 0)]],
    ['that change their total', [part(1, 0, 10), part(1, 10, 10, total + 1)]],
    ['that run over their total', [part(1, 0, total + 1)]],
    ['of a frame that is no frame', [part(1, 0, total)]],
    ['of a frame that needed none', [part(1, 0, 10, wholeFrameBytesMax)]],
  ])('%s are malformed', (_what, parts) => {
    expect(last(parts)).toMatchObject({ code: 'frame_malformed' });
  });

  it.each([
    ['of a frame over the greatest', [part(1, 0, 10, frameBytesMax + 1)]],
    [
      'of more frames than may be open',
      Array.from({ length: partedFramesMax + 1 }, (_, at) => part(at, 0, 10)),
    ],
    [
      'of more bytes than may be open',
      Array.from({ length: partedBytesMax / frameBytesMax + 1 }, (_, at) => part(at, 0, 10, frameBytesMax)),
    ],
  ])('%s are too large', (_what, parts) => {
    expect(last(parts)).toMatchObject({ code: 'frame_too_large' });
  });

  it('within parts are malformed', () => {
    const inner = encodeControlHead('part', { stream: 2, offset: 0, totalBytes: total }, total);
    const whole = Buffer.concat([inner.subarray(4), Buffer.alloc(total)]);
    const outer = { ...part(1, 0, 0, whole.length), payload: whole };
    expect(new Parts().take(outer)).toMatchObject({ code: 'frame_malformed' });
  });

  it('of any kind and order take no more memory than twice what came, and what a beginning takes', () => {
    const any = fc.record({
      stream: fc.nat(10),
      offset: fc.oneof(fc.constant(0), fc.nat(300_000)),
      bytes: fc.nat(20_000),
      totalBytes: fc.oneof(fc.integer({ min: 0, max: 300_000 }), fc.constant(frameBytesMax)),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 30 }), (all) => {
        const taker = new Parts();
        let arrived = 0;
        for (const { stream, offset, bytes, totalBytes } of all) {
          arrived += bytes;
          const answer = taker.take(part(stream, offset, bytes, totalBytes));
          expect(taker.heldBytes).toBeLessThanOrEqual(2 * arrived + partedFramesMax * partsStartBytes);
          if (answer !== null) break;
        }
      }),
    );
  });
});

describe('a frame that is begun', () => {
  function receiver() {
    const clock = manualClock();
    const failures: string[] = [];
    const inbox = new Inbox(clock, {
      frame: () => {},
      close(code) {
        failures.push(code);
        inbox.end();
      },
    });
    inbox.takesParts = true;
    return { clock, failures, inbox };
  }
  const header = { toBoot: 1, toId: 2, fromId: 3, callId: 0, timeoutMs: 0 };
  const cast = Buffer.concat([encodeRoutedHead('cast', header, 500), Buffer.alloc(500)]);
  const framed = (one: ReturnType<typeof part>) =>
    Buffer.concat([encodeControlHead('part', one.header, one.payload.length), one.payload]);

  it('and never finished ends the link, byte by byte as well as in silence', async () => {
    for (const bytesAtOnce of [1, 300]) {
      const { clock, failures, inbox } = receiver();
      for (let at = 0; at < 400 && failures.length === 0; at += bytesAtOnce) {
        inbox.receive(cast.subarray(at, Math.min(400, at + bytesAtOnce)));
        await clock.advance(100);
      }
      await clock.advance(linkStallMs);
      expect(failures).toEqual(['link_silent']);
    }
  });

  it('in parts and never finished ends the link, though other frames come', async () => {
    const { clock, failures, inbox } = receiver();
    inbox.receive(framed(part(1, 0, 10)));
    for (let n = 0; n < 30; n += 1) {
      inbox.receive(cast);
      await clock.advance(500);
    }
    expect(failures).toEqual(['link_silent']);
  });

  it('and finished in time ends nothing, nor does one that begins when the other is looked at', async () => {
    const { clock, failures, inbox } = receiver();
    for (let n = 0; n < 40; n += 1) {
      inbox.receive(cast.subarray(0, 100));
      await clock.advance(linkStallMs / 8);
      inbox.receive(cast.subarray(100));
    }
    const payload = Buffer.alloc(total - 28);
    const whole = Buffer.concat([encodeRoutedHead('cast', header, payload.length).subarray(4), payload]);
    for (let at = 0; at < total; at += 8_000) {
      const bytes = Math.min(8_000, total - at);
      inbox.receive(framed({ ...part(1, at, bytes), payload: whole.subarray(at, at + bytes) }));
      await clock.advance(linkStallMs / 8);
    }
    await clock.advance(10 * linkStallMs);
    expect(failures).toEqual([]);
  });
});

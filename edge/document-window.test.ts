import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  acknowledge,
  addPiece,
  beginStream,
  type DocumentWindow,
  emptyWindow,
  takeNext,
} from './document-window.ts';

test('through any cuts, breaks and acknowledgements every byte is sent once a stream, in order, and the window stays small', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('read' as const), count: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ do: fc.constant('send' as const), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constant('store' as const), count: fc.nat({ max: 6 }) }),
    fc.record({ do: fc.constant('break' as const), count: fc.nat({ max: 6 }) }),
  );
  const most = 12;
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 80 }),
      fc.array(step, { maxLength: 120 }),
      (whole, steps) => {
        let window: DocumentWindow = { ...emptyWindow, credit: most };
        /** What the other end has: stored, and on its way on this stream. */
        let [stored, arrived] = [0, 0];
        for (const { do: what, count } of steps) {
          if (what === 'read' && window.to - window.from < most)
            window = addPiece(window, whole.subarray(window.to, window.to + count));
          else if (what === 'send') {
            const next = takeNext(window, count);
            if (next === null) continue;
            expect(next.offset).toBe(arrived);
            expect(next.bytes).toEqual(whole.subarray(next.offset, next.offset + next.bytes.length));
            window = next.window;
            arrived += next.bytes.length;
            expect(arrived).toBeLessThanOrEqual(stored + most);
          } else if (what === 'store') {
            stored = Math.min(arrived, stored + count);
            window = acknowledge(window, stored, stored + most)!;
          } else if (what === 'break') {
            // Some of what was on its way is stored and was never acknowledged; the rest is lost.
            stored = Math.min(arrived, stored + count);
            arrived = stored;
            window = beginStream(window, stored, stored + most)!;
          }
          const kept = window.pieces.reduce((sum, piece) => sum + piece.length, 0);
          expect(kept).toBe(Math.max(0, window.to - window.from));
          expect(kept).toBeLessThan(most + 9);
        }
      },
    ),
  );
});

test('what the other end has already is read over, and nothing of it is kept or sent', () => {
  let window = beginStream(emptyWindow, 10, 100)!;
  for (const [from, to] of [
    [0, 4],
    [4, 8],
    [8, 14],
  ] as const)
    window = addPiece(
      window,
      Uint8Array.from({ length: to - from }, (_, at) => from + at),
    );
  expect(takeNext(window, 100)).toMatchObject({ offset: 10, bytes: Uint8Array.from([10, 11, 12, 13]) });
});

test('an end that has less than it had is no window', () => {
  const window = acknowledge(addPiece({ ...emptyWindow, credit: 9 }, new Uint8Array(5)), 5, 9)!;
  expect(acknowledge(window, 4, 9)).toBeNull();
  expect(beginStream(window, 0, 9)).toBeNull();
});

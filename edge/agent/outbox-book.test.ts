import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  newOutbox,
  type OutboxBook,
  type OutboxBounds,
  type OutboxEvent,
  stepOutbox,
  waitingOf,
} from './outbox-book.ts';

const bounds: OutboxBounds = { bytesMax: 1_000, recordsMax: 30, segmentBytesMax: 200 };

/** Ids of segments that are there, by the effects alone. */
function follow(files: Set<number>, effects: ReturnType<typeof stepOutbox>['effects']): void {
  for (const { type, id } of effects) {
    if (type === 'begin') files.add(id);
    else if (!files.delete(id)) throw new Error(`${id} is removed and not there`);
  }
}

const events = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ type: fc.constant('append' as const), bytes: fc.integer({ min: 1, max: 190 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('take' as const),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('unwritten' as const) }) },
  ),
  { maxLength: 200 },
);

describe('the outbox', () => {
  it('accounts for every result: it waits, was taken, could not be written, or was dropped and counted', () => {
    fc.assert(
      fc.property(events, (given) => {
        let book: OutboxBook = newOutbox([]);
        const files = new Set<number>();
        let [appended, taken, lost, lastBytes] = [0, 0, 0, 0];
        for (const one of given) {
          let event: OutboxEvent;
          if (one.type === 'append') {
            event = one;
            appended += 1;
            lastBytes = one.bytes;
          } else if (one.type === 'unwritten') {
            // Only what was appended just now can be taken back.
            if (lastBytes === 0) continue;
            event = { type: 'unwritten', bytes: lastBytes };
            lost += 1;
            lastBytes = 0;
          } else {
            const oldest = book.segments[0];
            if (oldest === undefined) continue;
            const records = Math.floor(one.share * oldest.records);
            event = {
              type: 'taken',
              segment: oldest.id,
              records,
              offset: Math.floor(one.share * oldest.bytes),
            };
            lastBytes = 0;
          }
          const waited = waitingOf(book);
          const step = stepOutbox(book, event, bounds);
          follow(files, step.effects);
          if (event.type === 'taken') taken += waited - waitingOf(step.book);
          book = step.book;
          expect(waitingOf(book) + taken + book.dropped + lost).toBe(appended);
          expect(bytesOf(book)).toBeLessThanOrEqual(bounds.bytesMax);
          expect(waitingOf(book)).toBeLessThanOrEqual(bounds.recordsMax);
          expect([...files].sort((a, b) => a - b)).toEqual(book.segments.map(({ id }) => id));
          expect(book.taken.records).toBeLessThanOrEqual(book.segments[0]?.records ?? 0);
        }
      }),
    );
  });

  it('drops the oldest first, a segment at once, and begins a new one when the last is full', () => {
    let book = newOutbox([]);
    for (let at = 0; at < 12; at += 1) book = stepOutbox(book, { type: 'append', bytes: 100 }, bounds).book;
    expect(book.segments.map(({ id }) => id)).toEqual([2, 3, 4, 5, 6]);
    expect([book.dropped, waitingOf(book)]).toEqual([2, 10]);
  });

  it('takes an answer for what was dropped meanwhile, or for less than before, for nothing', () => {
    let book = newOutbox([
      { id: 4, bytes: 100, records: 5 },
      { id: 5, bytes: 50, records: 2 },
    ]);
    const taken = (segment: number, records: number) =>
      ({ type: 'taken', segment, records, offset: 20 * records }) as const;
    book = stepOutbox(book, taken(4, 3), bounds).book;
    for (const event of [taken(3, 9), taken(4, 2), taken(4, 6), taken(9, 1)])
      expect(stepOutbox(book, event, bounds)).toEqual({ book, effects: [] });
    expect(stepOutbox(book, taken(4, 5), bounds)).toMatchObject({ effects: [{ type: 'remove', id: 4 }] });
  });
});

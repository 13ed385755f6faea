/**
 * What the outbox holds, as a state over its segments: which one is written, which goes when room is needed, and what was
 * taken. Pure; outbox.ts moves the bytes. The oldest go first, a segment at once, and each result that nobody took is
 * counted.
 */

export interface Segment {
  readonly id: number;
  readonly bytes: number;
  readonly records: number;
}

export interface OutboxBook {
  /** In the order of their ids, which follow on each other; the last one is written. */
  readonly segments: readonly Segment[];
  /** In the oldest: where the next to be sent begins, and how many before it were taken. */
  readonly taken: { readonly offset: number; readonly records: number };
  /** Since the program began. */
  readonly dropped: number;
}

export interface OutboxBounds {
  readonly bytesMax: number;
  readonly recordsMax: number;
  readonly segmentBytesMax: number;
}

export type OutboxEvent =
  | { readonly type: 'append'; readonly bytes: number }
  /** Up to here, in this segment, the gateway has it. `records`: of the segment, from its beginning. */
  | { readonly type: 'taken'; readonly segment: number; readonly offset: number; readonly records: number }
  /** What was appended last could not be written, so there is no room on the disk: it is not there, and the oldest goes. */
  | { readonly type: 'unwritten'; readonly bytes: number };

export type OutboxEffect =
  | { readonly type: 'begin'; readonly id: number }
  | { readonly type: 'remove'; readonly id: number };

export interface OutboxStep {
  readonly book: OutboxBook;
  readonly effects: readonly OutboxEffect[];
}

const untaken = { offset: 0, records: 0 } as const;

export function newOutbox(segments: readonly Segment[], taken: OutboxBook['taken'] = untaken): OutboxBook {
  return { segments, taken: segments.length === 0 ? untaken : taken, dropped: 0 };
}

/** Results that nobody took yet. */
export function waitingOf({ segments, taken }: OutboxBook): number {
  return segments.reduce((sum, { records }) => sum + records, 0) - taken.records;
}

export function bytesOf({ segments }: OutboxBook): number {
  return segments.reduce((sum, { bytes }) => sum + bytes, 0);
}

export function stepOutbox(book: OutboxBook, event: OutboxEvent, bounds: OutboxBounds): OutboxStep {
  if (event.type === 'append') return append(book, event.bytes, bounds);
  if (event.type === 'unwritten') return dropOldest(withLast(book, -event.bytes, -1), []);
  return take(book, event);
}

function append(book: OutboxBook, bytes: number, bounds: OutboxBounds): OutboxStep {
  const effects: OutboxEffect[] = [];
  let { segments } = book;
  const last = segments.at(-1);
  if (last === undefined || last.bytes + bytes > bounds.segmentBytesMax) {
    const id = (last?.id ?? 0) + 1;
    segments = [...segments, { id, bytes: 0, records: 0 }];
    effects.push({ type: 'begin', id });
  }
  let step: OutboxStep = { book: { ...book, segments }, effects };
  const isOver = (now: OutboxBook) =>
    bytesOf(now) + bytes > bounds.bytesMax || waitingOf(now) + 1 > bounds.recordsMax;
  while (isOver(step.book) && step.book.segments.length > 1) step = dropOldest(step.book, step.effects);
  return { ...step, book: withLast(step.book, bytes, 1) };
}

function withLast(book: OutboxBook, bytes: number, records: number): OutboxBook {
  const last = book.segments.at(-1)!;
  const changed = { ...last, bytes: last.bytes + bytes, records: last.records + records };
  return { ...book, segments: [...book.segments.slice(0, -1), changed] };
}

function dropOldest(book: OutboxBook, effects: readonly OutboxEffect[]): OutboxStep {
  const [oldest, ...segments] = book.segments;
  // The one that is written stays: dropping it would make no room for what comes.
  if (oldest === undefined || segments.length === 0) return { book, effects };
  const dropped = book.dropped + oldest.records - book.taken.records;
  return {
    book: { segments, taken: untaken, dropped },
    effects: [...effects, { type: 'remove', id: oldest.id }],
  };
}

/** An answer for what was dropped meanwhile, or that says less than an earlier one, changes nothing. */
function take(book: OutboxBook, event: OutboxEvent & { type: 'taken' }): OutboxStep {
  const effects: OutboxEffect[] = [];
  let { segments, taken } = book;
  if (!segments.some(({ id }) => id === event.segment)) return { book, effects };
  while (segments[0]!.id < event.segment) {
    effects.push({ type: 'remove', id: segments[0]!.id });
    segments = segments.slice(1);
    taken = untaken;
  }
  const { bytes, records } = segments[0]!;
  if (event.records > taken.records && event.records <= records && event.offset <= bytes)
    taken = { offset: event.offset, records: event.records };
  if (taken.records === records && segments.length > 1) {
    effects.push({ type: 'remove', id: segments[0]!.id });
    segments = segments.slice(1);
    taken = untaken;
  }
  return { book: { ...book, segments, taken }, effects };
}

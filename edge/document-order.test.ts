import fc from 'fast-check';
import { expect, test } from 'vitest';
import { documentPartBytesMax as takenByCores } from '../actors/limits.ts';
import {
  creditOf,
  type DocumentEvent,
  type DocumentOrder,
  noDocument,
  stepDocument,
} from './document-order.ts';
import { isRefusal } from './errors.ts';
import { documentPartBytesMax, documentWindowBytes } from './limits.ts';

const run = (events: readonly DocumentEvent[], from = noDocument) => {
  let state = from;
  for (const event of events) {
    const next = stepDocument(state, event);
    if (isRefusal(next)) return next;
    state = next;
  }
  return state;
};
const open: DocumentEvent[] = [{ type: 'open' }, { type: 'held', heldBytes: 0 }];
const part = (offset: number, bytes: number): DocumentEvent => ({ type: 'part', offset, bytes });
const end = (totalBytes: number, hashBytes = 32): DocumentEvent => ({ type: 'end', totalBytes, hashBytes });

test('a document goes from its open to its end, and another may follow', () => {
  const whole = [
    ...open,
    part(0, 10),
    { type: 'held', heldBytes: 10 },
    part(10, 5),
    end(15),
    { type: 'received' },
  ];
  expect(run(whole as DocumentEvent[])).toEqual(noDocument);
  expect(run([...whole, ...open] as DocumentEvent[])).toMatchObject({ phase: 'open', next: 0 });
});

test('a document that was begun goes on where it is held', () => {
  const begun = run([{ type: 'open' }, { type: 'held', heldBytes: 700 }]) as DocumentOrder;
  expect(begun).toEqual({ phase: 'open', next: 700, held: 700 });
  expect(creditOf(begun)).toBe(700 + documentWindowBytes);
  expect(run([part(0, 5)], begun)).toMatchObject({ code: 'bad_document' });
  expect(run([end(600)], begun)).toMatchObject({ code: 'document_conflict' });
});

test.each<[string, DocumentEvent[]]>([
  ['a part of none', [part(0, 1)]],
  ['an end of none', [end(0)]],
  ['a second open', [...open, { type: 'open' }]],
  ['a part before the answer to its open', [{ type: 'open' }, part(0, 1)]],
  ['a part after its end', [...open, part(0, 1), end(1), part(1, 1)]],
  ['a part of nothing', [...open, part(0, 0)]],
  ['a part that is too large', [...open, part(0, documentPartBytesMax + 1)]],
  ['a gap', [...open, part(1, 1)]],
  ['one that is doubled', [...open, part(0, 1), part(0, 1)]],
  ['an end that says another length', [...open, part(0, 1), end(2)]],
  ['an end without a hash', [...open, part(0, 1), end(1, 0)]],
])('%s is refused', (_, events) => {
  expect(run(events)).toMatchObject({ code: 'bad_document' });
});

test('whatever comes, what is not stored yet is within the window, and only what follows is taken', () => {
  const event = fc.oneof(
    fc.constant<DocumentEvent>({ type: 'open' }),
    fc.record({
      type: fc.constant('part' as const),
      offset: fc.integer({ min: -1, max: 8 }).map((n) => n * documentPartBytesMax),
      bytes: fc.constantFrom(0, 1, documentPartBytesMax, documentPartBytesMax + 1),
    }),
    fc.record({
      type: fc.constant('held' as const),
      heldBytes: fc.nat({ max: 8 }).map((n) => n * documentPartBytesMax),
    }),
    fc.constant<DocumentEvent>({ type: 'received' }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      let state: DocumentOrder = noDocument;
      for (const one of events) {
        // The core never says that it has what was not sent to it, but for what it had when it was opened.
        if (
          one.type === 'held' &&
          (state.phase === 'idle' || (state.phase !== 'opening' && one.heldBytes > state.next))
        )
          continue;
        const next = stepDocument(state, one);
        if (isRefusal(next)) continue;
        expect(next.next - next.held).toBeLessThanOrEqual(documentWindowBytes);
        if (one.type === 'part') expect(one.offset).toBe(state.next);
        state = next;
      }
    }),
  );
});

test('a part that a gateway takes is one that a core takes', () => {
  expect(documentPartBytesMax).toBe(takenByCores);
});

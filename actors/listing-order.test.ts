import fc from 'fast-check';
import { expect, test } from 'vitest';
import { orderListing, readListingSaid, readListingTold, readRefusal } from './listing-order.ts';

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

test('an order names the run and nothing that opens the source', () => {
  const order = orderListing({ runId: 'int_1-5', sourceId: 'int_1', resume: false });
  expect(JSON.parse(Buffer.from(order).toString())).toEqual({
    run: 'int_1-5',
    source: 'int_1',
    resume: false,
  });
});

test('how a run ended is cut to what may stand in a row, and who is to blame is no more than one of three', () => {
  const told = readListingTold(
    bytes({
      ...{ outcome: 'aborted', code: 'x; drop', detail: `a\u0000b\n${'c'.repeat(1_000)}`, page: -1 },
      ...{ blames: 'all', counts: { listed: 1.5, pages: 3, more: 1 } },
    }),
  )!;
  expect(told).toMatchObject({ code: 'failed', page: 0, blames: 'ours', counts: { listed: 0, pages: 3 } });
  expect(told.detail).toMatch(/^a b c{10}/);
  expect(told.detail.length).toBe(300);
  expect(readListingTold(bytes({ outcome: 'complete', code: 'ok', blames: 'theirs' }))!.blames).toBe('none');
});

test('whatever an agent says is read or is nothing', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json().map((text) => Buffer.from(text)),
        fc.uint8Array(),
      ),
      (payload) => {
        const [said, told] = [readListingSaid(payload), readListingTold(payload)];
        if (said !== null) expect(Number.isSafeInteger(said.page) && said.page >= 0).toBe(true);
        if (told !== null) expect(['complete', 'aborted']).toContain(told.outcome);
      },
    ),
  );
  expect(readRefusal('agent_busy: 2 sources')).toEqual({ code: 'agent_busy', detail: '2 sources' });
  expect(readRefusal('the agent was lost while it ran')).toBeNull();
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SessionEvent } from '../ports/session-record.ts';
import { type ChainHead, genesis, isFault, nextEntry, type RecordedEvent, readEntry } from './entry.ts';
import { verifyLines } from './verify.ts';

const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constant('\u0000\ud800 "x"\n'));
const event: fc.Arbitrary<SessionEvent> = fc.oneof(
  fc.record({
    type: fc.constant('line' as const),
    run: fc.nat(),
    text,
    access: fc.constantFrom('read', 'write'),
  }),
  fc.record({ type: fc.constant('output' as const), run: fc.nat(), text }),
  fc.record({ type: fc.constant('ended' as const), run: fc.nat(), code: text }),
  fc.record({ type: fc.constant('closed' as const), reason: text }),
);
const events = fc.array(event, { minLength: 1, maxLength: 12 });

function chainOf(all: readonly RecordedEvent[], from: ChainHead = genesis, boot = 7): string[] {
  let head = from;
  return all.map((one, at) => {
    const next = nextEntry(head, { node: 'core_1', boot, at: 1_000 + at, session: 's1', event: one });
    head = next.head;
    return next.line;
  });
}

const codeOf = (lines: readonly string[], from: ChainHead | null = genesis) =>
  verifyLines(lines, from).fault?.code ?? null;

describe('a chain of entries', () => {
  test('comes back as what was written, whatever is in it', () => {
    fc.assert(
      fc.property(events, (all) => {
        const lines = chainOf(all);
        const chain = verifyLines(lines, genesis);
        expect(chain).toMatchObject({ fault: null, entries: all.length, notices: [] });
        const read = lines.map((line) => readEntry(line));
        expect(read.map((one) => !isFault(one) && one.entry.event)).toEqual(all);
        expect(['\n', '\u0000'].filter((one) => lines.join('').includes(one))).toEqual([]);
      }),
    );
  });

  test('is seen to be changed whichever bit of whichever byte is another one', () => {
    fc.assert(
      fc.property(events, fc.nat(), fc.integer({ min: 0, max: 7 }), (all, where, bit) => {
        const bytes = Buffer.from(chainOf(all).join('\n'));
        bytes[where % bytes.length]! ^= 1 << bit;
        expect(codeOf(bytes.toString('utf8').split('\n'))).not.toBeNull();
      }),
      { numRuns: 2_000 },
    );
  });

  test('of a few entries is seen to be changed at every single byte', () => {
    const whole = Buffer.from(chainOf([line('nodes'), line('tree core_1'), closed]).join('\n'));
    const unseen: number[] = [];
    for (let at = 0; at < whole.length; at += 1) {
      for (const mask of [1, 0x20, 0x80, 0xff]) {
        const bytes = Buffer.from(whole);
        bytes[at]! ^= mask;
        if (codeOf(bytes.toString('utf8').split('\n')) === null) unseen.push(at);
      }
    }
    expect(unseen).toEqual([]);
  });

  test('is seen to lack an entry, to have one more, and to be in another order; the place is told', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 3, maxLength: 12 }), fc.nat(), (all, where) => {
        const lines = chainOf(all);
        const at = where % (lines.length - 1);
        expect(verifyLines(lines.toSpliced(at, 1), genesis).fault).toMatchObject({
          code: 'missing',
          place: at + 1,
          seq: at + 2,
        });
        expect(verifyLines(lines.toSpliced(at + 1, 0, lines[at]!), genesis).fault).toMatchObject({
          code: 'again',
          place: at + 2,
        });
        const swapped = lines.toSpliced(at, 2, lines[at + 1]!, lines[at]!);
        expect(verifyLines(swapped, genesis).fault).toMatchObject({ place: at + 1 });
        const [other] = chainOf([line('another')], { boot: 7, seq: at, hash: 'a'.repeat(64) });
        expect(verifyLines(lines.toSpliced(at, 1, other!), genesis).fault?.place).toBe(at + 1);
      }),
    );
  });

  test('does not tell that its newest end was cut off, nor, read from its middle, what was before', () => {
    const lines = chainOf([line('a'), line('b'), closed]);
    expect(codeOf(lines.slice(0, 2))).toBeNull();
    expect(codeOf(lines.slice(1))).toBe('missing');
    expect(verifyLines(lines.slice(1), null)).toMatchObject({
      fault: null,
      notices: [{ code: 'late', seq: 2 }],
    });
  });

  test('goes on in the next boot of the node, and says what was torn before it', () => {
    const first = chainOf([line('a')]);
    const { head } = verifyLines(first, genesis);
    const began: RecordedEvent = { type: 'began', cutBytes: 9, cutText: '{"torn' };
    const next = chainOf([began, line('b')], head!, 8);
    expect(verifyLines([...first, ...next], genesis)).toMatchObject({
      fault: null,
      entries: 3,
      notices: [{ code: 'cut', seq: 2 }],
    });
    expect(codeOf([...next, ...first], null)).toBe('again');
  });

  test('of a journal that began anew says so, and only for a later boot', () => {
    const first = chainOf([line('a'), line('b')]);
    expect(verifyLines([...first, ...chainOf([line('c')], genesis, 8)], genesis)).toMatchObject({
      fault: null,
      notices: [{ code: 'anew', boot: 8 }],
    });
    expect(codeOf([...first, ...chainOf([line('c')], genesis, 7)])).toBe('again');
  });
});

function line(text: string): SessionEvent {
  return { type: 'line', run: 1, text, access: 'read' };
}

const closed: SessionEvent = { type: 'closed', reason: 'exit' };

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinMessages } from './joined-messages.ts';
import { resultsMessageBytesMax } from './limits.ts';
import type { StatusItem } from './status-items.ts';

function entry(message: string | Uint8Array, changes: Partial<StatusItem> = {}): StatusItem {
  const base = {
    name: 'net',
    type: 'sweep',
    source: 'results',
    agentId: 'a',
    available: true,
    latencyMs: null,
  };
  return { ...base, message: Buffer.from(message as string), ...changes };
}
const texts = (items: readonly StatusItem[]) => items.map(({ message }) => Buffer.from(message).toString());
const sync = { type: 'sync' };

describe('messages that an older poller cut', () => {
  it('are one again wherever they were cut, a sync that was cut by bytes too', () => {
    const document = fc.array(fc.record({ ip: fc.string(), deep: fc.array(fc.integer()) }), { minLength: 1 });
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 });
    fc.assert(
      fc.property(document, cuts, fc.constantFrom('sweep', 'sync'), (value, at, type) => {
        const bytes = Buffer.from(JSON.stringify(value));
        const places = [
          0,
          ...at.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b),
          bytes.length,
        ];
        const parts = places.slice(1).map((to, index) => bytes.subarray(places[index], to));
        // No part of a cut message is empty: it would not have been sent.
        const sent = parts.filter(({ length }) => length > 0).map((part) => entry(part, { type }));
        const { items } = joinMessages(sent);
        expect(JSON.parse(texts(items)[0]!)).toEqual(value);
        expect(items).toHaveLength(1);
      }),
    );
  });
  it('of a sync are one array when each is one', () => {
    const parts = ['[{"a":"]["}]', ' [] ', '[[1],{"b":"\\""}]\n', '[2]'].map((text) => entry(text, sync));
    const { items } = joinMessages(parts);
    expect(JSON.parse(texts(items)[0]!)).toEqual([{ a: '][' }, [1], { b: '"' }, 2]);
    expect(texts(joinMessages([entry('[]', sync), entry('[]', sync)]).items)).toEqual(['[]']);
  });
  it('stay apart where another service, agent or source is between, and statuses always', () => {
    const apart = [entry('1'), entry('2', { name: 'x' }), entry('3'), entry('4', { agentId: 'b' })];
    expect(texts(joinMessages(apart).items)).toEqual(['1', '2', '3', '4']);
    const statuses = [entry('5', { source: 'status' }), entry('6', { source: 'status' })];
    expect(texts(joinMessages(statuses).items)).toEqual(['5', '6']);
  });
  it('are left out whole when together they are too long', () => {
    const half = Buffer.alloc(resultsMessageBytesMax / 2 + 1);
    const joined = joinMessages([entry(half), entry(half), entry('3', { name: 'x' })]);
    expect(joined.tooLong).toBe(2);
    expect(texts(joined.items)).toEqual(['3']);
  });
});

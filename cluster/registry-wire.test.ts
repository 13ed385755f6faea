import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deltaEntriesMax, fencedDeltaEntriesMax } from './limits.ts';
import {
  deltaPayload,
  headsPayload,
  type PutRow,
  readDelta,
  readFetch,
  readHeads,
  readOrigins,
} from './registry-wire.ts';

const put: PutRow = ['default', 'check', 'id', { any: 1 }, null, 3, 4_096, false];
const changed = (place: number, value: unknown) => (put as readonly unknown[]).with(place, value);
const delta = {
  origin: 'core_1',
  boot: 5,
  tenant: 'platform',
  from: 2,
  to: 4,
  whole: 0,
  puts: [put],
  removals: [['default', 'check', 'old', 4] as const],
};

describe('what registries tell each other', () => {
  it('reads back what was written', () => {
    expect(readDelta('core_1', 5, 'platform', deltaPayload(delta))).toEqual(delta);
    const heads = { origins: ['core_1'], heads: [['core_1', 5, 'platform', 4] as const], reply: true };
    expect(readHeads(headsPayload(heads))).toEqual(heads);
    expect(readOrigins([['core_1', 5, 1, 2]])).toEqual([['core_1', 5, 1, 2]]);
    expect(readFetch('core_1', 5, 'platform', 0)).toEqual({
      origin: 'core_1',
      boot: 5,
      tenant: 'platform',
      since: 0,
    });
  });

  it.each<[string, unknown]>([
    ['no array', { from: 0 }],
    ['too few fields', [2, 4, 0, []]],
    ['a range that runs backwards', [4, 2, 0, [], []]],
    ['a change outside its range', [3, 4, 0, [put], []]],
    ['a name with a line break', [2, 4, 0, [changed(2, 'a\nb')], []]],
    ['a partition with a slash', [2, 4, 0, [changed(0, 'a/b')], []]],
    ['a sequence that is no number', [2, 4, 0, [changed(5, '3')], []]],
    ['a clock without end', [2, 4, 0, [changed(6, Number.POSITIVE_INFINITY)], []]],
    ['a removal that is too long', [2, 4, 0, [], [['default', 'check', 'id', 3, 9]]]],
    ['too many entries', [2, 4, 0, new Array(deltaEntriesMax + 1).fill(put), []]],
  ])('refuses a delta with %s', (_what, payload) => {
    expect(readDelta('core_1', 5, 'platform', payload)).toBeNull();
  });

  it("refuses of a tenant's node what would take a long turn", () => {
    const rows = (count: number) =>
      deltaPayload({ ...delta, puts: new Array(count).fill(put), removals: [] });
    const read = (count: number) => readDelta('abcdefghijkl.a', 5, 'abcdefghijkl', rows(count));
    expect(read(fencedDeltaEntriesMax)).not.toBeNull();
    expect(read(fencedDeltaEntriesMax + 1)).toBeNull();
    const whole = { ...delta, from: 0, whole: 4, puts: new Array(deltaEntriesMax).fill(put), removals: [] };
    expect(readDelta('abcdefghijkl.a', 5, 'abcdefghijkl', deltaPayload(whole))).not.toBeNull();
  });

  it('refuses headers that name no node or tenant', () => {
    expect(readDelta('Core 1', 5, 'platform', deltaPayload(delta))).toBeNull();
    expect(readDelta('core_1', -1, 'platform', deltaPayload(delta))).toBeNull();
    expect(readDelta('core_1', 5, 'a/b', deltaPayload(delta))).toBeNull();
    expect(readFetch('core_1', 5, 'platform', 0.5)).toBeNull();
  });

  it('never throws, whatever arrives', () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 4 }), (payload) => {
        readDelta('core_1', 5, 'platform', payload);
        readDelta('core_1', 5, 'platform', [0, 9, 9, payload, [payload]]);
        readOrigins(payload);
        readHeads(payload);
        readHeads([payload, [payload], true]);
      }),
      { numRuns: 2_000 },
    );
  });
});

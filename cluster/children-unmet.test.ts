/** Nodes that this one has only heard of: they may run what it is about to start, and cannot be asked before they are linked. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type ChildrenEffect, type ChildrenHappening, stepChildren } from './children.ts';
import { type ChildrenState, createChildren, type Want } from './children-state.ts';
import { askTimeoutMs, joinSettleMs } from './limits.ts';

const wants = (...ids: string[]): ChildrenHappening => ({
  type: 'wants',
  changes: ids.map((id) => {
    const spec = { id, kind: 'counter', role: 'core', args: [] };
    const want: Want = { spec, version: 'v1', source: 'dynamic' };
    return { id, want, holder: null };
  }),
});

function members(live: readonly string[], heardOf: readonly string[] = []): ChildrenHappening {
  const all = live.map((name) => ({ name, role: 'core', boot: 1, live: true }));
  return { type: 'members', members: all, ...(heardOf.length > 0 && { heardOf }) };
}

let state: ChildrenState;
let nowMs: number;

const step = (event: ChildrenHappening): ChildrenEffect[] => stepChildren(state, { ...event, nowMs }).effects;
const after = (ms: number): ChildrenEffect[] => {
  nowMs += ms;
  return step({ type: 'tick' });
};
/** Who is asked in an effect. */
const askedIn = (effects: readonly ChildrenEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'ask' ? [[...effect.peers]] : []));

beforeEach(() => {
  state = createChildren('a', 'core');
  nowMs = 10_000;
});

function begun(): void {
  step(members(['a', 'b']));
  step({ type: 'serve', kinds: ['counter'], quietMs: 0 });
}

describe('a node that has heard of another', () => {
  it('meets it first, and asks it with the others before it starts anything', () => {
    begun();
    step(members(['a', 'b'], ['c.7']));
    expect(askedIn(step(wants('one')))).toEqual([]);
    expect(askedIn(after(100))).toEqual([]);
    expect(askedIn(step(members(['a', 'b', 'c'])))).toEqual([['b', 'c']]);
  });

  it('asks the others without it when it could not be met for as long as an answer may take', () => {
    begun();
    step(members(['a', 'b'], ['c.7']));
    step(wants('one'));
    expect(askedIn(after(askTimeoutMs - 1))).toEqual([]);
    expect(askedIn(after(1))).toEqual([['b']]);
  });

  it('waits for each life of it once', () => {
    begun();
    step(members(['a', 'b'], ['c.7']));
    after(askTimeoutMs);
    step(members(['a', 'b'], ['c.7']));
    expect(askedIn(step(wants('one')))).toEqual([['b']]);
    step(members(['a', 'b'], ['c.8']));
    expect(askedIn(step(wants('two')))).toEqual([]);
  });

  it('keeps no child waiting for longer, however many more it hears of', () => {
    begun();
    step(members(['a', 'b'], ['c.0']));
    step(wants('one'));
    let asked: string[][] = [];
    const sinceMs = nowMs;
    for (let n = 1; asked.length === 0; n++) {
      nowMs += 100;
      asked = askedIn(step(members(['a', 'b'], [`c.${n}`])));
    }
    expect(nowMs - sinceMs).toBe(askTimeoutMs);
  });

  it('asks once for a child that came to be claimed twice meanwhile', () => {
    begun();
    step(members(['a', 'b'], ['c.7']));
    step(wants('one'));
    step({ type: 'wants', changes: [{ id: 'one', want: null, holder: null }] });
    step(wants('one'));
    const asks = step(members(['a', 'b', 'c'])).filter(({ type }) => type === 'ask');
    expect(asks).toMatchObject([{ ids: ['one'] }]);
  });
});

it('begins, being new, when it has neither heard of a node nor met one for the quiet time', () => {
  step(members(['a', 'b']));
  step({ type: 'serve', kinds: ['counter'], quietMs: joinSettleMs });
  step(wants('one'));
  after(joinSettleMs - 1);
  // It takes no children, so that nothing is placed otherwise for it; but it may tell of one that does.
  step(members(['a', 'b'], ['c.7']));
  after(joinSettleMs - 1);
  expect(state.begun).toBe(false);
  const poller = { name: 'c', role: 'poller', boot: 7, live: true };
  step({ type: 'members', members: [...state.members.values(), poller] });
  after(joinSettleMs - 1);
  expect(state.begun).toBe(false);
  expect(askedIn(after(1))).toEqual([['b']]);
});

import { describe, expect, it } from 'vitest';
import { type ChildrenEffect, type ChildrenHappening, stepChildren } from './children.ts';
import { type ChildrenState, createChildren, type Want } from './children-state.ts';
import { handedKeptMs } from './limits.ts';

const want = (version: string): Want => ({
  spec: { id: 'one', kind: 'counter', role: 'core', args: [] },
  version,
  source: 'row',
});
const handover = (version: string, state: unknown): ChildrenHappening => ({
  ...{ type: 'handover', id: 'one', hops: 0 },
  ...{ version, state },
});

/** The only node that takes children; `c` has shown the name of `one` so far. */
class Taker {
  readonly state: ChildrenState = createChildren('a', 'core');
  nowMs = 10_000;

  constructor(version: string) {
    this.step({ type: 'members', members: [{ name: 'a', role: 'core', boot: 1, live: true }] });
    this.step({ type: 'serve', kinds: ['counter'], quietMs: 0 });
    this.wants(version, 'c');
  }

  step(event: ChildrenHappening): ChildrenEffect[] {
    return stepChildren(this.state, { ...event, nowMs: this.nowMs }).effects;
  }

  /** What it starts by that, as version and state. */
  starts(event: ChildrenHappening): unknown[] {
    const effects = this.step(event);
    return effects.flatMap((one) => (one.type === 'start' ? [[one.want.version, one.handed]] : []));
  }

  wants(version: string | null, holder: string | null = null): unknown[] {
    const change = { id: 'one', want: version === null ? null : want(version), holder };
    return this.starts({ type: 'wants', changes: [change] });
  }

  /** The name is free. */
  freed(): unknown[] {
    return this.starts({ type: 'names', changes: [['one', null]] });
  }

  started(): void {
    this.step({ type: 'started', ids: ['one'] });
  }

  ended(reason = 'shutdown'): unknown[] {
    return this.starts({ type: 'ended', id: 'one', reason, detail: null, state: null, random: 0.5 });
  }
}

describe('a state of a version that its taker does not want yet', () => {
  it('waits while the former version runs here, until the row is read', () => {
    const node = new Taker('v1');
    node.step(handover('v2', 7));
    expect(node.freed()).toEqual([['v1', null]]);
    node.started();
    node.nowMs += 2_800;
    expect(node.wants('v2')).toEqual([]);
    expect(node.ended()).toEqual([['v2', 7]]);
    node.started();
    expect(node.state.handed.size).toBe(0);
    expect(node.ended('crash')).toEqual([['v2', null]]);
  });
  it('waits also when the former version was begun before it came', () => {
    const node = new Taker('v1');
    expect(node.freed()).toEqual([['v1', null]]);
    node.step(handover('v2', 7));
    node.started();
    node.wants('v2');
    expect(node.ended()).toEqual([['v2', 7]]);
  });
  it('does not wait for ever', () => {
    const node = new Taker('v1');
    node.step(handover('v2', 7));
    node.freed();
    node.started();
    node.nowMs += handedKeptMs;
    node.step({ type: 'tick' });
    expect(node.state.handed.size).toBe(0);
  });
  it('is not what the former version is given', () => {
    const node = new Taker('v1');
    node.step(handover('v2', 7));
    node.freed();
    expect(node.ended('crash')).toEqual([['v1', null]]);
  });
});

describe('a state of a version that is wanted no more', () => {
  it('is dropped when another is wanted, or nothing', () => {
    for (const next of ['v2', null]) {
      const node = new Taker('v1');
      node.step(handover('v1', 7));
      node.wants(next, 'c');
      expect(node.state.handed.size).toBe(0);
    }
  });
  it('does not take the place of the one that is to be given', () => {
    const node = new Taker('v2');
    node.step(handover('v2', 7));
    node.step(handover('v1', 3));
    expect(node.freed()).toEqual([['v2', 7]]);
  });
});

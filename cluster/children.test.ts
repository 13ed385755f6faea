import { describe, expect, it } from 'vitest';
import { keyOfChild, placementText } from './child-spec.ts';
import { type ChildrenEffect, type ChildrenHappening, stepChildren, type WantChange } from './children.ts';
import { nextTickMs } from './children-rates.ts';
import { type ChildrenState, createChildren, placeOf, type Want } from './children-state.ts';
import { explainChild, listChildren } from './children-view.ts';
import { ownerAmong } from './directory.ts';
import {
  askIdsMax,
  askTimeoutMs,
  childStartMs,
  handedKeptMs,
  heldRecheckMs,
  membersSettleMs,
  movesUnderWayMax,
  startsBurstMax,
} from './limits.ts';
import { formatKey } from './names.ts';
import { ownerOf } from './placement.ts';

const want = (id: string, version = 'v1', kind = 'counter'): Want => ({
  spec: { id, kind, role: 'core', args: [] },
  version,
  source: 'dynamic',
});

/** One node `a`, with what its peers say made up. */
class Alone {
  readonly state: ChildrenState = createChildren('a', 'core');
  nowMs = 10_000;

  step(event: ChildrenHappening): ChildrenEffect[] {
    return stepChildren(this.state, { ...event, nowMs: this.nowMs }).effects;
  }

  later(ms: number): ChildrenEffect[] {
    this.nowMs += ms;
    return this.step({ type: 'tick' });
  }

  members(...names: string[]): ChildrenEffect[] {
    const all = ['a', 'b', 'c'].map((name) => ({
      name,
      role: 'core',
      boot: 1,
      live: name === 'a' || names.includes(name),
    }));
    const effects = this.step({ type: 'members', members: all });
    for (const peer of names) effects.push(...this.step({ type: 'peer_serves', peer, serving: true }));
    return effects;
  }

  wants(...wanted: Want[]): ChildrenEffect[] {
    const changes: WantChange[] = wanted.map((one) => ({ id: one.spec.id, want: one, holder: null }));
    return this.step({ type: 'wants', changes });
  }

  run(...wanted: Want[]): void {
    this.wants(...wanted);
    for (const { round } of only(this.asked, 'ask')) {
      for (const peer of ['b', 'c']) this.step({ type: 'answer', peer, round, held: [], elsewhere: [] });
    }
    this.step({ type: 'started', ids: wanted.map(({ spec }) => spec.id) });
  }

  get asked(): ChildrenEffect[] {
    return [...this.state.rounds.values()].map(({ number, ids }) => ({
      type: 'ask',
      peers: [],
      round: number,
      ids,
    }));
  }
}

const only = <T extends ChildrenEffect['type']>(effects: readonly ChildrenEffect[], type: T) =>
  effects.filter((one): one is Extract<ChildrenEffect, { type: T }> => one.type === type);

/** Children that belong to `a` among these nodes. */
function ofA(count: number, ...others: string[]): Want[] {
  const found: Want[] = [];
  for (let n = 0; found.length < count; n += 1) {
    const one = want(`child ${n}`);
    if (ownerOf(placeOf(one), ['a', ...others]) === 'a') found.push(one);
  }
  return found;
}

function alone(...peers: string[]): Alone {
  const node = new Alone();
  node.members(...peers);
  node.step({ type: 'serve', kinds: ['counter'], quietMs: 0 });
  return node;
}

describe('an owner', () => {
  it('asks all live nodes of the role, and starts what none of them holds', () => {
    const node = alone('b', 'c');
    const [one, two] = ofA(2, 'b', 'c') as [Want, Want];
    const [ask] = only(node.wants(one, two), 'ask');
    expect(ask).toMatchObject({ peers: ['b', 'c'], ids: [one.spec.id, two.spec.id] });
    const { round } = ask!;
    expect(node.step({ type: 'answer', peer: 'b', round, held: [one.spec.id], elsewhere: [] })).toEqual([]);
    const effects = node.step({ type: 'answer', peer: 'c', round, held: [], elsewhere: [] });
    expect(only(effects, 'start').map(({ id }) => id)).toEqual([two.spec.id]);
    expect(node.state.children.get(one.spec.id)).toMatchObject({ phase: 'held', heldBy: 'b' });
  });

  it('asks for many at once, in messages of a bounded size', () => {
    const node = alone('b');
    const asks = only(node.wants(...ofA(askIdsMax + 5, 'b')), 'ask');
    expect(asks.map(({ ids }) => ids.length)).toEqual([askIdsMax, 5]);
  });

  it('does not believe one who is slower that a node which is gone still holds a child', () => {
    const node = alone('b');
    const [one] = ofA(1, 'b') as [Want];
    const [ask] = only(node.wants(one), 'ask');
    const elsewhere = [['c', [one.spec.id]]] as const;
    const effects = node.step({ type: 'answer', peer: 'b', round: ask!.round, held: [], elsewhere });
    expect(only(effects, 'start')).toHaveLength(1);
  });

  it('waits no longer than a moment for a node that does not answer, and then starts what the registry does not show', () => {
    const node = alone('b');
    const [one, two] = ofA(2, 'b') as [Want, Want];
    node.wants(one, two);
    node.step({ type: 'names', changes: [[two.spec.id, 'b']] });
    expect(only(node.later(askTimeoutMs - 1), 'start')).toEqual([]);
    expect(only(node.later(1), 'start').map(({ id }) => id)).toEqual([one.spec.id]);
    expect(node.state.children.get(two.spec.id)).toMatchObject({ phase: 'held', heldBy: 'b' });
  });

  it('does not wait again for a node that did not answer, until it does', () => {
    const node = alone('b');
    const [one, two, three, four] = ofA(4, 'b') as [Want, Want, Want, Want];
    node.wants(one);
    node.later(askTimeoutMs);
    const effects = node.wants(two);
    expect([only(effects, 'ask').length, only(effects, 'start').length]).toEqual([1, 1]);
    const { round } = only(effects, 'ask')[0]!;
    node.step({ type: 'answer', peer: 'b', round, held: [], elsewhere: [] });
    expect(only(node.wants(three), 'start')).toEqual([]);
    node.members();
    node.members('b');
    expect(only(node.wants(four), 'start')).toEqual([]);
  });

  it('asks again for what another holds, and at once when its name is gone', () => {
    const node = alone('b');
    const [one] = ofA(1, 'b') as [Want];
    const change = { id: one.spec.id, want: one, holder: 'b' };
    expect(only(node.step({ type: 'wants', changes: [change] }), 'ask')).toEqual([]);
    expect(only(node.later(heldRecheckMs), 'ask')).toEqual([]);
    expect(only(node.step({ type: 'names', changes: [[one.spec.id, null]] }), 'ask')).toHaveLength(1);
  });

  it('starts nothing that the registry shows on another node, even one that it believes to be gone', () => {
    const node = alone('b');
    const [one] = ofA(1, 'b') as [Want];
    node.step({ type: 'wants', changes: [{ id: one.spec.id, want: one, holder: 'b' }] });
    expect(only([...node.members(), ...node.later(heldRecheckMs)], 'start')).toEqual([]);
    expect(node.state.children.get(one.spec.id)).toMatchObject({ phase: 'held', heldBy: 'b' });
    const effects = node.step({ type: 'names', changes: [[one.spec.id, null]] });
    expect(only(effects, 'start')).toHaveLength(1);
  });

  it('states a kind that it was not taught, and tells who asked', () => {
    const node = alone();
    const effects = node.wants(want('one', 'v1', 'nobody'));
    expect(effects).toMatchObject([{ type: 'report', code: 'unknown_kind' }]);
    expect(listChildren(node.state)).toMatchObject([
      { id: 'one', state: 'unknown_kind', node: null, owner: 'a' },
    ]);
    expect(nextTickMs(node.state)).toBe(null);
  });

  it('ends a start that hangs, tells who asked, and tries again later', () => {
    const node = alone();
    node.wants(want('one'));
    expect(only(node.later(childStartMs), 'stop')).toMatchObject([{ id: 'one', cause: 'hung' }]);
    const told = node.step({
      type: 'ended',
      id: 'one',
      reason: 'killed',
      detail: null,
      state: null,
      random: 0,
    });
    expect(told).toMatchObject([{ type: 'report', code: 'child_failed' }]);
    expect(explainChild(node.state, 'one', node.nowMs)).toMatchObject({
      state: 'failed',
      nextAttemptMs: 750,
    });
    expect(only(node.later(750), 'start')).toHaveLength(1);
  });

  it('does not start again what lost its name to another node', () => {
    const node = alone('b');
    const [one] = ofA(1, 'b') as [Want];
    node.run(one);
    const { id } = one.spec;
    const stops = node.step({ type: 'names', changes: [[id, 'b']] });
    expect(only(stops, 'stop')).toMatchObject([{ id, cause: 'conflict' }]);
    const after = node.step({
      type: 'ended',
      id,
      reason: 'name_conflict',
      detail: null,
      state: null,
      random: 0,
    });
    expect([...after, ...node.later(5_000)].filter(({ type }) => type === 'start' || type === 'ask')).toEqual(
      [],
    );
    expect(node.state.children.get(id)).toMatchObject({ phase: 'held', heldBy: 'b' });
  });
});

describe('a node that goes', () => {
  it('takes no children any more, also when it was about to take its first', () => {
    const node = new Alone();
    node.members('b');
    const [one] = ofA(1) as [Want];
    node.wants(one);
    expect(node.step({ type: 'drain' })).toEqual([{ type: 'drained' }]);
    expect(node.step({ type: 'serve', kinds: ['counter'], quietMs: 0 })).toEqual([]);
    expect(node.later(5_000)).toEqual([]);
    expect(node.state).toMatchObject({ serving: false, begun: false });
  });
});

describe('the rates', () => {
  it('start a burst at once and the rest as time passes', () => {
    const node = alone();
    const many = ofA(startsBurstMax + 500);
    const first = only(node.wants(...many), 'start').length;
    expect(first).toBe(startsBurstMax);
    expect(nextTickMs(node.state)).toBeLessThan(10);
    node.step({ type: 'started', ids: many.slice(0, first).map(({ spec }) => spec.id) });
    expect(only(node.later(10), 'start')).toHaveLength(250);
  });

  it('move no child before the members have settled, and then a few at a time, each told of only when it has ended', () => {
    const node = alone();
    const wanted = Array.from({ length: 400 }, (_, n) => want(`child ${n}`));
    node.run(...wanted);
    node.members('b');
    expect(only(node.later(membersSettleMs - 1), 'stop')).toEqual([]);
    const stops = only(node.later(1), 'stop');
    expect(stops).toHaveLength(movesUnderWayMax);
    expect(stops.every(({ cause, handoff }) => cause === 'moved' && handoff)).toBe(true);
    const { id } = stops[0]!;
    const after = node.step({
      type: 'ended',
      id,
      reason: 'shutdown',
      detail: null,
      state: { n: 1 },
      random: 0,
    });
    expect(after[0]).toEqual({ type: 'handover', peer: 'b', id, version: 'v1', state: { n: 1 }, hops: 0 });
  });
});

describe('a state that was handed over', () => {
  const handover = (id: string, hops = 0): ChildrenHappening => ({
    type: 'handover',
    id,
    version: 'v1',
    state: 7,
    hops,
  });
  it('is given to the child when it starts', () => {
    const node = alone('b');
    const [one] = ofA(1, 'b') as [Want];
    node.step({ type: 'wants', changes: [{ id: one.spec.id, want: one, holder: 'b' }] });
    node.step({ type: 'names', changes: [[one.spec.id, null]] });
    node.step(handover(one.spec.id));
    const [ask] = node.asked as [ChildrenEffect & { type: 'ask' }];
    const effects = node.step({ type: 'answer', peer: 'b', round: ask.round, held: [], elsewhere: [] });
    expect(only(effects, 'start')).toMatchObject([{ handed: 7 }]);
  });
  it('is passed on to whom the child belongs by now, and not for ever', () => {
    const node = alone('b');
    const other = Array.from({ length: 50 }, (_, n) => want(`child ${n}`)).find(
      (one) => ownerOf(placeOf(one), ['a', 'b']) === 'b',
    )!;
    node.wants(other);
    expect(node.step(handover(other.spec.id))).toMatchObject([
      { type: 'handover', peer: 'b', hops: 1, state: 7 },
    ]);
    expect(node.step(handover(other.spec.id, 3))).toEqual([]);
  });
  it('follows a child that belongs to a newcomer before it could start here', () => {
    const node = alone();
    const theirs = Array.from({ length: 50 }, (_, n) => want(`child ${n}`)).find(
      (one) => ownerOf(placeOf(one), ['a', 'b']) === 'b',
    )!;
    const { id } = theirs.spec;
    node.step({ type: 'wants', changes: [{ id, want: theirs, holder: 'c' }] });
    expect(node.step(handover(id))).toEqual([]);
    expect(node.members('b', 'c')).toContainEqual(
      expect.objectContaining({ type: 'handover', peer: 'b', id, hops: 1, state: 7 }),
    );
    expect(node.state.handed.size).toBe(0);
  });
  /** `one` is under start here with a state from another node. */
  const startingWith = (one: Want): Alone => {
    const node = alone();
    const { id } = one.spec;
    node.step({ type: 'wants', changes: [{ id, want: one, holder: 'c' }] });
    node.step(handover(id));
    const effects = node.step({ type: 'names', changes: [[id, null]] });
    expect(effects).toMatchObject([{ type: 'start', id, handed: 7 }]);
    return node;
  };
  const end = (node: Alone, id: string) =>
    node.step({ type: 'ended', id, reason: 'crash', detail: null, state: null, random: 0.5 });
  it('is given again to a child that could not start with it, until it runs', () => {
    const node = startingWith(want('one'));
    expect(end(node, 'one')).toMatchObject([{ type: 'start', handed: 7 }]);
    node.step({ type: 'started', ids: ['one'] });
    expect(node.state.handed.size).toBe(0);
    expect(end(node, 'one')).toMatchObject([{ type: 'start', handed: null }]);
  });
  it('is not given for ever to a child that cannot start with it', () => {
    const node = startingWith(want('one'));
    const handed: unknown[] = [];
    for (let ms = 0; ms < handedKeptMs + 5_000; ms += 100) {
      while (node.state.children.get('one')?.phase === 'starting')
        handed.push(...only(end(node, 'one'), 'start').map((one) => one.handed));
      handed.push(...only(node.later(100), 'start').map((one) => one.handed));
    }
    // Three at once, then after 1, 2, 4, 8 and 16 s: the last is later than it is kept.
    expect(handed).toEqual([7, 7, 7, 7, 7, 7, 7, null]);
  });
  it('follows a child that could not start to whom it belongs by then', () => {
    const theirs = Array.from({ length: 50 }, (_, n) => want(`child ${n}`)).find(
      (one) => ownerOf(placeOf(one), ['a', 'b']) === 'b',
    )!;
    const { id } = theirs.spec;
    const node = startingWith(theirs);
    expect(only(node.members('b'), 'handover')).toEqual([]);
    expect(end(node, id)).toMatchObject([{ type: 'handover', peer: 'b', id, hops: 1, state: 7 }]);
    expect(node.state.handed.size).toBe(0);
  });
  it('is dropped with a start that is given up for another node', () => {
    const node = startingWith(want('one'));
    node.step({ type: 'names', changes: [['one', 'c']] });
    end(node, 'one');
    expect(node.state.handed.size).toBe(0);
  });
  it('is not kept for a child that began without it', () => {
    const node = alone();
    node.run(want('one'));
    node.step(handover('one'));
    expect(node.state.handed.size).toBe(0);
  });
});

it('places a child by the text by which the registry settles its name', () => {
  const nodes = ['a', 'b', 'c'];
  for (const tenant of [undefined, 'acme']) {
    for (let n = 0; n < 50; n += 1) {
      const key = keyOfChild({
        id: `child ${n}`,
        kind: 'counter',
        role: 'core',
        args: [],
        ...(tenant && { tenant }),
      });
      expect(ownerAmong(formatKey(key), nodes)).toBe(ownerOf(placementText(key), nodes));
    }
  }
});

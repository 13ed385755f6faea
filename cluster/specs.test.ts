import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChildSpec } from './child-spec.ts';
import { specsForgetEveryMs, tombstoneRetentionMs } from './limits.ts';
import { type SpecsEvent, stepSpecs } from './specs.ts';
import { createSpecs, type SpecsEffect, type SpecsState, specOf } from './specs-state.ts';

const spec = (id: string, n = 0): ChildSpec => ({ id, kind: 'counter', role: 'core', args: [n] });
const step = (state: SpecsState, event: SpecsEvent) => stepSpecs(state, event).effects;
const ids = (state: SpecsState) => [...state.entries.keys()].sort();

interface Sent {
  from: number;
  to: number;
  event: SpecsEvent;
}

/** Some nodes, the links between them, and what is under way. */
class Nodes {
  readonly states: SpecsState[];
  readonly linked = new Set<string>();
  readonly sent: Sent[] = [];
  nowMs = 1_000;
  private boots = 0;

  constructor(count: number) {
    this.states = Array.from({ length: count }, (_, n) => this.create(n));
  }

  create(n: number): SpecsState {
    this.boots += 1;
    return createSpecs(`core_${n}`, this.boots);
  }

  isLinked(a: number, b: number): boolean {
    return this.linked.has(`${Math.min(a, b)} ${Math.max(a, b)}`);
  }

  link(a: number, b: number): void {
    if (a === b || this.isLinked(a, b)) return;
    this.linked.add(`${Math.min(a, b)} ${Math.max(a, b)}`);
    this.apply(a, { type: 'link_up', peer: `core_${b}` });
    this.apply(b, { type: 'link_up', peer: `core_${a}` });
  }

  cut(a: number, b: number): void {
    if (!this.linked.delete(`${Math.min(a, b)} ${Math.max(a, b)}`)) return;
    this.apply(a, { type: 'link_down', peer: `core_${b}` });
    this.apply(b, { type: 'link_down', peer: `core_${a}` });
    this.lose((one) => (one.from === a && one.to === b) || (one.from === b && one.to === a));
  }

  lose(which: (one: Sent) => boolean): void {
    const kept = this.sent.filter((one) => !which(one));
    this.sent.splice(0, this.sent.length, ...kept);
  }

  restart(n: number): void {
    for (let other = 0; other < this.states.length; other += 1) this.cut(n, other);
    this.states[n] = this.create(n);
  }

  apply(n: number, event: SpecsEvent): void {
    this.nowMs += 1;
    for (const effect of step(this.states[n]!, event)) this.perform(n, effect);
  }

  put(n: number, one: ChildSpec): void {
    this.apply(n, { type: 'put', spec: one, nowMs: this.nowMs });
    this.apply(n, { type: 'flush' });
  }

  remove(n: number, id: string): void {
    this.apply(n, { type: 'remove', id });
    this.apply(n, { type: 'flush' });
  }

  tick(): void {
    const boots = new Map(this.states.map((state) => [state.node, state.stamp]));
    for (let n = 0; n < this.states.length; n += 1) this.apply(n, { type: 'tick', nowMs: this.nowMs, boots });
  }

  deliver(at: number): void {
    const one = this.sent.splice(at % this.sent.length, 1)[0];
    if (one !== undefined) this.apply(one.to, one.event);
  }

  /** Links all, and lets everything arrive and be compared. */
  converge(): void {
    for (let a = 0; a < this.states.length; a += 1) for (let b = 0; b < a; b += 1) this.link(a, b);
    for (let round = 0; round < 6; round += 1) {
      while (this.sent.length > 0) this.deliver(0);
      this.tick();
    }
    while (this.sent.length > 0) this.deliver(0);
  }

  private perform(n: number, effect: SpecsEffect): void {
    const peer = `core_${n}`;
    const to = (name: string, event: SpecsEvent) => {
      const other = Number(name.slice(5));
      if (this.isLinked(n, other)) this.sent.push({ from: n, to: other, event });
    };
    const all = (event: SpecsEvent) => {
      for (const name of this.states[n]!.links.keys()) to(name, event);
    };
    const { nowMs } = this;
    if (effect.type === 'broadcast') all({ type: 'delta', peer, delta: effect.delta });
    else if (effect.type === 'broadcast_hash') all({ ...effect, type: 'hash', peer });
    else if (effect.type === 'send_digest')
      to(effect.peer, { type: 'digest', peer, digest: effect.digest, nowMs });
    else if (effect.type === 'send_exchange')
      to(effect.peer, { type: 'exchange', peer, exchange: effect.exchange, nowMs });
  }
}

const nodeOf = fc.nat({ max: 3 });
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('put' as const), n: nodeOf, id: fc.nat({ max: 4 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant('remove' as const), n: nodeOf, id: fc.nat({ max: 4 }) }),
  },
  { weight: 8, arbitrary: fc.record({ type: fc.constant('deliver' as const), at: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('lose' as const), at: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('repeat' as const), at: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('link' as const), a: nodeOf, b: nodeOf }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('cut' as const), a: nodeOf, b: nodeOf }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('tick' as const) }) },
);

describe('the map of child specs', () => {
  it('is alike on all nodes after any history: what was put and by nobody who knew of it removed, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120, size: 'max' }), (actions) => {
        const nodes = new Nodes(4);
        const wanted = new Map<string, string>();
        const dots = (n: number, id: string) =>
          (nodes.states[n]!.entries.get(id) ?? []).map((one) => `${one.node} ${one.stamp} ${one.count}`);
        let puts = 0;
        for (const one of actions) {
          if (one.type === 'put' || one.type === 'remove') {
            const id = `child ${one.id}`;
            for (const dot of dots(one.n, id)) wanted.delete(dot);
            if (one.type === 'remove') nodes.remove(one.n, id);
            else {
              puts += 1;
              nodes.put(one.n, spec(id, puts));
              wanted.set(dots(one.n, id)[0]!, id);
            }
          } else if (one.type === 'link') nodes.link(one.a, one.b);
          else if (one.type === 'cut') nodes.cut(one.a, one.b);
          else if (one.type === 'tick') nodes.tick();
          else if (nodes.sent.length === 0) continue;
          else if (one.type === 'deliver') nodes.deliver(one.at);
          else if (one.type === 'lose') nodes.sent.splice(one.at % nodes.sent.length, 1);
          else nodes.sent.push(nodes.sent[one.at % nodes.sent.length]!);
        }
        nodes.converge();
        const expected = [...new Set(wanted.values())].sort();
        for (const state of nodes.states) expect(ids(state)).toEqual(expected);
        const shown = nodes.states.map((state) => expected.map((id) => specOf(state, id)));
        for (const one of shown) expect(one).toEqual(shown[0]);
        for (const state of nodes.states) {
          expect([state.hashHigh, state.hashLow]).toEqual([
            nodes.states[0]!.hashHigh,
            nodes.states[0]!.hashLow,
          ]);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('brings nothing back from a node that was away while it was removed, nor loses what was started there', () => {
    const nodes = new Nodes(3);
    nodes.converge();
    nodes.put(0, spec('stays'));
    nodes.put(0, spec('goes'));
    nodes.converge();
    nodes.cut(2, 0);
    nodes.cut(2, 1);
    nodes.remove(1, 'goes');
    nodes.put(2, spec('new'));
    nodes.converge();
    for (const state of nodes.states) expect(ids(state)).toEqual(['new', 'stays']);
  });

  it('tells a node that starts again everything, and keeps what its former life wrote', () => {
    const nodes = new Nodes(3);
    nodes.converge();
    nodes.put(2, spec('of the former life'));
    nodes.converge();
    nodes.restart(2);
    nodes.converge();
    nodes.put(2, spec('of the later life'));
    nodes.converge();
    for (const state of nodes.states) expect(ids(state)).toEqual(['of the former life', 'of the later life']);
  });

  it('lets a node that was absent for longer than the retention rejoin with nothing of its own view', () => {
    const nodes = new Nodes(2);
    const other = createSpecs('core_9', 5);
    step(nodes.states[0]!, { type: 'link_up', peer: 'core_9' });
    nodes.put(0, spec('mine'));
    step(other, { type: 'put', spec: spec('old'), nowMs: 10 });
    const [told] = step(other, { type: 'flush' });
    const delta = told?.type === 'broadcast' ? told.delta : null;
    step(nodes.states[0]!, { type: 'delta', peer: 'core_9', delta: delta! });
    nodes.remove(0, 'old');
    const boots = new Map([['core_0', 1]]);
    for (const laterMs of [specsForgetEveryMs, tombstoneRetentionMs + 2 * specsForgetEveryMs]) {
      nodes.nowMs = laterMs;
      nodes.apply(0, { type: 'tick', nowMs: laterMs, boots });
    }
    expect([...nodes.states[0]!.context.writers.keys()]).not.toContain(`core_9.${other.stamp}`);
    const back = nodes.states[0]!;
    step(other, { type: 'link_up', peer: 'core_0' });
    for (const [from, to, peer] of [
      [other, back, 'core_9'],
      [back, other, 'core_0'],
    ] as const) {
      const [digest] = step(from, { type: 'link_up', peer: to.node });
      if (digest?.type !== 'send_digest') throw new Error('no digest');
      const answers = step(to, { type: 'digest', peer, digest: digest.digest, nowMs: nodes.nowMs });
      for (const answer of answers) {
        if (answer.type !== 'send_exchange') continue;
        step(from, { type: 'exchange', peer: to.node, exchange: answer.exchange, nowMs: nodes.nowMs });
      }
    }
    expect([ids(back), ids(other)]).toEqual([['mine'], ['mine']]);
    // What it writes from now on is of a new life as a writer, which nobody has forgotten.
    step(other, { type: 'put', spec: spec('fresh'), nowMs: nodes.nowMs });
    const [fresh] = step(other, { type: 'flush' });
    if (fresh?.type === 'broadcast') step(back, { type: 'delta', peer: 'core_9', delta: fresh.delta });
    expect(ids(back)).toEqual(['fresh', 'mine']);
  });

  it('tells one put and its removal in one turn as removed', () => {
    const state = createSpecs('core_0', 1);
    step(state, { type: 'put', spec: spec('one'), nowMs: 5 });
    step(state, { type: 'remove', id: 'one' });
    const [told] = step(state, { type: 'flush' });
    expect(told).toMatchObject({ type: 'broadcast', delta: { puts: [], removals: [{ id: 'one' }] } });
  });
});

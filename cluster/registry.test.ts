import { describe, expect, it } from 'vitest';
import {
  deltaEntriesMax,
  downGraceMs,
  removalsKeptMax,
  returnedNamesMs,
  strangerKeptMs,
  watchersMax,
} from './limits.ts';
import { ownerOf } from './placement.ts';
import { list, lookup, type RegistryEvent, stepRegistry } from './registry.ts';
import { headsHash } from './registry-exchange.ts';
import { keyOf } from './registry-index.ts';
import type { RegistryPut } from './registry-local.ts';
import { createRegistry, type RegistryEffect, type RegistryState } from './registry-state.ts';

const create = (node: string, boot = 1) =>
  createRegistry({ node, boot, ownerAmong: (key, nodes) => ownerOf(key, nodes)! });
const key = (id: string, kind = 'check', tenant = 'acme') => ({ tenant, partition: 'default', kind, id });
const put = (id: string, more: Partial<RegistryPut> = {}): RegistryPut => ({
  key: key(id),
  ref: `ref ${id}`,
  metadata: null,
  supervised: false,
  ...more,
});
const step = (state: RegistryState, event: RegistryEvent) => stepRegistry(state, event).effects;
const only = <T extends RegistryEffect['type']>(effects: RegistryEffect[], type: T) =>
  effects.filter((one): one is Extract<RegistryEffect, { type: T }> => one.type === type);
const flush = (state: RegistryState) =>
  only(step(state, { type: 'flush' }), 'broadcast').map((one) => one.delta);

/** Carries every effect between two linked registries until nothing is under way. */
function exchange(a: RegistryState, b: RegistryState, first: RegistryEffect[] = []): number {
  let messages = 0;
  const queue = first.map((effect) => ({ from: a, to: b, effect }));
  const send = (from: RegistryState, to: RegistryState, effects: RegistryEffect[]) => {
    queue.push(...effects.map((effect) => ({ from, to, effect })));
  };
  if (!a.links.has(b.self.name)) {
    send(a, b, step(a, { type: 'link_up', peer: b.self.name, tenant: null }));
    send(b, a, step(b, { type: 'link_up', peer: a.self.name, tenant: null }));
  }
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
    const { from, to, effect } = one;
    const peer = from.self.name;
    if (effect.type === 'broadcast' || effect.type === 'send_delta') {
      send(to, from, step(to, { type: 'delta', peer, delta: effect.delta }));
    } else if (effect.type === 'send_fetch') {
      send(to, from, step(to, { type: 'fetch', peer, request: effect }));
    } else if (effect.type === 'send_origins') {
      send(to, from, step(to, { type: 'origins', peer, rows: effect.rows }));
    } else if (effect.type === 'send_heads') {
      send(to, from, step(to, { type: 'heads', peer, message: effect.message }));
    } else continue;
    messages++;
  }
  return messages;
}

const names = (state: RegistryState, filter = {}) =>
  list(state, filter)
    .map((entry) => keyOf(entry).id)
    .sort();

describe('the registry on one node', () => {
  it('takes, shows, updates and gives up a name', () => {
    const state = create('core_1');
    expect(step(state, { type: 'put', put: put('a'), nowMs: 5 })).toEqual([]);
    expect(lookup(state, key('a'))).toMatchObject({ ref: 'ref a', metadata: null, sequence: 1 });
    expect(step(state, { type: 'update', key: key('a'), metadata: { load: 1 } })).toEqual([]);
    expect(lookup(state, key('a'))).toMatchObject({
      ref: 'ref a',
      metadata: { load: 1 },
      sequence: 2,
      clock: 5 * 4_096,
    });
    expect(step(state, { type: 'remove', key: key('a'), ref: 'ref a' })).toEqual([]);
    expect(lookup(state, key('a'))).toBeNull();
    expect(list(state, {})).toEqual([]);
    expect(state.index.tenants.size).toBe(0);
  });

  it('refuses a name that is held, is badly formed, or is not its own to change', () => {
    const state = create('core_1');
    step(state, { type: 'put', put: put('a'), nowMs: 5 });
    const codes = (event: RegistryEvent) => only(step(state, event), 'refused').map((one) => one.code);
    expect(codes({ type: 'put', put: put('a', { ref: 'other' }), nowMs: 6 })).toEqual(['name_taken']);
    expect(codes({ type: 'put', put: put('b', { key: key('x\ny') }), nowMs: 6 })).toEqual(['bad_key']);
    expect(codes({ type: 'update', key: key('zzz'), metadata: 1 })).toEqual(['not_ours']);
    expect(codes({ type: 'remove', key: key('a'), ref: 'other' })).toEqual(['not_ours']);
    expect(lookup(state, key('a'))?.ref).toBe('ref a');
  });

  it('lists by tenant, kind, partition and node', () => {
    const state = create('core_1');
    const all = [key('1', 'check', 'acme'), key('2', 'agent', 'acme'), key('3', 'check', 'beta')];
    step(state, { type: 'put_many', puts: all.map((one) => put(one.id, { key: one })), nowMs: 1 });
    expect(names(state, { kind: 'check' })).toEqual(['1', '3']);
    expect(names(state, { tenant: 'acme' })).toEqual(['1', '2']);
    expect(names(state, { tenant: 'acme', kind: 'agent', partition: 'default', node: 'core_1' })).toEqual([
      '2',
    ]);
    expect(names(state, { node: 'core_2' })).toEqual([]);
    expect(names(state, { partition: 'other' })).toEqual([]);
  });

  it('tells all changes of a turn in one delta, the last of each name only', () => {
    const state = create('core_1');
    step(state, { type: 'put', put: put('a'), nowMs: 1 });
    step(state, { type: 'update', key: key('a'), metadata: 2 });
    step(state, { type: 'put', put: put('b'), nowMs: 1 });
    step(state, { type: 'remove', key: key('b') });
    const [delta, ...more] = flush(state);
    expect(more).toEqual([]);
    expect(delta).toMatchObject({ origin: 'core_1', tenant: 'acme', from: 0, to: 4, whole: 0 });
    expect(delta!.puts.map((row) => [row[2], row[5]])).toEqual([['a', 2]]);
    expect(delta!.removals.map((row) => [row[2], row[3]])).toEqual([['b', 4]]);
    expect(flush(state)).toEqual([]);
  });

  it('has a watcher see exactly what it watches, from what is there', () => {
    const state = create('core_1');
    step(state, { type: 'put', put: put('a'), nowMs: 1 });
    const start = step(state, { type: 'watch', watcher: 7, filter: { kind: 'check' } });
    expect(only(start, 'watch_start')[0]?.entries.map((entry) => entry.id)).toEqual(['a']);
    const told = [
      ...step(state, { type: 'put', put: put('b'), nowMs: 1 }),
      ...step(state, { type: 'put', put: put('x', { key: key('x', 'agent') }), nowMs: 1 }),
      ...step(state, { type: 'update', key: key('a'), metadata: 9 }),
      ...step(state, { type: 'remove', key: key('b') }),
    ];
    expect(only(told, 'watch').map((one) => [one.watcher, one.change, one.entry.id])).toEqual([
      [7, 'added', 'b'],
      [7, 'updated', 'a'],
      [7, 'removed', 'b'],
    ]);
    step(state, { type: 'unwatch', watcher: 7 });
    expect(step(state, { type: 'remove', key: key('a') })).toEqual([]);
  });

  it('has a bounded number of watchers', () => {
    const state = create('core_1');
    for (let i = 0; i < watchersMax; i++) state.watchers.set(i, {});
    const effects = step(state, { type: 'watch', watcher: -1, filter: {} });
    expect(effects).toEqual([{ type: 'watch_refused', watcher: -1, code: 'too_many' }]);
  });
});

describe('two registries', () => {
  it('learn all of each other when their link comes up', () => {
    const [a, b] = [create('core_1'), create('core_2')];
    step(a, { type: 'put_many', puts: Array.from({ length: 2_500 }, (_, i) => put(`a${i}`)), nowMs: 1 });
    step(b, { type: 'put', put: put('b'), nowMs: 1 });
    exchange(a, b);
    expect(list(b, {}).length).toBe(2_501);
    expect(list(a, {}).length).toBe(2_501);
    expect(headsHash(a)).toEqual(headsHash(b));
    expect(2_500 / deltaEntriesMax).toBeGreaterThan(2);
  });

  it('mend a lost delta when the next one does not join', () => {
    const [a, b] = [create('core_1'), create('core_2')];
    exchange(a, b);
    step(a, { type: 'put', put: put('lost'), nowMs: 1 });
    flush(a);
    step(a, { type: 'put', put: put('seen'), nowMs: 1 });
    exchange(a, b, step(a, { type: 'flush' }));
    expect(names(b)).toEqual(['lost', 'seen']);
  });

  it('mend a lost delta after the hashes have stood still and differed', () => {
    const [a, b] = [create('core_1'), create('core_2')];
    exchange(a, b);
    step(a, { type: 'put', put: put('lost'), nowMs: 1 });
    flush(a);
    const beat = () => step(b, { type: 'heads_hash', peer: 'core_1', ...headsHash(a) });
    expect(beat()).toEqual([]);
    const asked = beat();
    expect(asked.map((one) => one.type)).toEqual(['send_origins']);
    exchange(b, a, asked);
    expect(names(b)).toEqual(['lost']);
    expect(beat()).toEqual([]);
  });

  it('relay the removal of a name that came and went unseen by the one who relays', () => {
    const [origin, relay, late] = ['core_1', 'core_2', 'core_3'].map((name) => create(name));
    step(origin!, { type: 'put', put: put('a'), nowMs: 5 });
    step(origin!, { type: 'put', put: put('b'), nowMs: 6 });
    for (const state of [relay!, late!]) {
      for (const delta of flush(origin!)) step(state, { type: 'delta', peer: 'core_1', delta });
      exchange(origin!, state);
    }
    // Late sees the name come and is cut off; the relay sees neither that nor how it goes, only what is left.
    step(origin!, { type: 'put', put: put('c'), nowMs: 7 });
    for (const delta of flush(origin!)) step(late!, { type: 'delta', peer: 'core_1', delta });
    step(late!, { type: 'link_down', peer: 'core_1' });
    step(origin!, { type: 'remove', key: key('c') });
    flush(origin!);
    step(relay!, { type: 'link_down', peer: 'core_1' });
    exchange(relay!, origin!);
    exchange(relay!, late!);
    expect(headsHash(late!)).toEqual(headsHash(origin!));
    expect(names(late!)).toEqual(['a', 'b']);
  });

  it('tell the whole shard to one that is behind the remembered removals, and nothing flickers', () => {
    const [a, b] = [create('core_1'), create('core_2')];
    const many = Array.from({ length: 4 * removalsKeptMax }, (_, i) => put(`n${i}`));
    step(a, { type: 'put_many', puts: many, nowMs: 1 });
    flush(a);
    exchange(a, b);
    step(b, { type: 'watch', watcher: 1, filter: {} });
    for (const one of many.slice(0, 3 * removalsKeptMax)) step(a, { type: 'remove', key: one.key });
    const kept = many.slice(3 * removalsKeptMax);
    for (const one of kept.slice(0, 500)) step(a, { type: 'update', key: one.key, metadata: 2 });
    flush(a);
    const seen: RegistryEffect[] = [];
    const fetches = step(b, {
      type: 'heads',
      peer: 'core_1',
      message: {
        origins: [],
        heads: [['core_1', 1, 'acme', a.self.shards.get('acme')!.sequence]],
        reply: false,
      },
    });
    for (const fetch of only(fetches, 'send_fetch')) {
      for (const answer of only(step(a, { type: 'fetch', peer: 'core_2', request: fetch }), 'send_delta')) {
        expect(answer.delta.whole).toBeGreaterThan(0);
        seen.push(...step(b, { type: 'delta', peer: 'core_1', delta: answer.delta }));
      }
    }
    expect(names(b)).toEqual(names(a));
    expect(headsHash(b)).toEqual(headsHash(a));
    const changes = only(seen, 'watch');
    expect(changes.filter((one) => one.change === 'added')).toEqual([]);
    expect(changes.filter((one) => one.change === 'updated').length).toBe(500);
    expect(changes.filter((one) => one.change === 'removed').length).toBe(3 * removalsKeptMax);
  });

  it('let the later one of two same names keep nothing: its holder is told and the name stays once', () => {
    const [a, b] = [create('core_1'), create('core_2')];
    step(a, { type: 'put', put: put('x', { ref: 'late' }), nowMs: 20 });
    step(b, { type: 'put', put: put('x', { ref: 'early' }), nowMs: 10 });
    const delta = flush(b)[0]!;
    const conflict = only(step(a, { type: 'delta', peer: 'core_2', delta }), 'name_conflict');
    expect(conflict.map((one) => [one.lost.ref, one.winner.ref])).toEqual([['late', 'early']]);
    exchange(a, b, step(a, { type: 'flush' }));
    expect([lookup(a, key('x'))?.ref, lookup(b, key('x'))?.ref]).toEqual(['early', 'early']);
    expect(only(step(b, { type: 'flush' }), 'name_conflict')).toEqual([]);
  });

  it('let the placement owner keep a supervised name, whenever it was taken', () => {
    for (const id of ['s1', 's2', 's3', 's4', 's5', 's6']) {
      const [a, b] = [create('core_1'), create('core_2')];
      step(a, { type: 'put', put: put(id, { supervised: true }), nowMs: 20 });
      step(b, { type: 'put', put: put(id, { supervised: true }), nowMs: 10 });
      exchange(a, b, step(a, { type: 'flush' }));
      const owner = ownerOf(`acme/default/check/${id}`, ['core_1', 'core_2']);
      expect(lookup(a, key(id))?.shard.origin.name).toBe(owner);
      expect(lookup(b, key(id))?.shard.origin.name).toBe(owner);
      expect((owner === 'core_1' ? b : a).self.shards.get('acme')?.entries.size).toBe(0);
    }
  });

  it('do not believe anybody about their own shards', () => {
    const [a, b] = [create('core_1', 5), create('core_2')];
    step(a, { type: 'put', put: put('a'), nowMs: 1 });
    const forged = {
      origin: 'core_1',
      boot: 6,
      tenant: 'acme',
      from: 0,
      to: 1,
      whole: 1,
      puts: [],
      removals: [],
    };
    const effects = step(a, { type: 'delta', peer: 'core_2', delta: forged });
    expect(effects).toEqual([{ type: 'own_shard_contested', peer: 'core_2', boot: 6, sequence: 1 }]);
    expect(names(a)).toEqual(['a']);
    exchange(a, b);
    const echo = { ...flush(a)[0]! };
    expect(step(a, { type: 'delta', peer: 'core_2', delta: echo })).toEqual([]);
  });
});

describe('a node that goes', () => {
  function pair() {
    const [a, b] = [create('core_1'), create('core_2')];
    step(b, { type: 'put_many', puts: [put('b1'), put('b2')], nowMs: 1 });
    exchange(a, b);
    step(a, { type: 'watch', watcher: 1, filter: {} });
    return { a, b };
  }
  const changes = (effects: RegistryEffect[]) =>
    only(effects, 'watch').map((one) => `${one.change} ${one.entry.id}`);

  it('takes its names out of sight at once, and that boot has them when it returns', () => {
    const { a } = pair();
    expect(changes(step(a, { type: 'node_down', node: 'core_2', boot: 1, nowMs: 0 }))).toEqual([
      'removed b1',
      'removed b2',
    ]);
    expect(lookup(a, key('b1'))).toBeNull();
    step(a, { type: 'tick', nowMs: downGraceMs - 1 });
    expect(changes(step(a, { type: 'node_up', node: 'core_2', boot: 1 }))).toEqual(['added b1', 'added b2']);
  });

  it('loses its names after the grace, and nobody brings them back but itself', () => {
    const { a, b } = pair();
    const old = flush(b);
    step(a, { type: 'node_down', node: 'core_2', boot: 1, nowMs: 0 });
    step(a, { type: 'tick', nowMs: downGraceMs });
    expect(a.origins.get('core_2')?.shards.size).toBe(0);
    for (const delta of old) expect(step(a, { type: 'delta', peer: 'core_3', delta })).toEqual([]);
    step(a, { type: 'node_up', node: 'core_2', boot: 1 });
    step(a, { type: 'link_down', peer: 'core_2' });
    step(b, { type: 'link_down', peer: 'core_1' });
    exchange(a, b);
    expect(names(a)).toEqual(['b1', 'b2']);
  });

  it('is not believed to have names for ever when others told of it and it never came', () => {
    const { a } = pair();
    step(a, { type: 'watch', watcher: 1, filter: {} });
    expect(lookup(a, key('b1'))).not.toBeNull();
    step(a, { type: 'tick', nowMs: 0 });
    expect(changes(step(a, { type: 'tick', nowMs: strangerKeptMs - 1 }))).toEqual([]);
    expect(changes(step(a, { type: 'tick', nowMs: strangerKeptMs }))).toEqual(['removed b1', 'removed b2']);
    expect(changes(step(a, { type: 'node_up', node: 'core_2', boot: 1 }))).toEqual(['added b1', 'added b2']);
    expect(changes(step(a, { type: 'tick', nowMs: 10 * strangerKeptMs }))).toEqual([]);
  });

  it('loses its names at once when it leaves, or when a later boot of it is seen', () => {
    const left = pair();
    expect(changes(step(left.a, { type: 'node_left', node: 'core_2', boot: 1 }))).toEqual([
      'removed b1',
      'removed b2',
    ]);
    const { a } = pair();
    const again = create('core_2', 2);
    step(again, { type: 'put', put: put('b2', { ref: 'new' }), nowMs: 9 });
    const effects = step(a, { type: 'delta', peer: 'core_2', delta: flush(again)[0]! });
    expect(changes(effects)).toEqual(['removed b1', 'removed b2', 'added b2']);
    expect(lookup(a, key('b2'))?.ref).toBe('new');
    expect(step(a, { type: 'node_down', node: 'core_2', boot: 1, nowMs: 0 })).toEqual([]);
    expect(names(a)).toEqual(['b2']);
  });

  it('whose names were taken meanwhile settles them when it returns', () => {
    const { a, b } = pair();
    step(a, { type: 'node_down', node: 'core_2', boot: 1, nowMs: 0 });
    expect(step(a, { type: 'put', put: put('b1', { ref: 'mine' }), nowMs: 50 }).length).toBe(1);
    const back = step(a, { type: 'node_up', node: 'core_2', boot: 1 });
    // What it told before it went may be over.
    expect(only(back, 'name_conflict')).toEqual([]);
    expect(changes(back)).toEqual(['added b2']);
    const told = [0, returnedNamesMs].flatMap((nowMs) => step(a, { type: 'tick', nowMs: 60 + nowMs }));
    expect(only(told, 'name_conflict').map((one) => one.lost.ref)).toEqual(['mine']);
    expect(changes(told)).toEqual(['updated b1']);
    exchange(b, a);
    expect(lookup(b, key('b1'))?.ref).toBe('ref b1');
  });
});

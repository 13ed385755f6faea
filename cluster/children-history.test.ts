import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Want } from './children-state.ts';
import { TestCluster } from './testing/children-nodes.ts';

const names = ['core_0', 'core_1', 'core_2', 'core_3'];
let versions = 0;
const wantOf = (id: string): Want => {
  versions += 1;
  return {
    spec: { id, kind: 'counter', role: 'core', args: [] },
    version: `v${versions}`,
    source: 'dynamic',
  };
};
const idOf = (n: number) => `child ${n}`;
const clusterOf = (count: number, children = 0) => {
  const cluster = new TestCluster();
  for (const name of names.slice(0, count)) cluster.join(name);
  for (let n = 0; n < children; n += 1) cluster.want(idOf(n), wantOf(idOf(n)));
  cluster.converge();
  return cluster;
};
const entriesOf = (map: Map<string, string[]>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

const node = fc.constantFrom(...names);
const child = fc.nat({ max: 7 }).map(idOf);
const pick = fc.nat({ max: 1_000 });
const actions = {
  add: fc.record({ type: fc.constant('add' as const), child }),
  remove: fc.record({ type: fc.constant('remove' as const), child }),
  deliver: fc.record({ type: fc.constant('deliver' as const), pick }),
  report: fc.record({ type: fc.constant('report' as const) }),
  notice: fc.record({ type: fc.constant('notice' as const), a: node, b: node }),
  kill: fc.record({ type: fc.constant('kill' as const), a: node }),
  join: fc.record({ type: fc.constant('join' as const), a: node, quietMs: fc.constantFrom(0, 0, 50) }),
  drain: fc.record({ type: fc.constant('drain' as const), a: node }),
  advance: fc.record({ type: fc.constant('advance' as const), ms: fc.constantFrom(1, 5, 20) }),
  crash: fc.record({ type: fc.constant('crash' as const), a: node, child }),
  standStill: fc.record({ type: fc.constant('stand_still' as const), a: node }),
  late: fc.record({ type: fc.constant('advance' as const), ms: fc.constantFrom(300, 1_100) }),
  cut: fc.record({ type: fc.constant('cut' as const), a: node, b: node }),
  link: fc.record({ type: fc.constant('link' as const), a: node, b: node }),
  shuffle: fc.record({ type: fc.constant('shuffle' as const), pick }),
  lose: fc.record({ type: fc.constant('lose' as const), pick }),
  repeat: fc.record({ type: fc.constant('repeat' as const), pick }),
};
type Action = {
  [K in keyof typeof actions]: (typeof actions)[K] extends fc.Arbitrary<infer A> ? A : never;
}[keyof typeof actions];

function act(cluster: TestCluster, one: Action): void {
  const { sent } = cluster;
  switch (one.type) {
    case 'add':
      if (!cluster.wants.has(one.child)) cluster.want(one.child, wantOf(one.child));
      return;
    case 'remove':
      if (cluster.wants.has(one.child)) cluster.want(one.child, null);
      return;
    case 'deliver':
      cluster.deliverInOrder(one.pick);
      return;
    case 'report':
      cluster.due.shift()?.();
      return;
    case 'notice':
      cluster.notice(one.a, one.b);
      return;
    case 'kill':
      if (cluster.alive().length > 1) cluster.kill(one.a);
      return;
    case 'join':
      if (!cluster.nodes.has(one.a)) cluster.join(one.a, one.quietMs);
      return;
    case 'drain':
      if (cluster.alive().length > 1) cluster.drain(one.a);
      return;
    case 'advance':
      cluster.advance(one.ms);
      return;
    case 'stand_still':
      cluster.standStill(one.a);
      return;
    case 'crash': {
      const at = cluster.nodes.get(one.a);
      if (at !== undefined) cluster.end(at, one.child, 'crash');
      return;
    }
    case 'cut':
      cluster.cut(one.a, one.b);
      return;
    case 'link':
      cluster.link(one.a, one.b);
      return;
    case 'shuffle':
      if (sent.length > 0) cluster.deliver(one.pick % sent.length);
      return;
    case 'lose':
      if (sent.length > 0) sent.splice(one.pick % sent.length, 1);
      return;
    case 'repeat':
      if (sent.length > 0) sent.push(sent[one.pick % sent.length]!);
      return;
  }
}

const orderly = [
  actions.add,
  actions.add,
  actions.remove,
  actions.deliver,
  actions.deliver,
  actions.deliver,
  actions.deliver,
  actions.report,
  actions.report,
  actions.notice,
  actions.kill,
  actions.join,
  actions.drain,
  actions.advance,
  actions.crash,
  actions.standStill,
];

describe('supervised children after any history', () => {
  it('are exactly those that are wanted, each on its placement owner, whatever was cut, lost, repeated and reordered', () => {
    const unruly = [
      ...orderly,
      actions.late,
      actions.cut,
      actions.link,
      actions.shuffle,
      actions.lose,
      actions.repeat,
    ];
    fc.assert(
      fc.property(fc.array(fc.oneof(...unruly), { maxLength: 90, size: 'max' }), (history) => {
        const cluster = clusterOf(2, 4);
        for (const one of history) act(cluster, one);
        cluster.converge();
        expect(entriesOf(cluster.running())).toEqual(entriesOf(cluster.placed()));
        for (const { actors } of cluster.alive()) {
          for (const [id, version] of actors) expect(version).toBe(cluster.wants.get(id)!.version);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('never run on two nodes that see each other, while nodes come, go, leave and die and each notices in its own time', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(...orderly), { maxLength: 120, size: 'max' }), (history) => {
        const cluster = clusterOf(2, 4);
        const twice: string[] = [];
        cluster.watch = () => {
          for (const [id, at] of cluster.running())
            if (at.length > 1) twice.push(`${id} on ${at.join(' and ')}`);
        };
        for (const one of history) act(cluster, one);
        expect(twice).toEqual([]);
        cluster.converge();
        expect(twice).toEqual([]);
        expect(entriesOf(cluster.running())).toEqual(entriesOf(cluster.placed()));
      }),
      { numRuns: 250 },
    );
  });
});

describe('when a node comes or goes', () => {
  const fifty = Array.from({ length: 50 }, (_, n) => idOf(n));
  const filled = (count: number) => {
    const cluster = clusterOf(count);
    for (const id of fifty) cluster.want(id, wantOf(id));
    cluster.converge();
    for (const one of cluster.alive()) one.starts = 0;
    return cluster;
  };

  it('only the children that belong to the newcomer move', () => {
    const cluster = filled(3);
    const before = cluster.placed();
    cluster.join('core_3');
    cluster.converge();
    const moved = [...cluster.placed()].filter(([id, at]) => before.get(id)![0] !== at[0]);
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.every(([, at]) => at[0] === 'core_3')).toBe(true);
    expect(cluster.alive().map(({ starts }) => starts)).toEqual([0, 0, 0, moved.length]);
    expect(entriesOf(cluster.running())).toEqual(entriesOf(cluster.placed()));
  });

  it('only the children of the dead one start elsewhere', () => {
    const cluster = filled(3);
    const lost = [...cluster.placed().values()].filter(([at]) => at === 'core_1').length;
    cluster.kill('core_1');
    cluster.converge();
    expect(cluster.alive().reduce((sum, { starts }) => sum + starts, 0)).toBe(lost);
    expect(entriesOf(cluster.running())).toEqual(entriesOf(cluster.placed()));
  });

  it('a split runs all children on both sides, and healing starts none', () => {
    const cluster = filled(3);
    for (const other of ['core_1', 'core_2']) {
      cluster.cut('core_0', other);
      cluster.notice('core_0', other);
      cluster.notice(other, 'core_0');
    }
    for (let round = 0; round < 20; round += 1) {
      cluster.settle();
      cluster.advance(20);
    }
    const sides = [...cluster.running().values()];
    expect(sides.every((at) => at.length === 2 && at.includes('core_0'))).toBe(true);
    for (const one of cluster.alive()) one.starts = 0;
    cluster.converge();
    expect(entriesOf(cluster.running())).toEqual(entriesOf(cluster.placed()));
    expect(cluster.alive().map(({ starts }) => starts)).toEqual([0, 0, 0]);
  });
});

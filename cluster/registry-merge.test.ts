/**
 * The promise of the registry: whatever is lost, repeated or overtaken between nodes that go and come, after an exchange
 * every replica shows what the origins hold, every name once, and watchers have seen exactly how it came about.
 */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { list } from './registry.ts';
import { headsHash } from './registry-exchange.ts';
import { deltasSince } from './registry-shard.ts';
import { act, action, names, Replicas, textOf } from './testing/replicas.ts';

// Small enough that a short history needs several parts and forgets its removals.
vi.mock('./limits.ts', async (original) => ({
  ...(await original<typeof import('./limits.ts')>()),
  deltaEntriesMax: 3,
  removalsKeptMax: 2,
  headsPerMessageMax: 3,
}));

describe('replicas', () => {
  it('show the same truth after any history of loss, repetition, reordering, splits and restarts', () => {
    let conflicts = 0;
    let wholeParts = 0;
    fc.assert(
      fc.property(fc.array(action, { minLength: 30, maxLength: 250, size: 'max' }), (actions) => {
        const cluster = new Replicas();
        for (const one of actions) act(cluster, one);
        cluster.checkLists();
        cluster.heal();
        cluster.check();
        conflicts += cluster.conflicts.length;
        wholeParts += cluster.wholeParts;
      }),
      { numRuns: 1_000 },
    );
    expect(conflicts).toBeGreaterThan(100);
    expect(wholeParts).toBeGreaterThan(1_000);
  });

  it('are mended by the heartbeat hash alone, without a new link', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 100, size: 'max' }), (actions) => {
        const cluster = new Replicas();
        for (const one of actions)
          if (!['down', 'tick', 'restart', 'relink'].includes(one.do)) act(cluster, one);
        for (let round = 0; round < 30; round++) {
          for (const name of names) cluster.step(name, { type: 'flush' });
          while (cluster.wire.length > 0) cluster.deliver(0, false);
          for (const one of names) {
            for (const other of names) {
              if (one === other) continue;
              const hash = headsHash(cluster.nodes.get(other)!);
              cluster.step(one, { type: 'heads_hash', peer: other, ...hash });
            }
          }
        }
        cluster.check();
      }),
      { numRuns: 500 },
    );
  });

  it('come to the same shard from any number of parts in any order of whole and partial deltas', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ id: fc.nat(30), remove: fc.boolean(), ask: fc.boolean() }), { maxLength: 200 }),
        (ops) => {
          const cluster = new Replicas();
          const origin = cluster.nodes.get('core_1')!;
          const replica = cluster.nodes.get('core_2')!;
          const at = (n: number) => ({ tenant: 'acme', partition: 'default', kind: 'k', id: `n${n}` });
          cluster.wire = [];
          for (const one of ops) {
            const put = { key: at(one.id), ref: one.id, metadata: null, supervised: false };
            cluster.step(
              'core_1',
              one.remove ? { type: 'remove', key: at(one.id) } : { type: 'put', put, nowMs: 1 },
            );
            const shard = origin.self.shards.get('acme');
            if (!one.ask || shard === undefined) continue;
            // As if the origin had forgotten all removals but those of the last 5 changes.
            shard.removalsFloor = Math.max(0, shard.sequence - 5);
            const held = replica.origins.get('core_1')?.shards.get('acme')?.sequence ?? 0;
            for (const delta of deltasSince(shard, held))
              cluster.step('core_2', { type: 'delta', peer: 'core_1', delta });
            expect(list(replica, {}).map(textOf).sort()).toEqual(list(origin, {}).map(textOf).sort());
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('judge each name that was held before a whole shard was told once, and a new replica has none to judge', () => {
    const cluster = new Replicas();
    const origin = cluster.nodes.get('core_1')!;
    const at = (n: number) => ({ tenant: 'acme', partition: 'default', kind: 'k', id: `n${n}` });
    for (let n = 0; n < 12; n += 1) {
      const put = { key: at(n), ref: n, metadata: null, supervised: false };
      cluster.step('core_1', { type: 'put', put, nowMs: 1 });
      if (n === 7) cluster.step('core_1', { type: 'flush' });
    }
    cluster.wire = cluster.wire.filter(({ to, event }) => to === 'core_2' && event.type === 'delta');
    while (cluster.wire.length > 0) cluster.deliver(0, false);
    for (const gone of [0, 1, 4]) cluster.step('core_1', { type: 'remove', key: at(gone) });
    const shard = origin.self.shards.get('acme')!;
    shard.removalsFloor = shard.sequence;
    const parts = deltasSince(shard, 0);
    expect(parts.length).toBe(3);
    const left = (name: string) =>
      parts.map((delta) => {
        cluster.step(name, { type: 'delta', peer: 'core_1', delta });
        return cluster.nodes.get(name)!.origins.get('core_1')!.shards.get('acme')!.window?.before.length ?? 0;
      });
    expect(left('core_2')).toEqual([8, 6, 0]);
    expect(left('core_3')).toEqual([0, 0, 0]);
    for (const name of ['core_2', 'core_3'])
      expect(list(cluster.nodes.get(name)!, {}).map(textOf).sort()).toEqual(
        list(origin, {}).map(textOf).sort(),
      );
  });
});

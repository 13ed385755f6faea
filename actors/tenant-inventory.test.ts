import fc from 'fast-check';
import { expect, test } from 'vitest';
import { untidyLines } from '../test/identity/untidy-lines.ts';
import { finalState } from './identity/final-state.ts';
import { snapshot } from './identity/snapshot.ts';
import { newPending } from './inventory-changes.ts';
import { loadInventory } from './inventory-load.ts';
import { TenantInventory } from './tenant-inventory.ts';
import { keptInventory } from './testing/kept-inventory.ts';

const place = { tenantId: 'abcdefghijkl', epoch: 1 };

function begun() {
  const kept = keptInventory();
  let count = 0;
  const newMemory = () => new TenantInventory(() => `sr:random-${++count}`);
  let memory = newMemory();
  const put = async (partition: string, pending = newPending()) => {
    await kept.store.write(place, kept.store.prepare(memory.changes(partition, pending, null)));
  };
  return {
    kept,
    memory: () => memory,
    start: () => kept.store.claim(place),
    async take(partition: string, updates: readonly unknown[]) {
      const pending = newPending();
      const outcomes = memory.take(partition, updates, 1_750_000_000_000, pending);
      await put(partition, pending);
      return outcomes;
    },
    async unmerge(id: string) {
      const { partition, pending, answer } = memory.unmerge(id, { who: 'somebody', why: null });
      await put(partition, pending);
      return answer;
    },
    async merge(into: string, from: string) {
      const { partition, pending, answer } = memory.merge(into, from, { who: 'somebody', why: null });
      await put(partition, pending);
      return answer;
    },
    /** As after a kill: what is not in the store is gone. */
    async again() {
      memory = newMemory();
      for (const [partition, one] of await loadInventory(kept.store, place.tenantId, memory.reconciler))
        memory.told.set(partition, one);
    },
  };
}

/** All that is remembered and told, in no order; what random ids were drawn and counts of batches aside. */
function told({ reconciler }: TenantInventory): string[] {
  const lines = [...snapshot(reconciler)].filter((line) => !('partition' in line));
  const state = finalState(reconciler.partitions.values(), 0);
  const all = [...lines, ...Object.values(state).flat()] as unknown[];
  return all.map((one) => JSON.stringify(one, (key, value) => (key === 'line' ? null : value))).sort();
}

const parsed = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
const partitionOf = (update: Record<string, unknown>) =>
  (update.partition as string | undefined) ?? 'default';
const partitions = ['default', 'north'];

/** Whose each identifier is, as people are to read it. */
function owners({ reconciler }: TenantInventory): string[] {
  const { identifiers } = finalState(reconciler.partitions.values(), 0);
  return identifiers
    .map((one) => `${one.partition} ${one.type} ${one.scope} ${one.value} ${one.device_id} ${one.status}`)
    .sort();
}

test('what is read back after any batch is what was there, and the same again writes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(untidyLines, fc.integer({ min: 1, max: 6 }), async (lines, size) => {
      const { kept, memory, start, take, again } = begun();
      await start();
      const updates = parsed(lines);
      const takeAll = async (batch: Record<string, unknown>[]) => {
        for (const name of partitions)
          await take(
            name,
            batch.filter((one) => partitionOf(one) === name),
          );
        expect([...kept.identifiers].map((one) => one.join(' ')).sort()).toEqual(owners(memory()));
      };
      for (let at = 0; at < updates.length; at += size) {
        await takeAll(updates.slice(at, at + size));
        if (at % 2 === 1) continue;
        const before = told(memory());
        await again();
        expect(told(memory())).toEqual(before);
      }
      const { writes } = kept;
      await takeAll(updates);
      expect(kept.writes).toBe(writes);
    }),
    { numRuns: 150 },
  );
});

test('devices that a person made one or two are that after everything is read back', async () => {
  const { kept, memory, start, take, merge, unmerge, again } = begun();
  await start();
  const seen = (armis: string, ip: string, hours: number) => ({
    ...{
      source: 'armis',
      ip,
      metadata: { armis_device_id: armis },
      timestamp: 1_750_000_000 + hours * 3_600,
    },
  });
  const ids = async () => {
    const outcomes = await take('default', [seen('a1', '10.0.0.1', 0), seen('a2', '10.0.0.2', 0)]);
    return outcomes.map((one) => ('error' in one ? one.error : one.device_id!));
  };
  const [a, b] = await ids();
  expect(a).not.toBe(b);
  await merge(a!, b!);
  await again();
  const live = memory().reconciler.partition('default').findDevice(b!)!.id;
  expect(memory().reconciler.partition('default').findDevice(a!)!.id).toBe(live);
  const merged = live === a ? b! : a!;
  await unmerge(merged);
  await again();
  expect(await ids()).toEqual([a, b]);
  await take('default', [seen('a1', '10.0.0.3', 5), seen('a2', '10.0.0.2', 5)]);
  expect(await ids()).toEqual([a, b]);
  expect(() => memory().unmerge(merged, { who: 'x', why: null })).toThrow(/merged into nothing/);
  expect([...kept.identifiers.values()].sort()).toEqual([`${a} live`, `${b} live`].sort());
});

test('an agent reaches its own partition alone', async () => {
  const { start, take } = begun();
  await start();
  const asserted = { device_id: 'sr:theirs', source: 'armis', ip: '10.0.0.1' };
  expect(await take('south', [asserted])).toMatchObject([{ device_id: 'sr:theirs' }]);
  const others = [
    { source: 'armis', ip: '10.0.0.1', partition: 'south' },
    { source: 'armis', ip: '10.0.0.1', device_id: 'south:10.0.0.1' },
    asserted,
    { source: 'armis', ip: '10.0.0.1' },
  ];
  expect(await take('north', others)).toMatchObject([
    ...[{ error: 'other_partition' }, { error: 'other_partition' }, { error: 'id_of_other_partition' }],
    { action: 'created' },
  ]);
});

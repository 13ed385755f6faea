import fc from 'fast-check';
import { expect, test } from 'vitest';
import { untidyLines } from '../test/identity/untidy-lines.ts';
import { deviceInterfaces, tablesOf } from './identity/device-interfaces.ts';
import { finalState } from './identity/final-state.ts';
import { snapshot } from './identity/snapshot.ts';
import { newPending } from './inventory-changes.ts';
import { loadInventory } from './inventory-load.ts';
import { residentEvidenceMax } from './reconcile-limits.ts';
import { TenantInventory } from './tenant-inventory.ts';
import { keptInventory } from './testing/kept-inventory.ts';

function pendingOf(memory: TenantInventory, updates: readonly unknown[]) {
  const pending = newPending();
  memory.take('default', updates, 1_750_000_000_000, pending);
  return pending;
}

const place = { tenantId: 'abcdefghijkl', epoch: 1 };

function begun() {
  const kept = keptInventory();
  let count = 0;
  const newMemory = () => new TenantInventory(() => `sr:random-${++count}`);
  let memory = newMemory();
  const put = async (partition: string, pending = newPending()) => {
    await kept.store.write(place, kept.store.prepare(memory.changes(partition, pending, null).changes));
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
    async withdraw(partition: string, source: string) {
      const { pending, answer } = memory.withdraw(partition, source, { who: 'somebody', why: null });
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

/** What interfaces each device has, as people are to read them. */
function interfaces({ reconciler }: TenantInventory): string[] {
  const all: string[] = [];
  const hour = (ms: number) => ms - (ms % 3_600_000);
  for (const { name, inventory, tables } of reconciler.partitions.values())
    for (const { id, group, mergedInto } of inventory.records.values()) {
      if (mergedInto !== null) continue;
      const rows = deviceInterfaces(tablesOf(group!, tables)).rows.map(({ firstMs, lastMs, ...row }) => ({
        ...row,
        ...{ firstSeenMs: hour(firstMs), lastSeenMs: hour(lastMs) },
      }));
      if (rows.length > 0) all.push(`${name} ${id} ${JSON.stringify(rows)}`);
    }
  return all.sort();
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
        expect([...kept.interfaces].map((one) => one.join(' ')).sort()).toEqual(interfaces(memory()));
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

test('of a device that loses one set of identifiers and gets another in one batch all that it has is told', async () => {
  const { kept, memory, start, take } = begun();
  await start();
  const local = '02:00:5E:10:00:01';
  const armis = (id: string, more: object) => ({
    ...{ source: 'armis', timestamp: 1_750_000_000, metadata: { armis_device_id: id }, ...more },
  });
  await take('default', [
    armis('1', { mac: local }),
    { source: 'armis', ip: '10.0.0.1', mac: local, timestamp: 1_750_000_000 },
  ]);
  await take('default', [armis('2', { mac: local }), armis('1', { mac: '00:1B:21:00:00:01' })]);
  expect([...kept.identifiers].map((one) => one.join(' ')).sort()).toEqual(owners(memory()));
  expect(kept.identifiers.has('default mac  001B21000001')).toBe(true);
});

test('interfaces of what is merged are those of the one, and of each its own again after an unmerge and a restart', async () => {
  const { kept, memory, start, take, merge, unmerge, again } = begun();
  await start();
  const seen = (n: number, minutes = 0) => ({
    ...{ source: 'snmp', ip: `10.0.0.${n}`, timestamp: 1_750_000_000 + minutes * 60 },
    ...{ metadata: { serial: `S${n}` }, interfaces: [{ name: `eth${n}`, mac: `001B2100000${n}` }] },
  });
  const answers = await take('default', [seen(1), seen(2)]);
  const [a, b] = answers.map((one) => ('error' in one ? one.error : one.device_id!));
  const told = (id: string) =>
    (JSON.parse(kept.interfaces.get(`default ${id}`) ?? '[]') as { name: string }[]).map(({ name }) => name);
  expect([told(a!), told(b!)]).toEqual([['eth1'], ['eth2']]);
  // A table that says the same within the hour is no other one.
  const { rows, interfaces: now } = memory().changes(
    'default',
    pendingOf(memory(), [seen(1, 1)]),
    null,
  ).changes;
  expect([rows.some(({ kind }) => kind === 'interfaces'), now]).toEqual([false, []]);
  await again();
  const { device_id: one } = await merge(a!, b!);
  const other = one === a ? b! : a!;
  expect([told(one), told(other)]).toEqual([['eth1', 'eth2'], []]);
  await again();
  await unmerge(other);
  expect([told(a!), told(b!)]).toEqual([['eth1'], ['eth2']]);
});

test('when there is no room for more a table that is larger is not kept, and its device is seen all the same', async () => {
  const { memory, start, take } = begun();
  await start();
  const seen = (interfaces: object[], seconds: number) => ({
    ...{ source: 'snmp', metadata: { serial: 'S1' }, timestamp: 1_750_000_000 + seconds, interfaces },
  });
  const ports = (count: number) => Array.from({ length: count }, (_, at) => ({ name: `port ${at}` }));
  await take('default', [seen(ports(1), 0)]);
  const { book, tables } = memory().reconciler.partition('default');
  book.weight = residentEvidenceMax;
  const outcomes = await take('default', [
    seen(ports(1_000), 60),
    seen([{ name: 'p' }], 120),
    seen(ports(1_000), 180),
  ]);
  expect(outcomes.map((one) => ('action' in one ? one.action : one.error))).toEqual([
    'matched',
    'matched',
    'matched',
  ]);
  const [evidence] = book.all.values();
  expect(tables.of(evidence!)).toMatchObject([{ text: '[["p","",[]]]', atMs: 1_750_000_120_000 }]);
});

test('of a source that is withdrawn nothing is told or read back, and it may tell all again', async () => {
  await fc.assert(
    fc.asyncProperty(untidyLines, async (lines) => {
      const { kept, memory, start, take, withdraw, again } = begun();
      await start();
      const updates = parsed(lines);
      const takeAll = async () => {
        for (const name of partitions)
          await take(
            name,
            updates.filter((one) => partitionOf(one) === name),
          );
      };
      const expectTold = () => {
        expect([...kept.identifiers].map((one) => one.join(' ')).sort()).toEqual(owners(memory()));
        expect([...kept.interfaces].map((one) => one.join(' ')).sort()).toEqual(interfaces(memory()));
      };
      await takeAll();
      for (const name of partitions) expect(await withdraw(name, 'armis')).toMatchObject({ isMore: false });
      expectTold();
      const evidence = () =>
        [...snapshot(memory().reconciler)]
          .filter((line) => 'evidence' in line || 'address' in line)
          .map((line) => JSON.stringify(line))
          .sort();
      const before = evidence();
      expect(before.filter((line) => line.includes('"source":"armis"'))).toEqual([]);
      await again();
      expect(evidence()).toEqual(before);
      for (const name of partitions)
        expect(await withdraw(name, 'armis')).toEqual({ count: 0, isMore: false });
      await takeAll();
      expectTold();
    }),
    { numRuns: 150 },
  );
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

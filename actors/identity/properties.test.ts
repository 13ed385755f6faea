import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applied, newReconciler } from '../testing/applied-observations.ts';
import { finalState } from './final-state.ts';
import { type Observation, readUpdate } from './read-update.ts';
import type { Reconciler } from './reconciler.ts';
import { restore, snapshot } from './snapshot.ts';

/** Small worlds: few values of everything, so that evidence meets. */
const some = (...values: string[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 2 });
const macs = ['001B21000001', '001B21000002', '001B21000003', '021B21000009', '00005E000101'];
const update = fc.record({
  source: fc.constantFrom('armis', 'netbox', 'snmp', 'sweep', 'agent', 'mapper'),
  hour: fc.integer({ min: 0, max: 40 }),
  ip: some('10.0.0.1', '10.0.0.2', '10.0.0.3'),
  mac: some(...macs),
  hostname: some('a', 'b'),
  agent_id: some('agent-1', 'agent-2'),
  armis: some('a1', 'a2', 'a3'),
  netbox: some('n1', 'n2'),
  integration: some('i1', 'i2'),
  serial: some('S1', 'S2', 'none'),
  table: fc.option(fc.subarray(macs, { maxLength: 3 }), { nil: [] as string[], freq: 4 }),
  asserted: fc.option(fc.constantFrom('sr:x', 'sr:y'), { nil: undefined, freq: 8 }),
});
type Said = typeof update extends fc.Arbitrary<infer T> ? T : never;

function observationOf({
  hour,
  armis,
  netbox,
  integration,
  serial,
  table,
  asserted,
  ...rest
}: Said): Observation {
  const metadata = {
    ...(armis !== undefined && { armis_device_id: armis }),
    ...(netbox !== undefined && { netbox_device_id: netbox }),
    ...(integration !== undefined && { integration_id: integration, integration_type: 'x' }),
    ...(serial !== undefined && { serial }),
  };
  const timestamp = new Date(1_750_000_000_000 + hour * 3_600_000).toISOString();
  const interfaces = table.map((mac) => ({ mac }));
  const read = readUpdate({ ...rest, device_id: asserted, timestamp, metadata, interfaces }, 0);
  if ('error' in read) throw new Error(read.error);
  return read.observation;
}

/** For each observation the first one that is of the same device; a sighting of its own where there is no device. */
function groupsOf(reconciler: Reconciler, observations: readonly Observation[]): (number | string)[] {
  const first = new Map<string, number>();
  return observations.map((observation, at) => {
    const device = reconciler.partition(observation.partition).deviceOf(observation);
    if (device === null) return 'none';
    if (!first.has(device.id)) first.set(device.id, at);
    return first.get(device.id)!;
  });
}

const stream = fc.array(update, { minLength: 1, maxLength: 14 }).map((all) => all.map(observationOf));

test('groups are the same in any order, any batches and with anything delivered twice', () => {
  fc.assert(
    fc.property(
      stream.chain((all) =>
        fc.record({
          all: fc.constant(all),
          shuffled: fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }),
          size: fc.integer({ min: 1, max: 5 }),
        }),
      ),
      ({ all, shuffled, size }) => {
        const batches: Observation[][] = [];
        for (let at = 0; at < shuffled.length; at += size) batches.push(shuffled.slice(at, at + size));
        const once = applied([all]);
        expect(groupsOf(applied(batches), all)).toEqual(groupsOf(once, all));
      },
    ),
    { numRuns: 500 },
  );
});

test('a state that was written and read goes on as the one that went on', () => {
  fc.assert(
    fc.property(stream, stream, (before, after) => {
      const one = applied([before]);
      const other = newReconciler();
      const written = [...snapshot(one)].map((line) => JSON.stringify(line));
      restore(
        written.map((line) => JSON.parse(line)),
        other,
      );
      expect([...snapshot(other)].map((line) => JSON.stringify(line)).sort()).toEqual([...written].sort());
      const batch = after.map((observation, at) => ({ line: at + 1, observation }));
      expect(other.apply(batch)).toEqual(one.apply(batch));
      const state = (reconciler: Reconciler) => finalState(reconciler.partitions.values(), 0);
      expect(sorted(state(other))).toEqual(sorted(state(one)));
    }),
    { numRuns: 100 },
  );
});

function sorted(state: object): string[] {
  return Object.values(state).flatMap((rows) => (rows as unknown[]).map((row) => JSON.stringify(row)).sort());
}

test('the same batch again changes nothing', () => {
  fc.assert(
    fc.property(stream, (all) => {
      const reconciler = applied([all]);
      const before = sorted(finalState(reconciler.partitions.values(), 0));
      reconciler.apply(all.map((observation, at) => ({ line: at + 1, observation })));
      expect(sorted(finalState(reconciler.partitions.values(), 0))).toEqual(before);
    }),
    { numRuns: 100 },
  );
});

test('an address within the hour makes two one, also when what was seen there has no MAC of its own', () => {
  const said = (hour: string, update: object) => {
    const read = readUpdate({ ...update, timestamp: `2026-01-01T${hour}:00Z` }, 0);
    if ('error' in read) throw new Error(read.error);
    return read.observation;
  };
  const armis = { source: 'armis', metadata: { armis_device_id: 'a1' } };
  const mac = '001B21000003';
  const all = [
    said('18:00', { ...armis, mac }),
    said('16:00', { source: 'snmp', ip: '10.0.0.1', interfaces: [{ mac }], metadata: { serial: 'S1' } }),
    said('16:00', armis),
    said('17:00', { ...armis, ip: '10.0.0.1' }),
  ];
  expect(groupsOf(applied([all]), all)).toEqual([0, 0, 0, 0]);
  expect(groupsOf(applied([all.slice(0, 3), all.slice(3)]), all)).toEqual([0, 0, 0, 0]);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applied, newReconciler } from '../testing/applied-observations.ts';
import { finalState } from './final-state.ts';
import { type Observation, readUpdate } from './read-update.ts';
import { newTouched, type Reconciler } from './reconciler.ts';
import { restore, snapshot } from './snapshot.ts';
import { withdrawSource } from './withdrawal.ts';

const startMs = Date.parse('2026-01-05T00:00:00Z');

function observed(update: object, hour = 0): Observation {
  const timestamp = new Date(startMs + hour * 3_600_000).toISOString();
  const read = readUpdate({ timestamp, ...update }, 0);
  if ('error' in read) throw new Error(read.error);
  return read.observation;
}

function withdraw(reconciler: Reconciler, source: string, countMax = 1_000): number {
  let total = 0;
  for (let isMore = true; isMore; ) {
    const done = withdrawSource(reconciler.partition('default'), source, countMax, newTouched(), null);
    expect(done.count).toBeLessThanOrEqual(countMax);
    total += done.count;
    isMore = done.isMore;
  }
  return total;
}

const more = (reconciler: Reconciler, observations: readonly Observation[]) =>
  reconciler.apply(observations.map((observation, at) => ({ line: at + 1, observation })));

const idOf = (reconciler: Reconciler, observation: Observation) =>
  reconciler.partition('default').deviceOf(observation)?.id ?? null;

const stateOf = (reconciler: Reconciler) => finalState(reconciler.partitions.values(), 0);

test('what a source alone held together parts, and is one again when it says so again', () => {
  const netbox = observed({ source: 'netbox', metadata: { netbox_device_id: 'n1' } });
  const snmp = observed({ source: 'snmp', metadata: { serial: 'S1' } }, 1);
  const armis = observed(
    { source: 'armis', metadata: { armis_device_id: 'a1', netbox_device_id: 'n1', serial: 'S1' } },
    2,
  );
  const reconciler = applied([[netbox], [snmp], [armis]]);
  const one = idOf(reconciler, netbox);
  expect([snmp, armis].map((of) => idOf(reconciler, of))).toEqual([one, one]);
  expect(withdraw(reconciler, 'armis')).toBe(1);
  expect(idOf(reconciler, netbox)).toBe(one);
  const other = idOf(reconciler, snmp);
  expect(other).not.toBe(one);
  expect(stateOf(reconciler).merges.at(-1)).toMatchObject({
    ...{ what: 'separation', from: other, to: one, reason: 'evidence_withdrawn' },
  });
  expect(stateOf(reconciler).identifiers.map(({ type }) => type)).toEqual(['netbox_device_id', 'serial']);
  expect(withdraw(reconciler, 'armis')).toBe(0);
  more(reconciler, [armis]);
  expect([netbox, snmp, armis].map((of) => idOf(reconciler, of))).toEqual([one, one, one]);
});

test('a device that others tell of too keeps its id, one that nobody else does is deleted until its source tells again', () => {
  const both = [
    observed({
      source: 'armis',
      metadata: { armis_device_id: 'a1', serial: 'S1' },
      interfaces: [{ name: 'eth0' }],
    }),
    observed({ source: 'snmp', hostname: 'b', metadata: { serial: 'S1' } }, 1),
  ];
  const alone = observed({
    source: 'armis',
    ip: '10.0.0.1',
    hostname: 'a',
    metadata: { armis_device_id: 'a2' },
  });
  const reconciler = applied([[both[0]!], [both[1]!, alone]]);
  const [a, b] = [both[1]!, alone].map((of) => idOf(reconciler, of));
  withdraw(reconciler, 'armis');
  const rows = () =>
    stateOf(reconciler).devices.map(({ id, ip, hostname, sources, deleted }) => [
      id,
      ip,
      hostname,
      sources.join(' '),
      deleted,
    ]);
  expect(rows()).toEqual([
    [a, null, 'b', 'snmp', false],
    [b, null, null, '', true],
  ]);
  expect(reconciler.partition('default').tables.isEmpty).toBe(true);
  // Also when it is read back in between, and its word is old.
  const other = newReconciler();
  restore(
    [...snapshot(reconciler)].map((line) => JSON.parse(JSON.stringify(line))),
    other,
  );
  for (const one of [reconciler, other]) {
    expect(more(one, [alone])).toMatchObject([{ deviceId: b, action: 'restored' }]);
    more(one, [both[0]!]);
    expect([...both, alone].map((of) => idOf(one, of))).toEqual([a, a, b]);
  }
  expect(rows()).toEqual([
    [a, null, 'b', 'armis snmp', false],
    [b, '10.0.0.1', 'a', 'armis', false],
  ]);
});

test('what a source saw at addresses alone goes, and what another says of the same stays', () => {
  const sweep = (ip: string) => observed({ source: 'sweep', ip });
  const twice = { hostname: 'both', metadata: { serial: 'S1' } };
  const named = (source: string, hostname: string) => observed({ ...twice, source, hostname });
  const reconciler = applied([
    [sweep('10.0.0.1'), sweep('10.0.0.2'), named('sweep', 'swept'), named('snmp', 'snmp')],
  ]);
  expect(stateOf(reconciler).sightings).toHaveLength(2);
  expect(withdraw(reconciler, 'sweep', 1)).toBe(3);
  const { sightings, devices } = stateOf(reconciler);
  expect(sightings).toEqual([]);
  expect(devices).toMatchObject([{ hostname: 'snmp', sources: ['snmp'] }]);
  expect([...reconciler.partition('default').book.names.keys()]).toEqual(['snmp']);
});

const some = (...values: string[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 2 });
const macs = ['001B21000001', '001B21000002', '021B21000009'];
const stream = fc
  .array(
    fc.record({
      source: fc.constantFrom('armis', 'netbox', 'snmp'),
      hour: fc.integer({ min: 0, max: 30 }),
      ip: some('10.0.0.1', '10.0.0.2'),
      mac: some(...macs),
      hostname: some('a', 'b'),
      armis: some('a1', 'a2'),
      netbox: some('n1', 'n2'),
      serial: some('S1', 'S2'),
      table: fc.option(fc.subarray(macs, { maxLength: 2 }), { nil: [] as string[], freq: 4 }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((all) =>
    all.map(({ hour, armis, netbox, serial, table, ...rest }) => {
      const metadata = {
        ...(armis && { armis_device_id: armis }),
        ...(netbox && { netbox_device_id: netbox }),
        ...(serial && { serial }),
      };
      return observed({ ...rest, metadata, interfaces: table.map((mac) => ({ mac })) }, hour);
    }),
  );

/** For each that identifies itself the first that is of the same device. */
function groupsOf(reconciler: Reconciler, observations: readonly Observation[]): (number | null)[] {
  const first = new Map<string, number>();
  return observations.map((observation, at) => {
    const { book } = reconciler.partition('default');
    const id = book.knows(observation) ? book.of(observation)?.evidence.group?.device?.id : undefined;
    if (id === undefined) return null;
    if (!first.has(id)) first.set(id, at);
    return first.get(id)!;
  });
}

test('without a source everything is grouped as if it had never spoken, however small the steps', () => {
  let compared = 0;
  fc.assert(
    fc.property(stream, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 }), (all, size, step) => {
      const batches: Observation[][] = [];
      for (let at = 0; at < all.length; at += size) batches.push(all.slice(at, at + size));
      const reconciler = applied(batches);
      // Names and addresses of what another source says too are not told apart by source.
      for (const { seen } of reconciler.partition('default').book.all.values()) fc.pre(seen.length === 1);
      withdraw(reconciler, 'armis', step);
      const others = all.filter(({ source }) => source !== 'armis');
      compared += others.length < all.length ? others.length : 0;
      expect(groupsOf(reconciler, others)).toEqual(groupsOf(applied([others]), others));
    }),
    { numRuns: 1_000 },
  );
  expect(compared).toBeGreaterThan(1_000);
});

test('once more changes nothing, what is read back is what was there, and the source again makes all as it was', () => {
  const lines = (reconciler: Reconciler) => [...snapshot(reconciler)].map((line) => JSON.stringify(line));
  fc.assert(
    fc.property(stream, fc.integer({ min: 1, max: 5 }), (all, step) => {
      const reconciler = applied([all]);
      const before = groupsOf(reconciler, all);
      const live = () =>
        new Set(
          stateOf(reconciler)
            .devices.filter(({ deleted }) => !deleted)
            .map(({ id }) => id),
        );
      const ids = live();
      withdraw(reconciler, 'armis', step);
      const after = lines(reconciler);
      expect(after.join('\n')).not.toContain('"source":"armis"');
      expect(withdraw(reconciler, 'armis', step)).toBe(0);
      expect(lines(reconciler)).toEqual(after);
      const other = newReconciler();
      restore(
        after.map((line) => JSON.parse(line)),
        other,
      );
      expect(lines(other).sort()).toEqual(after.sort());
      more(
        reconciler,
        all.filter(({ source }) => source === 'armis'),
      );
      expect(groupsOf(reconciler, all)).toEqual(before);
      for (const id of ids) expect(reconciler.partition('default').inventory.records.has(id)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applied, newReconciler } from '../testing/applied-observations.ts';
import { mergeByHand, unmerge } from './commands.ts';
import { type DeviceInterface, deviceInterfaces, tablesOf } from './device-interfaces.ts';
import { type Observation, readUpdate } from './read-update.ts';
import { newTouched, type Reconciler } from './reconciler.ts';
import { restore, snapshot } from './snapshot.ts';

const startMs = Date.parse('2026-01-05T00:00:00Z');
const hourMs = 3_600_000;

function observed(update: object, hour = 0): Observation {
  const read = readUpdate({ timestamp: new Date(startMs + hour * hourMs).toISOString(), ...update }, 0);
  if ('error' in read) throw new Error(read.error);
  return read.observation;
}

function interfacesAt(reconciler: Reconciler, observation: Observation): readonly DeviceInterface[] | null {
  const devices = reconciler.partition('default');
  const group = devices.deviceOf(observation)?.group;
  return group == null ? null : deviceInterfaces(tablesOf(group, devices.tables)).rows;
}

const plain = (rows: readonly DeviceInterface[] | null) =>
  rows!.map(({ name, mac, addresses, sources, firstMs, lastMs }) => [
    ...[name, mac, addresses.join(' '), sources.join(' ')],
    `${(firstMs - startMs) / hourMs}-${(lastMs - startMs) / hourMs}`,
  ]);

const eth = (n: number, more: object = {}) => ({ name: `eth${n}`, mac: `00:1b:21:00:00:0${n}`, ...more });

test('a newer table of one source takes the place of the older one, whichever came first', () => {
  const of = { source: 'snmp', ip: '10.0.0.1', metadata: { serial: 'S1' } };
  const older = observed({ ...of, interfaces: [eth(0), eth(1), { name: 'tun0', ips: ['10.9.0.1/30'] }] }, 1);
  const newer = observed({ ...of, interfaces: [eth(2), eth(1, { ips: ['10.0.0.2', '10.0.0.1'] })] }, 3);
  const rows = [
    ['eth1', '001B21000001', '10.0.0.1 10.0.0.2', 'snmp', '1-3'],
    ['eth2', '001B21000002', '', 'snmp', '3-3'],
  ];
  for (const batches of [[[older], [newer]], [[newer], [older]], [[newer, older]]])
    expect(plain(interfacesAt(applied(batches), newer))).toEqual(rows);
});

test('what several sources tell of one interface is one row, by its MAC, and without one by its name', () => {
  const told = [
    observed({
      source: 'netbox',
      metadata: { netbox_device_id: 'n', serial: 'S1' },
      interfaces: [
        { name: 'Ethernet0', mac: '001b21000000', ips: ['10.0.0.9/24'] },
        { name: 'mgmt' },
        { name: 'lo' },
      ],
    }),
    observed({
      source: 'snmp',
      metadata: { serial: 'S1' },
      interfaces: [
        eth(0, { ips: ['10.0.0.1'] }),
        { name: 'eth0.10', mac: '001b21000000' },
        { name: 'mgmt', mac: '001b21000005' },
        { name: 'tun0' },
        { name: ' ', mac: 'no mac at all', ips: ['10.0.0.7'] },
        { name: 'eth0', mac: '001b21000000', ips: ['10.0.0.2'] },
      ],
    }),
  ];
  expect(plain(interfacesAt(applied([told]), told[0]!)).map((row) => row.slice(0, 4))).toEqual([
    ['eth0', '001B21000000', '10.0.0.1 10.0.0.2 10.0.0.9', 'netbox snmp'],
    ['eth0.10', '001B21000000', '', 'snmp'],
    ['lo', '', '', 'netbox'],
    ['mgmt', '001B21000005', '', 'netbox snmp'],
    ['tun0', '', '', 'snmp'],
  ]);
});

test('one merged by hand has the interfaces of both, and each has its own again afterwards', () => {
  const card = (n: number, hour = 0) =>
    observed({ source: 'snmp', metadata: { serial: `S${n}` }, interfaces: [eth(n), { name: 'lo' }] }, hour);
  const [one, other] = [card(1), card(2)];
  const reconciler = applied([[one, other]]);
  const devices = reconciler.partition('default');
  const both = () => [one, other].map((of) => plain(interfacesAt(reconciler, of)));
  const before = both();
  const [a, b] = [one, other].map((of) => devices.deviceOf(of)!.id);
  mergeByHand(devices, a!, b!, newTouched(), null);
  expect(both()[0]!.map(([name]) => name)).toEqual(['eth1', 'eth2', 'lo']);
  expect(both()[1]).toEqual(both()[0]);
  const merged = devices.findDevice(a!)!.id === a ? b! : a!;
  unmerge(devices, merged, newTouched(), null);
  expect(both()).toEqual(before);
});

test('a device has no more interfaces than a bound, the same ones whatever came first, and none of a table that is no table', () => {
  const part = (n: number) =>
    observed({
      source: `s${n}`,
      metadata: { serial: 'S1' },
      interfaces: Array.from({ length: 3_000 }, (_, at) => ({ name: `p${n}.${at}` })),
    });
  const parts = [part(1), part(2)];
  const rowsOf = (batches: Observation[][]) => plain(interfacesAt(applied(batches), parts[0]!));
  const rows = rowsOf([parts]);
  expect(rows).toHaveLength(4_096);
  expect(rowsOf([[parts[1]!], [parts[0]!]])).toEqual(rows);
  const long = 'x'.repeat(1_000);
  const odd = observed({
    source: 'snmp',
    metadata: { serial: 'S2' },
    interfaces: [
      { name: `a\u0000b\u001b[2J${long}` },
      { name: { of: 'no text' } },
      { name: 7 },
      { name: '\ud800' },
    ],
  });
  const names = interfacesAt(applied([[odd]]), odd)!.map(({ name }) => name);
  expect(names).toEqual(['7', `a b [2J${long}`.slice(0, 255), '\ufffd']);
  const empty = observed({ source: 'snmp', metadata: { serial: 'S3' }, interfaces: [] });
  const reconciler = applied([
    [empty, observed({ source: 'snmp', ip: '10.0.0.1', interfaces: [{ name: 'lo' }] })],
  ]);
  expect(reconciler.partition('default').tables.isEmpty).toBe(true);
});

const macs = ['001B21000001', '001B21000002', '001B21000003', '021B21000009', '00005E000101'];
const some = (...values: string[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 2 });
const anInterface = fc.record({
  name: some('eth0', 'eth1', 'lo'),
  mac: some(...macs),
  ips: fc.subarray(['10.0.0.1', '10.0.0.2'], { maxLength: 2 }),
});
const stream = fc
  .array(
    fc.record({
      source: fc.constantFrom('snmp', 'netbox', 'agent'),
      hour: fc.integer({ min: 0, max: 6 }),
      ip: some('10.0.0.1', '10.0.0.2'),
      mac: some(...macs.slice(0, 2), macs[3]!),
      armis: some('a1', 'a2'),
      serial: some('S1', 'S2'),
      interfaces: fc.array(anInterface, { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((all) =>
    all.map(({ hour, armis, serial, ...rest }) =>
      observed(
        { ...rest, metadata: { ...(armis && { armis_device_id: armis }), ...(serial && { serial }) } },
        hour,
      ),
    ),
  );

test('interfaces are the same in any order, any batches and with anything delivered twice', () => {
  let withRows = 0;
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
        const [once, otherwise] = [applied([all]), applied(batches)];
        for (const one of all) {
          const rows = interfacesAt(once, one);
          withRows += rows?.length ? 1 : 0;
          expect(interfacesAt(otherwise, one)).toEqual(rows);
        }
      },
    ),
    { numRuns: 500 },
  );
  expect(withRows).toBeGreaterThan(500);
});

test('interfaces are the same after a state was written and read, and two of a device never have the same name and MAC', () => {
  fc.assert(
    fc.property(stream, (all) => {
      const reconciler = applied([all]);
      const other = newReconciler();
      restore(
        [...snapshot(reconciler)].map((line) => JSON.parse(JSON.stringify(line))),
        other,
      );
      for (const one of all) {
        const rows = interfacesAt(reconciler, one);
        expect(interfacesAt(other, one)).toEqual(rows);
        const keys = (rows ?? []).map(({ name, mac }) => `${name} ${mac}`);
        expect(new Set(keys).size).toBe(keys.length);
        expect(keys).not.toContain(' ');
      }
    }),
    { numRuns: 200 },
  );
});

test('whatever a person merges and takes apart again has the interfaces that it had, where it has the evidence that it had', () => {
  let compared = 0;
  fc.assert(
    fc.property(stream, fc.nat(), fc.nat(), (all, x, y) => {
      const reconciler = applied([all]);
      const devices = reconciler.partition('default');
      const live = () =>
        [...devices.inventory.records.values()].filter(({ mergedInto }) => mergedInto === null);
      const rows = () =>
        new Map(
          live().map(({ id, group }) => [
            `${id} ${group!.evidence.map(({ n }) => n).sort()}`,
            deviceInterfaces(tablesOf(group!, devices.tables)).rows,
          ]),
        );
      const ids = live().map(({ id }) => id);
      const [a, b] = [ids[x % ids.length]!, ids[y % ids.length]!];
      fc.pre(a !== b);
      const before = rows();
      mergeByHand(devices, a, b, newTouched(), null);
      const merged = [a, b].find((id) => devices.inventory.records.get(id)!.mergedInto !== null);
      fc.pre(merged !== undefined);
      unmerge(devices, merged!, newTouched(), null);
      for (const [device, now] of rows()) {
        if (!before.has(device)) continue;
        compared += now.length;
        expect(now).toEqual(before.get(device));
      }
    }),
    { numRuns: 300 },
  );
  expect(compared).toBeGreaterThan(200);
});

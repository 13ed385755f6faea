/**
 * Arbitrary device updates out of a world so small that everything collides: few ids, cards, names, addresses and hours,
 * in two partitions. Nothing in it is likely, and whatever is promised for all sightings must hold for them.
 */
import fc from 'fast-check';

const hourMs = 3_600_000;
const firstMs = Date.parse('2026-01-05T00:00:00.000Z');

/** The last two are locally administered, a virtual router's. */
const macs = [
  '00:1B:21:00:00:01',
  '001B.2100.0002',
  '00-1b-21-00-00-03',
  '02:00:5E:10:00:01',
  '00:00:5E:00:01:01',
];
const often = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 2 });
const seldom = <T>(...values: T[]) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );

const parts = fc.record({
  source: fc.constantFrom('armis', 'netbox', 'integration', 'snmp', 'agent', 'sweep', 'netflow'),
  partition: seldom('north'),
  hour: fc.integer({ min: 0, max: 60 }),
  ip: often('10.0.0.1', '10.0.0.2', '10.0.0.3', '2001:db8::1'),
  mac: often(...macs),
  hostname: seldom('alpha', 'beta'),
  agent_id: seldom('a1', 'a2'),
  armis_device_id: seldom('1', '2'),
  netbox_device_id: seldom('1', '2'),
  integration_id: seldom('1', '2'),
  integration_type: fc.constantFrom('intune', 'servicenow'),
  serial: seldom('S1', 'S2', 'none'),
  interfaces: seldom([0, 1], [1, 2], [0, 3], [2]),
  device_id: fc.oneof(
    { weight: 15, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'sr:00000000-0000-4000-8000-00000000000a',
        'sr:00000000-0000-4000-8000-00000000000b',
        'serviceradar:agent:a1',
      ),
    },
  ),
});

export const untidyLine: fc.Arbitrary<string> = parts.map(
  ({
    hour,
    armis_device_id,
    netbox_device_id,
    integration_id,
    integration_type,
    serial,
    interfaces,
    ...plain
  }) =>
    JSON.stringify({
      ...plain,
      // An id that is asserted is one device's, so each partition asserts its own.
      ...(plain.device_id === undefined || plain.partition === undefined
        ? {}
        : { device_id: plain.device_id.replace(/.$/, 'f') }),
      timestamp: new Date(firstMs + hour * hourMs).toISOString(),
      metadata: {
        armis_device_id,
        netbox_device_id,
        serial,
        ...(integration_id === undefined ? {} : { integration_id, integration_type }),
      },
      ...(interfaces === undefined
        ? {}
        : { interfaces: interfaces.map((at) => ({ name: `eth${at}`, mac: macs[at] })) }),
    }),
);

export const untidyLines = fc.uniqueArray(untidyLine, { minLength: 2, maxLength: 12 });

/** The same lines in another order, as their numbers from 0, and a size of batch. */
export function deliveries(count: number): fc.Arbitrary<{ order: number[]; batch: number }> {
  const numbers = Array.from({ length: count }, (_, at) => at);
  return fc.record({
    order: fc.shuffledSubarray(numbers, { minLength: count, maxLength: count }),
    batch: fc.integer({ min: 1, max: count }),
  });
}

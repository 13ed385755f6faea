import { expect, test } from 'vitest';
import { type DeviceSeed, deviceId, mayIdentify, seedsOf } from './device-id.ts';

test.each<[partition: string, seed: DeviceSeed, id: string]>([
  ['default', ['armis', 'armis-123'], 'sr:14f9ca79-be46-436f-b6b5-9a83ca66a350'],
  ['default', ['mac', 'AABBCCDDEEFF'], 'sr:ab8a9d4e-a00e-4973-9965-0b3eacb158f8'],
  ['default', ['ip', '10.0.2.1'], 'sr:5fc9eecb-b162-43fb-8db6-75e6a082e8ff'],
  ['tenant-a', ['mac', 'AABBCCDDEEFF'], 'sr:2c1fbc76-2ad8-453c-8b02-0ec932066425'],
])('in partition %s a device of %j has the id that inventories gave it before', (partition, seed, id) => {
  expect(deviceId(partition, [seed])).toBe(id);
});

test('the order in which seeds are said does not matter', () => {
  const seeds: DeviceSeed[] = [
    ['mac', 'AABBCCDDEEFF'],
    ['agent', 'a-1'],
  ];
  expect(deviceId('default', seeds)).toBe(deviceId('default', [...seeds].reverse()));
});

test('a value that reads like a seed of its own makes another id than that seed', () => {
  const one = deviceId('default', [['agent', 'xarmis:y']]);
  const two = deviceId('default', [
    ['agent', 'x'],
    ['armis', 'y'],
  ]);
  expect(one).not.toBe(two);
});

test('a device is known by its first MAC that may identify, else by its address, else by nothing', () => {
  const device = { macs: ['01005E000001', '00005E005301'], addresses: ['192.0.2.1', '192.0.2.2'] };
  expect(seedsOf(device)).toEqual([['mac', '00005E005301']]);
  expect(seedsOf({ ...device, macs: ['00005E000105'] })).toEqual([['ip', '192.0.2.1']]);
  expect(seedsOf({ macs: [], addresses: [] })).toEqual([]);
});

test.each([
  '000000000000',
  'FFFFFFFFFFFF',
  '01005E000001',
  '00005E000101',
  '00005E000203',
  '00000C07AC01',
  '00000C9FF123',
  '000573A00456',
  '0007B4000102',
])('%s identifies nobody', (mac) => {
  expect(mayIdentify(mac)).toBe(false);
});

test.each(['00005E005301', '021122334455', 'AABBCCDDEEFF'])('%s may identify', (mac) => {
  expect(mayIdentify(mac)).toBe(true);
});

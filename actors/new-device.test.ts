import { expect, test } from 'vitest';
import { isJunkSerial, judgeNewDevice, normalAddress, normalMac } from './new-device.ts';

test('identifiers come in any spelling and leave in one, without repeats', () => {
  const said = {
    name: ' core switch ',
    addresses: ['192.0.2.1', '2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    macs: ['00:00:5e:00:53:01', '00-00-5E-00-53-01', '0000.5e00.5302'],
    serial: ' FOC1234X0AB ',
  };
  expect(judgeNewDevice(said)).toEqual({
    device: {
      name: 'core switch',
      partition: 'default',
      type: null,
      addresses: ['192.0.2.1', '2001:db8::1'],
      macs: ['00005E005301', '00005E005302'],
      serial: 'FOC1234X0AB',
    },
  });
});

test.each([
  [{}, /a device has a name/],
  [{ name: '   ' }, /a device has a name/],
  [{ name: 'a\u0007b' }, /printable/],
  [{ name: 'x'.repeat(201) }, /at most 200/],
  [{ name: 'a', addresses: ['192.0.2.300'] }, /"192.0.2.300" is no address/],
  [{ name: 'a', addresses: ['fe80::1%eth0'] }, /no address/],
  [{ name: 'a', addresses: '192.0.2.1' }, /a list is expected/],
  [{ name: 'a', macs: ['00:00:5e:00:53'] }, /no MAC/],
  [{ name: 'a', macs: [7] }, /"7" is no MAC/],
  [{ name: 'a', macs: Array.from({ length: 65 }, () => '00005E005301') }, /at most 64/],
  [{ name: 'a', serial: 'To be filled by O.E.M.' }, /is no serial number/],
  [{ name: 'a', partition: 'a b' }, /a partition has/],
  [{ name: 7 }, /a name is a text/],
])('%j is refused with the reason', (said, reason) => {
  expect(judgeNewDevice(said)).toMatchObject({
    refused: 'bad_device',
    detail: expect.stringMatching(reason),
  });
});

test('what is no address or MAC has no normal form', () => {
  expect(['', '1', '010.0.0.1', '::g', 'localhost'].map(normalAddress)).toEqual(Array(5).fill(null));
  expect(['', '00005E00530', '00:00-5e:00:53:01', 'zz005E005301'].map(normalMac)).toEqual(
    Array(4).fill(null),
  );
});

test('a run of one character is no serial number', () => {
  expect(['', '0', 'xxxxxxxx', '......', 'N/A'].map(isJunkSerial)).toEqual(Array(5).fill(true));
  expect(['FOC1', '10'].map(isJunkSerial)).toEqual([false, false]);
});

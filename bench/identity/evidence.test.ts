import { describe, expect, it } from 'vitest';
import { evidenceOf } from './evidence.ts';
import type { DeviceUpdate } from './update.ts';

const read = (update: Partial<DeviceUpdate>) =>
  evidenceOf({ source: 'snmp', timestamp: '2026-01-05T00:00:00.000Z', ...update });

describe('what an update carries', () => {
  it('is read in the order of strength', () => {
    const metadata = {
      serial: ' S1 ',
      netbox_device_id: '5',
      integration_id: '7',
      integration_type: 'intune',
      armis_device_id: '9',
    };
    const { single } = read({ source: 'agent', agent_id: 'a1', metadata, partition: 'north' });
    expect(single).toEqual([
      'north|agent|a1',
      'north|armis|9',
      'north|integration|intune|7',
      'north|netbox|5',
      'north|serial|S1',
    ]);
  });
  it("is not the polling agent's id", () => {
    expect(read({ agent_id: 'a1' }).single).toEqual([]);
  });
  it.each(['', 'N/A', 'To Be Filled By O.E.M.', '00000000', 'XXXX', '123456789'])(
    'is not the serial "%s"',
    (serial) => {
      expect(read({ metadata: { serial } }).single).toEqual([]);
    },
  );
  it('is a MAC in any form, one key for each, the own first', () => {
    const interfaces = [
      { name: 'a', mac: '001b21000002' },
      { name: 'b', mac: '001B.2100.0001' },
      { name: 'lo' },
    ];
    expect(read({ mac: '00:1b:21:00:00:01', interfaces }).macs).toEqual([
      'default|mac|001B21000001',
      'default|mac|001B21000002',
    ]);
  });
  it.each([
    '00:00:5e:00:01:07',
    '00000C07AC01',
    '00-05-73-A0-01-23',
    '0007B4000101',
    'FFFFFFFFFFFF',
    '01005E000001',
    '000000000000',
  ])('is not the MAC %s', (mac) => {
    expect(read({ mac })).toMatchObject({ macs: [], localMacs: [] });
  });
  it('keeps locally administered MACs apart', () => {
    expect(read({ mac: '02:42:ac:11:00:02' })).toMatchObject({
      macs: [],
      localMacs: ['default|mac|0242AC110002'],
    });
  });
  it('takes the partition from an id of the old form when there is no other', () => {
    expect(read({ device_id: 'north:10.0.0.1', ip: '10.0.0.1' }).ip).toBe('north|ip|10.0.0.1');
    expect(read({ device_id: 'north:10.0.0.1', partition: 'south', ip: '10.0.0.1' }).ip).toBe(
      'south|ip|10.0.0.1',
    );
    expect(read({ device_id: 'sr:9', ip: '2001:DB8:0:0:0:0:0:1' }).ip).toBe('default|ip|2001:db8::1');
  });
});

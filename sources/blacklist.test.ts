import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Networks, readNetworks } from './blacklist.ts';
import { isFault } from './errors.ts';

function networks(...texts: string[]): Networks {
  const read = readNetworks(texts);
  if (isFault(read)) throw new Error(read.detail);
  return read;
}

test('an address is in a network by its first bits, however it is written', () => {
  const some = networks('10.1.0.0/16', ' 192.0.2.7 ', '2001:db8::/32', '::ffff:172.16.0.0/108');
  for (const inside of [
    '10.1.0.0',
    '10.1.255.255',
    '::ffff:10.1.2.3',
    '192.0.2.7',
    '2001:DB8::1',
    '172.31.0.1',
  ])
    expect([inside, some.contains(inside)]).toEqual([inside, true]);
  for (const outside of ['10.2.0.0', '192.0.2.8', '2001:db9::1', '172.32.0.1', 'a name', ''])
    expect([outside, some.contains(outside)]).toEqual([outside, false]);
  expect(networks('0.0.0.0/0').contains('255.1.2.3')).toBe(true);
  expect(networks('0.0.0.0/0').contains('::1')).toBe(false);
});

test.each([
  '10.0.0.0/33',
  '10.0.0',
  '010.0.0.0/8',
  'all',
  '',
  '10.0.0.0/8/8',
  '::/129',
  '10.0.0.0/-1',
  '10.0.0.0/',
])('%j is no network', (text) => {
  expect(readNetworks([text])).toMatchObject({ code: 'bad_source' });
});

test('an IPv4 network holds exactly what agrees in its prefix', () => {
  const bits = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const dotted = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
  fc.assert(
    fc.property(bits, bits, fc.integer({ min: 1, max: 32 }), (network, address, prefix) => {
      const agrees = (network ^ address) >>> (32 - prefix) === 0;
      expect(networks(`${dotted(network)}/${prefix}`).contains(dotted(address))).toBe(agrees);
    }),
  );
});

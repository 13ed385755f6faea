import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import {
  type AddressSet,
  addressAt,
  addressesOf,
  addressSet,
  sliceAddressesOf,
  sliceAt,
  sliceCount,
} from './address-set.ts';
import { numberOf, readNetwork } from './networks.ts';

function setOf(networks: string[], exclusions: string[] = []): AddressSet {
  const made = addressSet(networks, exclusions);
  if (!made.ok) throw new Error(JSON.stringify(made.refusals));
  return made.set;
}
const textsOf = (set: AddressSet) => [...addressesOf(set)].map(({ text }) => text);
const codesOf = (networks: string[], exclusions: string[] = []) => {
  const made = addressSet(networks, exclusions);
  return made.ok ? [] : made.refusals.map(({ code }) => code);
};

const octet = fc.integer({ min: 0, max: 3 });
/** Close together, so that they overlap, touch and hold each other. */
const network4 = fc
  .tuple(octet, fc.integer({ min: 0, max: 255 }), fc.integer({ min: 25, max: 32 }))
  .map(([third, fourth, prefix]) => `198.51.${third}.${fourth}/${prefix}`);
const network6 = fc
  .tuple(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 122, max: 128 }))
  .map(([last, prefix]) => `2001:db8::${last.toString(16)}/${prefix}`);
const network = fc.oneof(network4, network6);
const networks = fc.array(network, { minLength: 1, maxLength: 6 });
const exclusions = fc.array(network, { maxLength: 6 });

function has(network: string, value: bigint, family: 4 | 6): boolean {
  const read = readNetwork(network);
  return read.ok && read.range.family === family && value >= read.range.first && value <= read.range.last;
}

describe('the addresses of a sweep', () => {
  it('are those of its networks, in order, each once', () => {
    expect(textsOf(setOf(['192.0.2.6/30', '192.0.2.5', '192.0.2.8/31', '2001:db8::1']))).toEqual([
      ...['192.0.2.4', '192.0.2.5', '192.0.2.6', '192.0.2.7', '192.0.2.8', '192.0.2.9', '2001:db8::1'],
    ]);
    expect(setOf(['2001:DB8:0::/127', '192.0.2.77/24']).networks).toEqual(['2001:db8::/127', '192.0.2.0/24']);
  });

  it('are without the exclusions, however these lie', () => {
    const set = setOf(['192.0.2.0/28'], ['192.0.2.0/30', '192.0.2.9', '192.0.2.14/31', '198.51.100.0/24']);
    expect(textsOf(set)).toEqual(
      ['4', '5', '6', '7', '8', '10', '11', '12', '13'].map((one) => `192.0.2.${one}`),
    );
    expect(set.count).toBe(9);
  });

  it('of any networks and exclusions are exactly those that are in one and in no exclusion', () => {
    fc.assert(
      fc.property(networks, exclusions, (wanted, without) => {
        const made = addressSet(wanted, without);
        if (!made.ok) {
          expect(made.refusals.map(({ code }) => code)).toEqual(['no_addresses']);
          return;
        }
        const { set } = made;
        const all = [...addressesOf(set)];
        expect(all.length).toBe(set.count);
        expect(new Set(all.map(({ text }) => text)).size).toBe(set.count);
        const isWrong = all.find((address) => {
          const inAny = (list: string[]) => list.some((one) => has(one, numberOf(address), address.family));
          return !inAny(wanted) || inAny(without);
        });
        expect(isWrong).toBeUndefined();
        const bounds = wanted.flatMap((one) => {
          const read = readNetwork(one);
          return read.ok ? [read.range] : [];
        });
        const expected = new Set<string>();
        for (const { family, first, last } of bounds)
          for (let value = first; value <= last; value += 1n)
            if (!without.some((one) => has(one, value, family))) expected.add(`${family}:${value}`);
        expect(set.count).toBe(expected.size);
      }),
      { numRuns: 60 },
    );
  });

  it('do not depend on the order in which the networks were named', () => {
    fc.assert(
      fc.property(networks, exclusions, (wanted, without) => {
        const one = addressSet(wanted, without);
        const other = addressSet([...wanted].reverse(), [...without].reverse());
        expect(one.ok && one.set.ranges).toEqual(other.ok && other.set.ranges);
      }),
    );
  });

  it('are partitioned by their slices, and an index leads to the address that the walk has there', () => {
    fc.assert(
      fc.property(networks, exclusions, fc.integer({ min: 1, max: 300 }), (wanted, without, size) => {
        const made = addressSet(wanted, without);
        if (!made.ok) return;
        const { set } = made;
        const walked: string[] = [];
        for (let index = 0; index < sliceCount(set.count, size); index += 1) {
          const slice = sliceAt(set.count, size, index);
          expect(slice.to - slice.from).toBeLessThanOrEqual(size);
          expect(slice.to).toBeGreaterThan(slice.from);
          for (const { text } of addressesOf(set, slice.from, slice.to)) walked.push(text);
          expect(addressAt(set, slice.from).text).toBe(walked[slice.from]);
        }
        expect(walked).toEqual(textsOf(set));
      }),
      { numRuns: 50 },
    );
  });

  it('of a /8 cost what one range costs, and its last slice is reached at once', () => {
    const set = setOf(['10.0.0.0/8', '10.1.0.0/16'], ['10.255.255.255']);
    expect([set.count, set.ranges.length]).toEqual([2 ** 24 - 1, 1]);
    const last = sliceAt(set.count, limits.sweepSliceAddressesMax, sliceCount(set.count, 16_384) - 1);
    expect(addressesOf(set, last.to - 1, last.to).next().value).toMatchObject({ text: '10.255.255.254' });
  });

  it('name what is wrong with what was written, all of it', () => {
    expect(
      codesOf(['x', '192.0.2.0/33', '192.0.2.0/', '2001:db8::/129', '127.1/8', 'fe80::1%lo/64']),
    ).toEqual([
      ...['not_a_network', 'bad_prefix', 'bad_prefix', 'bad_prefix', 'not_a_network', 'not_a_network'],
    ]);
    expect(codesOf(['192.0.2.0/24', ''], ['nothing'])).toEqual(['not_a_network', 'not_a_network']);
    expect(codesOf([])).toEqual(['no_addresses']);
    expect(codesOf(['192.0.2.0/24'], ['192.0.0.0/16'])).toEqual(['no_addresses']);
    expect(codesOf(['2001:db8::/64'])).toEqual(['too_many_addresses']);
    expect(codesOf(['0.0.0.0/0'])).toEqual(['too_many_addresses']);
    expect(codesOf(['2001:db8::/64'], ['2001:db8::/65', '2001:db8:0:0:8000::/66'])).toEqual([
      'too_many_addresses',
    ]);
    expect(codesOf(Array.from({ length: 257 }, () => '192.0.2.1'))).toEqual(['too_many_networks']);
  });

  it('are cut into slices of about ten seconds, or sixteen of them, within bounds', () => {
    expect(sliceAddressesOf(2 ** 20, 2, 1_000)).toBe(5_000);
    expect(sliceAddressesOf(65_536, 1, 3_000)).toBe(4_096);
    expect(sliceAddressesOf(2 ** 24, 1, 10_000)).toBe(limits.sweepSliceAddressesMax);
    expect(sliceAddressesOf(65_536, 65, 10)).toBe(limits.sweepSliceAddressesMin);
    expect(sliceAddressesOf(1_024, 1, 1_000)).toBe(limits.sweepSliceAddressesMin);
  });
});

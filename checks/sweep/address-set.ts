/**
 * The addresses of a sweep as a set: networks less exclusions, without overlaps, in one order that every agent comes to
 * (IPv4 before IPv6, ascending). Counted, walked and cut into slices by index; never written out, so that a /8 costs as
 * much memory as its networks do. Pure.
 */
import type { Address } from '../address.ts';
import { limits } from '../limits.ts';
import { type AddressRange, addressOf, type NetworkRefusal, readNetwork } from './networks.ts';

export interface AddressSet {
  readonly ranges: readonly AddressRange[];
  /** The index of each range's first address. */
  readonly starts: readonly number[];
  readonly count: number;
  /** The networks in their normal form, as they were given. */
  readonly networks: readonly string[];
  readonly exclusions: readonly string[];
}

export type MadeSet =
  | { readonly ok: true; readonly set: AddressSet }
  /** Everything that is wrong, so that it is mended at once. */
  | { readonly ok: false; readonly refusals: readonly NetworkRefusal[] };

export function addressSet(networks: readonly string[], exclusions: readonly string[]): MadeSet {
  const most = limits.sweepNetworksMax;
  if (networks.length > most || exclusions.length > most) {
    return refused('too_many_networks', `a sweep has at most ${most} networks and ${most} exclusions`);
  }
  const wanted = networks.map(readNetwork);
  const without = exclusions.map(readNetwork);
  const refusals = [...wanted, ...without].flatMap((read) => (read.ok ? [] : [read.refusal]));
  if (refusals.length > 0) return { ok: false, refusals };
  const good = (reads: typeof wanted) => reads.flatMap((read) => (read.ok ? [read] : []));
  const ranges = subtract(
    merge(good(wanted).map(({ range }) => range)),
    merge(good(without).map(({ range }) => range)),
  );
  const size = ranges.reduce((sum, { first, last }) => sum + (last - first + 1n), 0n);
  if (size === 0n) return refused('no_addresses', 'there is no address in it: name a network to sweep');
  if (size > BigInt(limits.sweepAddressesMax)) {
    const bound = `${size} addresses; a sweep has at most ${limits.sweepAddressesMax}`;
    return refused('too_many_addresses', `${bound}: name smaller networks, or several sweeps`);
  }
  const starts: number[] = [];
  let count = 0;
  for (const { first, last } of ranges) {
    starts.push(count);
    count += Number(last - first + 1n);
  }
  const texts = (reads: typeof wanted) => [...new Set(good(reads).map(({ text }) => text))];
  return { ok: true, set: { ranges, starts, count, networks: texts(wanted), exclusions: texts(without) } };
}

function refused(code: NetworkRefusal['code'], detail: string): MadeSet {
  return { ok: false, refusals: [{ code, network: '', detail }] };
}

/** Sorted, and whatever overlaps or touches is one. */
function merge(ranges: readonly AddressRange[]): AddressRange[] {
  const sorted = [...ranges].sort((a, b) => a.family - b.family || (a.first < b.first ? -1 : 1));
  const merged: AddressRange[] = [];
  for (const range of sorted) {
    const before = merged.at(-1);
    if (before === undefined || before.family !== range.family || range.first > before.last + 1n)
      merged.push(range);
    else if (range.last > before.last) merged[merged.length - 1] = { ...before, last: range.last };
  }
  return merged;
}

/** Both are merged already. */
function subtract(ranges: readonly AddressRange[], holes: readonly AddressRange[]): AddressRange[] {
  const left: AddressRange[] = [];
  for (const { family, first, last } of ranges) {
    let from = first;
    for (const hole of holes) {
      if (hole.family !== family || hole.last < from || hole.first > last) continue;
      if (hole.first > from) left.push({ family, first: from, last: hole.first - 1n });
      from = hole.last + 1n;
    }
    if (from <= last) left.push({ family, first: from, last });
  }
  return left;
}

/** The address at an index from 0 to below `count`. */
export function addressAt({ ranges, starts }: AddressSet, index: number): Address {
  const at = rangeAt(starts, index);
  const { family, first } = ranges[at]!;
  return addressOf(family, first + BigInt(index - starts[at]!));
}

/** Lazily, `from` inclusive, `to` exclusive. */
export function* addressesOf(
  { ranges, starts, count }: AddressSet,
  from = 0,
  to = count,
): Generator<Address, void, undefined> {
  let index = from;
  for (let at = rangeAt(starts, from); at < ranges.length && index < to; at += 1) {
    const { family, first, last } = ranges[at]!;
    const offset = BigInt(index - starts[at]!);
    for (let value = first + offset; value <= last && index < to; value += 1n) {
      yield addressOf(family, value);
      index += 1;
    }
  }
}

function rangeAt(starts: readonly number[], index: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (starts[middle]! <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}

export interface Slice {
  /** From 0, and the same for everybody who has the same set and size. */
  readonly index: number;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

export function sliceCount(addresses: number, sliceAddresses: number): number {
  return Math.ceil(addresses / sliceAddresses);
}

export function sliceAt(addresses: number, sliceAddresses: number, index: number): Slice {
  const from = index * sliceAddresses;
  return { index, from, to: Math.min(from + sliceAddresses, addresses) };
}

/** How many addresses a slice has: about `sweepSliceMsWanted` of work, or some part for each agent, within its bounds. */
export function sliceAddressesOf(addresses: number, probesPerAddress: number, ratePerS: number): number {
  const byTime = Math.round((ratePerS * limits.sweepSliceMsWanted) / 1_000 / Math.max(1, probesPerAddress));
  const byParts = Math.ceil(addresses / limits.sweepSlicesWanted);
  const wanted = Math.max(limits.sweepSliceAddressesMin, Math.min(byTime, byParts));
  return Math.min(limits.sweepSliceAddressesMax, wanted);
}

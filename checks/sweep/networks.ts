/**
 * Reads one network of a sweep as people write it: `192.0.2.0/24`, `2001:db8::/120`, or a single address. Strict, unlike
 * the target of a check: a sweep goes to thousands of hosts, so nothing is guessed. Between the command line or a command's
 * payload and `address-set.ts`, which makes a set of many.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { type Address, address4, parseAddress } from '../address.ts';

/** Addresses of one family, both ends inclusive, as numbers of 32 or 128 bits. */
export interface AddressRange {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

export type NetworkRefusalCode =
  /** The text is no address and no `ADDRESS/PREFIX`. */
  | 'not_a_network'
  /** The prefix is not a whole number from 0 to the address's length. */
  | 'bad_prefix'
  /** More networks or exclusions than one sweep has. */
  | 'too_many_networks'
  /** All of them together have more addresses than one sweep has. */
  | 'too_many_addresses'
  /** There is no network, or the exclusions leave nothing of them. */
  | 'no_addresses';

export interface NetworkRefusal {
  readonly code: NetworkRefusalCode;
  /** As it was written; empty when it is about all of them. */
  readonly network: string;
  /** One sentence for people. */
  readonly detail: string;
}

export type ReadNetwork =
  | { readonly ok: true; readonly range: AddressRange; readonly text: string }
  | { readonly ok: false; readonly refusal: NetworkRefusal };

/** Bits that the prefix leaves open are cleared: `192.0.2.7/24` is `192.0.2.0/24`, and its normal text says so. */
export function readNetwork(network: string): ReadNetwork {
  const [, host = '', prefixText] = /^([^/\s]+)(?:\/([^/\s]*))?$/.exec(network.trim()) ?? [];
  const family = isIPv4(host) ? 4 : isIPv6(host) && !host.includes('%') ? 6 : null;
  const address = family === null ? null : parseAddress(host);
  if (family === null || address === null) {
    return refuse('not_a_network', network, 'it is no network: write ADDRESS/PREFIX, as in 192.0.2.0/24');
  }
  const bits = family === 4 ? 32 : 128;
  const prefix = prefixText === undefined ? bits : /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : -1;
  if (prefix < 0 || prefix > bits) {
    return refuse('bad_prefix', network, `its prefix must be a whole number from 0 to ${bits}`);
  }
  const open = (1n << BigInt(bits - prefix)) - 1n;
  const first = numberOf(address) & ~open;
  const text = addressOf(family, first).text;
  return {
    ok: true,
    range: { family, first, last: first | open },
    text: prefix === bits ? text : `${text}/${prefix}`,
  };
}

function refuse(code: NetworkRefusalCode, network: string, detail: string): ReadNetwork {
  return { ok: false, refusal: { code, network: network.slice(0, 64), detail } };
}

export function numberOf(address: Address): bigint {
  if (address.family === 4) return BigInt(address.bits);
  return address.groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
}

export function addressOf(family: 4 | 6, value: bigint): Address {
  if (family === 4) return address4(Number(value));
  const groups: string[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(((value >> shift) & 0xffffn).toString(16));
  return parseAddress(groups.join(':'))!;
}

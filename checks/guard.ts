/**
 * Which addresses a shared node may reach for a tenant. Checks are hostile input: they run from our machines, inside
 * our networks. Pure; asked with the very address that is connected to next, after every lookup and on every redirect.
 * The ranges are those of the IANA special-purpose registries (RFC 6890); documentation ranges are open on purpose.
 */
import ipaddr from 'ipaddr.js';
import { type Address, type Address6, address4, parseHost } from './address.ts';
import { allowed, notAllowed, type Verdict } from './errors.ts';

export interface TargetPolicy {
  /** True: every address is fine (a machine that watches itself, an agent in the tenant's own network). */
  readonly allowAll: boolean;
}

const refused4: readonly (readonly [bits: number, prefix: number, what: string])[] = [
  [0x00000000, 8, 'an unspecified address (0.0.0.0/8)'],
  [0x0a000000, 8, 'a private address (RFC 1918)'],
  [0x64400000, 10, 'a carrier-grade NAT address (RFC 6598)'],
  [0x7f000000, 8, 'a loopback address'],
  [0xa9fe0000, 16, 'a link-local address (RFC 3927)'],
  [0xac100000, 12, 'a private address (RFC 1918)'],
  [0xc0000000, 24, 'an IETF protocol address (192.0.0.0/24)'],
  [0xc0a80000, 16, 'a private address (RFC 1918)'],
  [0xc6120000, 15, 'a benchmarking address (RFC 2544)'],
  [0xe0000000, 4, 'a multicast address'],
  [0xffffffff, 32, 'the broadcast address'],
  [0xf0000000, 4, 'a reserved address (240.0.0.0/4)'],
];

const refused6: readonly (readonly [network: ipaddr.IPv6, prefix: number, what: string])[] = [
  [ipaddr.IPv6.parse('::'), 128, 'the unspecified address'],
  [ipaddr.IPv6.parse('::1'), 128, 'a loopback address'],
  [ipaddr.IPv6.parse('fe80::'), 10, 'a link-local address'],
  [ipaddr.IPv6.parse('fec0::'), 10, 'a site-local address (RFC 3879)'],
  [ipaddr.IPv6.parse('fc00::'), 7, 'a unique local address (RFC 4193)'],
  [ipaddr.IPv6.parse('ff00::'), 8, 'a multicast address'],
  // Local-use NAT64 (RFC 8215): where the IPv4 bits sit depends on each network, so no part of it can be judged.
  [ipaddr.IPv6.parse('64:ff9b:1::'), 48, 'a local NAT64 address (RFC 8215)'],
  [ipaddr.IPv6.parse('2001:2::'), 48, 'a benchmarking address (RFC 5180)'],
];

/** Judges an address in any spelling. What is not an address is refused: this guard is asked after the lookup. */
export function judgeAddress(address: string, policy: TargetPolicy): Verdict {
  if (policy.allowAll) return allowed;
  const host = parseHost(address);
  if (host.kind !== 'address') return notAllowed(`"${address.slice(0, 64)}" is not an address`);
  return judge(host, policy);
}

/** The same for an address that was read already. */
export function judge(address: Address, policy: TargetPolicy): Verdict {
  if (policy.allowAll) return allowed;
  const what = address.family === 4 ? refusal4(address.bits) : refusal6(address);
  if (what === null) return allowed;
  return notAllowed(
    `${address.text} is ${what}, which shared nodes do not reach; use an agent of your own, in a partition other than default`,
  );
}

function refusal4(bits: number): string | null {
  for (const [network, prefix, what] of refused4) {
    if ((bits ^ network) >>> (32 - prefix) === 0) return what;
  }
  return null;
}

function refusal6(address: Address6): string | null {
  const parsed = new ipaddr.IPv6([...address.groups]);
  for (const [network, prefix, what] of refused6) {
    if (parsed.match(network, prefix)) return what;
  }
  for (const bits of embedded4(address.groups)) {
    const what = refusal4(bits);
    if (what !== null) return `${what} (${address4(bits).text}) inside an IPv6 address`;
  }
  // Everything reachable is in 2000::/3 (RFC 4291 §2.4), but for the embedded forms judged above.
  const global = (address.groups[0]! & 0xe000) === 0x2000;
  return global || carries4(address.groups) ? null : 'outside the global IPv6 space (2000::/3)';
}

/** IPv4-mapped, IPv4-compatible, IPv4-translated (RFC 2765) or well-known NAT64 (RFC 6052). */
function carries4(groups: readonly number[]): boolean {
  const [a, b, c, d, e, f] = groups as readonly [number, number, number, number, number, number];
  if (a === 0x64 && b === 0xff9b) return (c | d | e | f) === 0;
  if ((a | b | c | d) !== 0) return false;
  return (e === 0 && (f === 0 || f === 0xffff)) || (e === 0xffff && f === 0);
}

/** Every IPv4 address that a packet to this IPv6 address could end up at. */
function embedded4(groups: readonly number[]): number[] {
  const pair = (at: number) => groups[at]! * 65_536 + groups[at + 1]!;
  const found: number[] = [];
  if (carries4(groups)) found.push(pair(6));
  // 6to4 (RFC 3056).
  if (groups[0] === 0x2002) found.push(pair(1));
  // Teredo (RFC 4380): the server, and the client with its bits inverted.
  if (groups[0] === 0x2001 && groups[1] === 0) found.push(pair(2), ~pair(6) >>> 0);
  // ISATAP (RFC 5214).
  if ((groups[4]! & 0xfdff) === 0 && groups[5] === 0x5efe) found.push(pair(6));
  return found;
}

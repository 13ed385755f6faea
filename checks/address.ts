/**
 * Reads a host as people and attackers spell it: names, addresses, and every spelling of an address that some resolver
 * accepts (`127.1`, `0x7f000001`, `0177.0.0.1`, `[::1]`, `FE80::1%eth0`, `127.0.0.1.`, full-width digits). What is
 * judged and connected to afterwards is the canonical text made here, so no second reading of the spelling happens.
 * It looks nothing up; `guard.ts` says which addresses are allowed.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import ipaddr from 'ipaddr.js';
import { limits } from './limits.ts';

export interface Address4 {
  readonly kind: 'address';
  readonly family: 4;
  /** Four decimal numbers. */
  readonly text: string;
  /** The 32 bits as an unsigned number. */
  readonly bits: number;
}

export interface Address6 {
  readonly kind: 'address';
  readonly family: 6;
  /** RFC 5952, with `%zone` when one was given. */
  readonly text: string;
  /** Eight groups of 16 bits, without the zone. */
  readonly groups: readonly number[];
}

export type Address = Address4 | Address6;

export type Host =
  | Address
  /** Lower case, ASCII (IDNA), no dot at the end. */
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'malformed'; readonly detail: string };

export function parseHost(spelling: string): Host {
  if (isIPv4(spelling)) return address4(bitsOf(spelling), spelling);
  const bare = spelling.startsWith('[') && spelling.endsWith(']') ? spelling.slice(1, -1) : spelling;
  const folded = /^[\0-\x7f]*$/.test(bare) ? bare.toLowerCase() : domainToASCII(bare);
  if (folded.includes(':')) {
    return parse6(folded) ?? { kind: 'malformed', detail: 'it is not an IPv6 address (RFC 4291)' };
  }
  const host = folded.endsWith('.') ? folded.slice(0, -1) : folded;
  return parse4(host) ?? parseName(host);
}

/** The address, or null when the text is anything else. */
export function parseAddress(spelling: string): Address | null {
  const host = parseHost(spelling);
  return host.kind === 'address' ? host : null;
}

export function address4(bits: number, text?: string): Address4 {
  const dotted = `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
  return { kind: 'address', family: 4, text: text ?? dotted, bits };
}

function bitsOf(dotted: string): number {
  let bits = 0;
  for (const part of dotted.split('.')) bits = bits * 256 + Number(part);
  return bits;
}

/** The forms of `inet_aton`: one to four parts, each decimal, octal or hexadecimal. A zone on them means nothing and is dropped. */
function parse4(text: string): Address4 | null {
  const bare = text.includes('%') ? text.slice(0, text.indexOf('%')) : text;
  if (!/^[0-9]/.test(bare)) return null;
  try {
    return address4(bitsOf(ipaddr.IPv4.parse(bare).toString()));
  } catch {
    return null;
  }
}

function parse6(text: string): Address6 | null {
  const percent = text.indexOf('%');
  const bare = (percent < 0 ? text : text.slice(0, percent)).replace(/\.$/, '');
  const zone = percent < 0 ? '' : text.slice(percent + 1);
  if (!isIPv6(bare)) return null;
  if (percent >= 0 && (!/^[a-z0-9_.-]+$/i.test(zone) || zone.length > limits.zoneCharsMax)) return null;
  const address = ipaddr.IPv6.parse(withoutDottedTail(bare));
  const suffix = percent < 0 ? '' : `%${zone}`;
  return {
    kind: 'address',
    family: 6,
    text: address.toRFC5952String() + suffix,
    groups: address.parts,
  };
}

/** ipaddr.js reads `::1.2.3.4` as `::ffff:1.2.3.4`, which is another address; in hexadecimal it cannot. */
function withoutDottedTail(text: string): string {
  const at = text.lastIndexOf(':') + 1;
  const tail = text.slice(at);
  if (!tail.includes('.')) return text;
  const bits = bitsOf(tail);
  return `${text.slice(0, at)}${(bits >>> 16).toString(16)}:${(bits & 0xffff).toString(16)}`;
}

function parseName(host: string): Host {
  if (host === '')
    return { kind: 'malformed', detail: 'it is empty or holds characters that no name may have' };
  if (host.length > limits.nameCharsMax) {
    return { kind: 'malformed', detail: `a name has at most ${limits.nameCharsMax} characters (RFC 1035)` };
  }
  const labels = host.split('.');
  for (const label of labels) {
    if (label.length > limits.labelCharsMax || !/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/.test(label)) {
      return {
        kind: 'malformed',
        detail: `"${label.slice(0, limits.labelCharsMax)}" is no part of a host name; give a name or an address only`,
      };
    }
  }
  // The rule of browsers (WHATWG URL, "ends in a number"): such a host is an address or nothing.
  if (/^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')) {
    return { kind: 'malformed', detail: 'it looks like an IPv4 address and is not one' };
  }
  return { kind: 'name', name: host };
}

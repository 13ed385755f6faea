/**
 * Networks whose devices are not wanted: an update with an address in one of them is left out. Pure. IPv4 that is written inside
 * IPv6 (`::ffff:10.0.0.1`) is judged as IPv4.
 */
import ipaddr from 'ipaddr.js';
import { fault, type SourceFault } from './errors.ts';
import { limits } from './limits.ts';

export interface Networks {
  /** False for what is no address. */
  contains(address: string): boolean;
}

/** Of CIDRs and of single addresses. */
export function readNetworks(texts: readonly string[]): Networks | SourceFault {
  if (texts.length > limits.networksMax)
    return fault(
      'bad_source',
      `at most ${limits.networksMax} networks are left out, these are ${texts.length}`,
    );
  const networks: [ipaddr.IPv4 | ipaddr.IPv6, number][] = [];
  for (const text of texts) {
    const network = readNetwork(text.trim());
    if (network === null)
      return fault('bad_source', `"${text.slice(0, 64)}" is no network: write 10.1.0.0/16 or 2001:db8::/32`);
    networks.push(network);
  }
  return {
    contains(address) {
      if (networks.length === 0 || !ipaddr.isValid(address)) return false;
      const found = ipaddr.process(address);
      return networks.some(
        ([network, prefix]) => network.kind() === found.kind() && isIn(found, network, prefix),
      );
    },
  };
}

function isIn(
  address: ipaddr.IPv4 | ipaddr.IPv6,
  network: ipaddr.IPv4 | ipaddr.IPv6,
  prefix: number,
): boolean {
  if (address instanceof ipaddr.IPv4) return address.match(network as ipaddr.IPv4, prefix);
  return address.match(network as ipaddr.IPv6, prefix);
}

/** Only as people write networks: the octal and short forms of `inet_aton` would be another network than was meant. */
function readNetwork(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | null {
  const [address = '', prefixText, ...more] = text.split('/');
  if (more.length > 0 || !(ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address)))
    return null;
  const given = ipaddr.parse(address);
  const bits = given.kind() === 'ipv4' ? 32 : 128;
  const prefix = prefixText === undefined ? bits : /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : -1;
  if (prefix < 0 || prefix > bits) return null;
  if (given instanceof ipaddr.IPv6 && given.isIPv4MappedAddress() && prefix >= 96)
    return [given.toIPv4Address(), prefix - 96];
  return [given, prefix];
}

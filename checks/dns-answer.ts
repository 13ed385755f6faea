/**
 * DNS records as text, and whether an answer is the expected one. Addresses are compared canonically, names without
 * regard to case or the root's dot, text exactly. Knows no deadline and no server.
 */
import type { Resolver } from 'node:dns/promises';
import { type Address, parseAddress } from './address.ts';
import type { DnsRecord } from './settings.ts';

/** One line of text per record: MX is `10 mail.example`, SRV `priority weight port name`, TXT its pieces joined. */
export async function ask(resolver: Resolver, name: string, record: DnsRecord): Promise<string[]> {
  switch (record) {
    case 'A':
      return resolver.resolve4(name);
    case 'AAAA':
      return resolver.resolve6(name);
    case 'CNAME':
      return resolver.resolveCname(name);
    case 'NS':
      return resolver.resolveNs(name);
    case 'PTR':
      return resolver.resolvePtr(name);
    case 'TXT':
      return (await resolver.resolveTxt(name)).map((pieces) => pieces.join(''));
    case 'MX':
      return (await resolver.resolveMx(name)).map(({ priority, exchange }) => `${priority} ${exchange}`);
    case 'SRV':
      return (await resolver.resolveSrv(name)).map(
        ({ priority, weight, port, name: host }) => `${priority} ${weight} ${port} ${host}`,
      );
  }
}

/** MX and SRV may be expected by their host name alone. */
export function matches(record: DnsRecord, answer: string, expect: string): boolean {
  if (record === 'TXT') return answer === expect;
  if (record === 'A' || record === 'AAAA') {
    const wanted = parseAddress(expect);
    return wanted !== null && parseAddress(answer)?.text === wanted.text;
  }
  const wanted = foldName(expect);
  if (foldName(answer) === wanted) return true;
  return (
    (record === 'MX' || record === 'SRV') && foldName(answer.slice(answer.lastIndexOf(' ') + 1)) === wanted
  );
}

function foldName(text: string): string {
  return text.trim().toLowerCase().replace(/\.$/, '');
}

/** The name that a PTR record hangs on (RFC 1035 §3.5, RFC 3596 §2.5). */
export function reverseName(address: Address): string {
  if (address.family === 4) return `${address.text.split('.').reverse().join('.')}.in-addr.arpa`;
  const digits = address.groups.map((group) => group.toString(16).padStart(4, '0')).join('');
  return `${[...digits].reverse().join('.')}.ip6.arpa`;
}

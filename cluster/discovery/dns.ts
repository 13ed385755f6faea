/**
 * Discovery by DNS: a name with A and AAAA records, or (`_service._proto.name`) with SRV records, asked of name servers
 * again and again. Asks them directly: no hosts file, no search list. Between the seeker and node:dns.
 */
import { promises as dns } from 'node:dns';
import { isIP } from 'node:net';
import type { Clock } from '../../runtime/index.ts';
import { joinAddress, readAddress } from '../address.ts';
import { ClusterError } from '../errors.ts';
import type { AddressSource } from '../ports/address-source.ts';
import {
  dnsHostsAtOnceMax,
  dnsHostsMax,
  dnsPauseMs,
  dnsQuestionMs,
  dnsSessionMs,
  dnsTriesMax,
} from './limits.ts';

export interface DnsSettings {
  /** Whole, without a search list. With a leading `_` it has SRV records, which also say the ports. */
  readonly name: string;
  /** Of every A and AAAA record; null for SRV. */
  readonly port: number | null;
  /** `ADDR` or `ADDR:PORT` or `[V6]:PORT`; none: those of the system. */
  readonly servers?: readonly string[];
  readonly clock: Clock;
}

/** Throws `discovery_setting` for a name, port or server that is none. */
export function dnsSource({ name, port, servers = [], clock }: DnsSettings): AddressSource {
  const isSrv = name.startsWith('_');
  if (!/^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})$/.test(name) || name.includes('..'))
    throw new ClusterError('discovery_setting', `"${name.slice(0, 300)}" is no DNS name`);
  if (isSrv !== (port === null)) {
    const what = isSrv ? 'SRV records say their ports' : 'A and AAAA records need a port';
    throw new ClusterError('discovery_setting', `${name}: ${what}`);
  }
  resolverOf(servers);
  return {
    title: `dns ${name}`,
    pauseMs: dnsPauseMs,
    async session({ signal, tell }) {
      const resolver = resolverOf(servers);
      const giveUp = () => resolver.cancel();
      const cancelTimer = clock.timer(dnsSessionMs, giveUp);
      signal.addEventListener('abort', giveUp, { once: true });
      try {
        const found = isSrv
          ? await bySrv(resolver, name)
          : (await hostsOf(resolver, name)).map((host) => joinAddress(host, port!));
        if (!signal.aborted) tell(found);
      } catch (error) {
        if (!signal.aborted) throw asDnsError(name, error);
      } finally {
        cancelTimer();
        signal.removeEventListener('abort', giveUp);
      }
    },
  };
}

function resolverOf(servers: readonly string[]): dns.Resolver {
  const resolver = new dns.Resolver({ timeout: dnsQuestionMs, tries: dnsTriesMax });
  if (servers.length === 0) return resolver;
  for (const server of servers) {
    const address = readAddress(server);
    if (isIP(server) > 0 || (address !== null && isIP(address.host) > 0 && address.port > 0)) continue;
    throw new ClusterError('discovery_setting', `"${server}" is no name server: expected ADDR or ADDR:PORT`);
  }
  resolver.setServers(servers);
  return resolver;
}

/** Both families. One that has no answer is no harm while the other has; of two failures the one that says less is thrown. */
async function hostsOf(resolver: dns.Resolver, name: string): Promise<string[]> {
  const [four, six] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  if (four.status === 'rejected' && six.status === 'rejected') {
    throw isAbsent(four.reason) ? six.reason : four.reason;
  }
  return [four, six].flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
}

async function bySrv(resolver: dns.Resolver, name: string): Promise<string[]> {
  const records = await resolver.resolveSrv(name);
  records.sort((a, b) => a.priority - b.priority);
  const hosts = [...new Set(records.map((record) => record.name))].slice(0, dnsHostsMax);
  const found = new Map<string, string[]>();
  let failure: unknown = null;
  const queue = hosts.values();
  const worker = async () => {
    for (const host of queue) {
      try {
        found.set(host, isIP(host) === 0 ? await hostsOf(resolver, host) : [host]);
      } catch (error) {
        failure ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(dnsHostsAtOnceMax, hosts.length) }, worker));
  // One target without an address is one node less; none with one is no answer.
  if (found.size === 0 && failure !== null) throw failure;
  return records.flatMap((record) =>
    (found.get(record.name) ?? []).map((host) => joinAddress(host, record.port)),
  );
}

function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOTFOUND' || code === 'ENODATA';
}

function asDnsError(name: string, error: unknown): ClusterError {
  const { code, message } = error as NodeJS.ErrnoException;
  const say = (ours: 'discovery_not_found' | 'discovery_malformed' | 'discovery_unreachable', what: string) =>
    new ClusterError(ours, `${name}: ${what}`, code ?? null, error);
  if (isAbsent(error)) return say('discovery_not_found', `no such name or record (${code})`);
  if (code === 'EBADRESP' || code === 'EFORMERR' || code === 'EBADNAME')
    return say('discovery_malformed', `the name server's answer is none (${code})`);
  if (code === 'ECANCELLED')
    return say('discovery_unreachable', `no answer of the name servers within ${dnsSessionMs} ms`);
  return say('discovery_unreachable', code === undefined ? message : `the name servers: ${message}`);
}

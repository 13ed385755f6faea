/**
 * What a slice found as the wire has a sweep: a JSON array of objects, each complete, with the same head and at most
 * `sweepChunkHostsMax` hosts. Durations are nanoseconds, as everywhere in that contract. Pure.
 */
import { limits } from '../limits.ts';

export interface FoundPort {
  readonly port: number;
  readonly available: boolean;
  /** Milliseconds; null: it did not answer. */
  readonly latencyMs: number | null;
}

/** A host that answered. */
export interface FoundHost {
  /** Its place in the set. */
  readonly index: number;
  readonly address: string;
  /** Milliseconds; null: no answer to ICMP, or none was asked for. */
  readonly rttMs: number | null;
  /** Packets sent to it, and lost of them. */
  readonly sent: number;
  readonly lost: number;
  readonly ports: readonly FoundPort[];
}

export interface SweepHead {
  readonly sweep: string;
  readonly run: string;
  readonly slice: number;
  readonly networks: readonly string[];
  readonly addresses: number;
  readonly ports: readonly number[];
  readonly icmp: boolean;
  /** Unix seconds, when the slice was over. */
  readonly endedAtS: number;
}

const networkCharactersMax = 255;

/** In pieces, one for each object, so that no text is the whole of it. */
export function* sweepDocument(head: SweepHead, found: readonly FoundHost[]): Generator<string> {
  const hosts = [...found].sort((a, b) => a.index - b.index);
  const { sweep, run, slice, networks, addresses, ports, icmp, endedAtS } = head;
  const all = networks.join(',');
  const text = JSON.stringify({
    network: all.length <= networkCharactersMax ? all : `${all.slice(0, networkCharactersMax - 3)}...`,
    total_hosts: addresses,
    available_hosts: hosts.length,
    last_sweep: endedAtS,
    ports: ports.map((port) => ({
      port,
      available: hosts.filter((host) => host.ports.some((one) => one.port === port && one.available)).length,
    })),
    ...{ sweep, run, slice, icmp },
  }).slice(0, -1);
  for (let at = 0; at === 0 || at < hosts.length; at += limits.sweepChunkHostsMax) {
    const here = hosts.slice(at, at + limits.sweepChunkHostsMax);
    yield `${at === 0 ? '[' : ','}${text},"hosts":${JSON.stringify(here.map((host) => wireHost(host, head)))}}`;
  }
  yield ']';
}

function wireHost({ address, rttMs, sent, lost, ports }: FoundHost, { icmp, endedAtS }: SweepHead) {
  const answered = [rttMs, ...ports.map(({ latencyMs }) => latencyMs)].filter((ms) => ms !== null);
  return {
    host: address,
    available: true,
    response_time: nanoseconds(answered[0] ?? null),
    last_seen: endedAtS,
    ...(icmp && {
      icmp: {
        available: rttMs !== null,
        rtt: nanoseconds(rttMs),
        packet_loss: sent === 0 ? 0 : Math.round((lost / sent) * 100),
      },
    }),
    ports: ports.map(({ port, available, latencyMs }) => ({
      ...{ port, available },
      response_time: nanoseconds(latencyMs),
    })),
  };
}

function nanoseconds(ms: number | null): number {
  return ms === null ? 0 : Math.round(ms * 1_000_000);
}

/**
 * Discovery by UDP multicast in one network: each node says every other second that it is there, and hears who else is.
 * No secret and no trust: what is heard is an address to dial, the certificate of who answers decides. Between the seeker
 * and node:dgram; what a packet may do is in `gossip-packet.ts`.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIP, isIPv6 } from 'node:net';
import type { Clock, Random } from '../../runtime/index.ts';
import { readAddress } from '../address.ts';
import { ClusterError } from '../errors.ts';
import type { AddressSource, SourceCall } from '../ports/address-source.ts';
import {
  addressesHeard,
  age,
  createHeard,
  gossipTag,
  type Heard,
  hear,
  writeGossip,
} from './gossip-packet.ts';
import { gossipBeaconMs, gossipDeafMs, gossipHopsMax } from './limits.ts';

export interface GossipSettings {
  /** `ADDR:PORT` of a multicast address, IPv4 or IPv6. */
  readonly group: string;
  /** The local address (IPv4), or `::%NAME` (IPv6), of the interface; unless told the system's choice. */
  readonly interface?: string;
  /** Packets of clusters with another name are passed over: the trust domain will do. */
  readonly cluster: string;
  readonly clock: Clock;
  readonly random: Random;
}

interface Group {
  readonly host: string;
  readonly port: number;
  readonly interface: string | undefined;
}

/** Throws `discovery_setting` for a group that is no multicast address, or an interface that is no address. */
export function gossipSource(settings: GossipSettings): AddressSource {
  const group = groupOf(settings);
  return {
    title: `gossip ${settings.group}`,
    pauseMs: 0,
    session: (call) => new GossipSession(settings, group, call).run(),
  };
}

function groupOf({ group, interface: local }: GossipSettings): Group {
  const address = readAddress(group);
  const isMulticast = address !== null && /^(22[4-9]|23\d)\.|^ff[0-9a-f]{2}:/i.test(address.host);
  if (!isMulticast || isIP(address.host) === 0 || address.port === 0) {
    const what = `"${group}" is no multicast group: expected 239.x.y.z:PORT or [ff02::x]:PORT`;
    throw new ClusterError('discovery_setting', what);
  }
  if (local !== undefined && (isIP(local) === 0 || isIPv6(local) !== isIPv6(address.host))) {
    const what = `the interface "${local}" of ${group}: expected one of its addresses (IPv6: ::%NAME)`;
    throw new ClusterError('discovery_setting', what);
  }
  return { ...address, interface: local };
}

/**
 * Bound to the group itself, a socket gets nothing that was sent to this host alone. Not so on Windows, and on IPv6 only with
 * the interface's name: there the session takes what comes to the port.
 */
function boundAddress({ host, interface: local }: Group): string | null {
  if (process.platform === 'win32') return null;
  if (!isIPv6(host)) return host;
  const zone = local?.split('%')[1];
  return zone === undefined ? null : `${host}%${zone}`;
}

class GossipSession {
  private readonly settings: GossipSettings;
  private readonly group: Group;
  private readonly call: SourceCall;
  private readonly heard: Heard;
  private readonly receiver: Socket;
  private readonly sender: Socket;
  private end: (error: Error | null) => void = () => {};
  private cancelTimer: () => void = () => {};

  constructor(settings: GossipSettings, group: Group, call: SourceCall) {
    this.settings = settings;
    this.group = group;
    this.call = call;
    const nonce = Math.floor(settings.random.next() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
    this.heard = createHeard(gossipTag(settings.cluster), nonce, settings.clock.monotonicMs());
    const type = isIPv6(group.host) ? 'udp6' : 'udp4';
    // Nodes of one machine share the port; all of them hear the group.
    this.receiver = createSocket({ type, reuseAddr: true });
    this.sender = createSocket({ type });
  }

  async run(): Promise<void> {
    const { signal } = this.call;
    const ended = new Promise<void>((resolve, reject) => {
      this.end = (error) => (error === null ? resolve() : reject(error));
    });
    const stop = () => this.end(null);
    signal.addEventListener('abort', stop, { once: true });
    for (const socket of [this.receiver, this.sender]) socket.on('error', (error) => this.fail(error));
    try {
      if (signal.aborted) return;
      this.open();
      await ended;
      await this.send('leaving');
    } finally {
      signal.removeEventListener('abort', stop);
      this.cancelTimer();
      for (const socket of [this.receiver, this.sender]) {
        socket.removeAllListeners();
        socket.on('error', () => {});
        socket.close();
      }
    }
  }

  private open(): void {
    const { receiver, sender, group } = this;
    const toGroup = group.interface === undefined ? [] : [group.interface];
    receiver.on('message', (bytes, { address }) => {
      const host = address.startsWith('::ffff:') ? address.slice(7) : address;
      if (hear(this.heard, bytes, host, this.nowMs())) this.call.tell(addressesHeard(this.heard));
    });
    const bound = boundAddress(group);
    const guarded = (work: () => void) => {
      try {
        work();
      } catch (error) {
        this.fail(error as Error);
      }
    };
    receiver.bind({ port: group.port, ...(bound !== null && { address: bound }) }, () =>
      guarded(() => receiver.addMembership(group.host, ...toGroup)),
    );
    sender.bind(0, () =>
      guarded(() => {
        if (group.interface !== undefined) sender.setMulticastInterface(group.interface);
        sender.setMulticastTTL(gossipHopsMax);
        sender.setMulticastLoopback(true);
        this.beat();
      }),
    );
  }

  private beat(): void {
    const nowMs = this.nowMs();
    if (nowMs - this.heard.echoMs >= gossipDeafMs) {
      this.fail(new Error(`own packets did not come back for ${gossipDeafMs} ms`));
      return;
    }
    if (age(this.heard, nowMs)) this.call.tell(addressesHeard(this.heard));
    void this.send('here');
    const delayMs = gossipBeaconMs * (0.75 + this.settings.random.next() / 2);
    this.cancelTimer = this.settings.clock.timer(delayMs, () => this.beat());
  }

  /** Resolves when the packet left, or did not: then the session ends. */
  private send(kind: 'here' | 'leaving'): Promise<void> {
    const { tag, nonce } = this.heard;
    const port = readAddress(this.call.own)?.port ?? 0;
    if (port === 0) return Promise.resolve();
    const bytes = writeGossip({ kind, tag, nonce, port });
    return new Promise((resolve) => {
      try {
        this.sender.send(bytes, this.group.port, this.group.host, (error) => {
          if (error !== null) this.fail(error);
          resolve();
        });
      } catch {
        // It was never bound: there is nobody to tell.
        resolve();
      }
    });
  }

  private fail(error: Error): void {
    const detail = `${this.settings.group}: ${error.message}`;
    this.end(new ClusterError('discovery_unreachable', detail, null, error));
  }

  private nowMs(): number {
    return this.settings.clock.monotonicMs();
  }
}

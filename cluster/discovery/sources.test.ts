/** The sources of this room against their contract, on real back ends. */
import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe } from 'vitest';
import { seededRandom, systemClock } from '../../runtime/index.ts';
import { discoverySourceContract, type SourceSetup } from '../../test/contract/discovery-source.ts';
import { DnsServer, dnsmasqMissing, freeUdpPort, zone } from '../../test/contract/dns-server.ts';
import { KubernetesServer } from '../../test/contract/kubernetes/api-server.ts';
import { readAddress } from '../address.ts';
import { dnsSource } from './dns.ts';
import { gossipSource } from './gossip.ts';
import { gossipTag, writeGossip } from './gossip-packet.ts';
import { kubernetesSource } from './kubernetes.ts';
import { staticSource } from './static.ts';

const clock = systemClock();
const hosts = (port: number) =>
  [2, 3, 4, 5].map((last) => `127.0.0.${last}:${port}`) as unknown as SourceSetup['addresses'];
const places = (addresses: readonly string[]) => addresses.map((address) => readAddress(address)!);

describe('static', () => {
  let list: readonly string[] = [];
  const setup: SourceSetup = {
    source: () => staticSource(list),
    addresses: hosts(7400),
    async publish(addresses) {
      list = addresses;
    },
  };
  discoverySourceContract(() => setup, { changes: false, outage: false, announces: false });
});

describe.skipIf(dnsmasqMissing !== null)(
  `dns${dnsmasqMissing ? ` (skipped: ${dnsmasqMissing})` : ''}`,
  () => {
    let server: DnsServer;
    beforeAll(async () => {
      server = await DnsServer.start();
    });
    afterAll(() => server?.close());
    const rest = { away: () => server.shut(), back: () => server.open() };
    const servers = () => [server.address];

    describe('A records', () => {
      const setup: SourceSetup = {
        ...rest,
        source: () => dnsSource({ name: zone, port: 7400, servers: servers(), clock }),
        addresses: hosts(7400),
        publish: (addresses) => server.set({ hosts: places(addresses).map(({ host }) => host) }),
      };
      discoverySourceContract(() => setup, { changes: true, outage: true, announces: false });
    });

    describe('A and AAAA records', () => {
      const setup: SourceSetup = {
        ...rest,
        source: () => dnsSource({ name: `${zone}.`, port: 7400, servers: servers(), clock }),
        addresses: ['127.0.0.2:7400', '127.0.0.3:7400', '[2001:db8::3]:7400', '[2001:db8::4]:7400'],
        publish: (addresses) => server.set({ hosts: places(addresses).map(({ host }) => host) }),
      };
      discoverySourceContract(() => setup, { changes: true, outage: true, announces: false });
    });

    describe('SRV records', () => {
      const setup: SourceSetup = {
        ...rest,
        source: () => dnsSource({ name: `_picket._tcp.${zone}`, port: null, servers: servers(), clock }),
        addresses: ['127.0.0.2:7401', '127.0.0.3:7402', '127.0.0.4:7403', '[2001:db8::4]:7404'],
        publish: (addresses) => server.set({ services: places(addresses) }),
      };
      discoverySourceContract(() => setup, { changes: true, outage: true, announces: false });
    });
  },
);

describe.each(['slices', 'endpoints'] as const)('kubernetes by %s', (kind) => {
  let server: KubernetesServer;
  beforeAll(async () => {
    server = await KubernetesServer.start();
    server.served = [kind];
  });
  afterAll(() => server?.close());
  const setup: SourceSetup = {
    source: () =>
      kubernetesSource({
        api: server.url,
        account: server.account,
        namespace: null,
        service: 'picket',
        port: null,
        clock,
        random: seededRandom(1),
      }),
    addresses: hosts(7400),
    async publish(addresses) {
      server.set(places(addresses));
    },
    away: () => server.shut(),
    back: () => server.open(),
  };
  discoverySourceContract(() => setup, { changes: true, outage: true, announces: false });
});

describe('gossip on the loopback interface', () => {
  const cluster = 'test.local';
  let port = 0;
  const stops: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    port = await freeUdpPort();
  });
  const setup: SourceSetup = {
    source: () =>
      gossipSource({
        group: `239.255.80.74:${port}`,
        interface: '127.0.0.1',
        cluster,
        clock,
        random: { next: Math.random },
      }),
    // Sessions send from the interface's own address.
    addresses: ['127.0.0.1:7400', '127.0.0.1:7401', '127.0.0.3:7402', '127.0.0.4:7403'],
    async publish(addresses) {
      await Promise.all(stops.splice(0).map((stop) => stop()));
      for (const { host, port: at } of places(addresses)) stops.push(await announce(host, at));
    },
  };
  discoverySourceContract(() => setup, { changes: true, outage: false, announces: true });

  /** Somebody who says that it is there until it is told to leave. */
  async function announce(host: string, at: number): Promise<() => Promise<void>> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, host, resolve));
    socket.setMulticastInterface('127.0.0.1');
    const nonce = (at + Math.floor(Math.random() * 0x1000_0000)).toString(16).padStart(8, '0');
    const send = (kind: 'here' | 'leaving') =>
      new Promise((resolve) => {
        const bytes = writeGossip({ kind, tag: gossipTag(cluster), nonce, port: at });
        socket.send(bytes, port, '239.255.80.74', resolve);
      });
    const beat = setInterval(() => void send('here'), 100);
    return async () => {
      clearInterval(beat);
      await send('leaving');
      socket.close();
    };
  }
});

import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addressesHeard,
  age,
  createHeard,
  type GossipPacket,
  gossipTag,
  hear,
  readGossip,
  writeGossip,
} from './gossip-packet.ts';
import { gossipKeptMs, gossipPacketsPerS, gossipPortsPerSenderMax, hintsMax } from './limits.ts';

const tag = gossipTag('test.local');
const packet = (port: number, more: Partial<GossipPacket> = {}) =>
  writeGossip({ kind: 'here', tag, nonce: '0000000b', port, ...more });
const start = () => createHeard(tag, '0000000a', 0);

test('a packet is read as it was written, and holds nothing but a port', () => {
  expect(readGossip(packet(7400))).toEqual({ kind: 'here', tag, nonce: '0000000b', port: 7400 });
  expect(readGossip(packet(65_535, { kind: 'leaving' }))?.kind).toBe('leaving');
});

test('whatever else comes is nothing', () => {
  for (const text of [
    '',
    'picket1',
    `picket1 here ${tag} 0000000b 0`,
    `picket1 here ${tag} 0000000b 65536`,
    `picket1 here ${tag} 0000000b 7400 `,
    `picket1 here ${tag} 0000000b 7400\n`,
    `picket2 here ${tag} 0000000b 7400`,
    `picket1 gone ${tag} 0000000b 7400`,
    `picket1 here ${tag} 0000000b -1`,
  ]) {
    expect(readGossip(Buffer.from(text, 'latin1')), text).toBeNull();
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(readGossip(bytes)).toBeNull();
    }),
  );
});

test('64 KiB of garbage change nothing, and neither does a packet with a tail of it', () => {
  const heard = start();
  for (let round = 0; round < 100; round += 1) {
    expect(hear(heard, randomBytes(65_507), '10.0.0.2', 1)).toBe(false);
    expect(hear(heard, Buffer.concat([packet(7400), randomBytes(65_000)]), '10.0.0.2', 1)).toBe(false);
  }
  expect(addressesHeard(heard)).toEqual([]);
});

test('the host is the sender; another cluster and oneself are passed over', () => {
  const heard = start();
  expect(hear(heard, packet(7400), '10.0.0.2', 1)).toBe(true);
  expect(hear(heard, packet(7400), '10.0.0.2', 2)).toBe(false);
  expect(hear(heard, packet(7400), 'fe80::1%eth0', 2)).toBe(true);
  expect(hear(heard, packet(7400, { tag: gossipTag('other') }), '10.0.0.3', 2)).toBe(false);
  expect(hear(heard, packet(7400, { nonce: '0000000a' }), '10.0.0.1', 3)).toBe(false);
  expect(heard.echoMs).toBe(3);
  expect(addressesHeard(heard)).toEqual(['10.0.0.2:7400', '[fe80::1%eth0]:7400']);
});

test('who is silent or leaves is forgotten, and nobody can say so for another', () => {
  const heard = start();
  hear(heard, packet(7400), '10.0.0.2', 0);
  hear(heard, packet(7400), '10.0.0.3', 1_000);
  expect(hear(heard, packet(7400, { kind: 'leaving' }), '10.0.0.4', 1_000)).toBe(false);
  expect(age(heard, gossipKeptMs - 1)).toBe(false);
  expect(age(heard, gossipKeptMs)).toBe(true);
  expect(addressesHeard(heard)).toEqual(['10.0.0.3:7400']);
  expect(hear(heard, packet(7400, { kind: 'leaving' }), '10.0.0.3', gossipKeptMs)).toBe(true);
  expect([...heard.senders]).toEqual([]);
});

test('a flood of well-formed packets costs a bounded memory, and leaves room for other senders', () => {
  const heard = start();
  let nowMs = 0;
  for (let port = 1; port < 10_000; port += 1) {
    nowMs += 1;
    hear(heard, packet(port), '10.0.0.66', nowMs);
  }
  expect(addressesHeard(heard)).toHaveLength(gossipPortsPerSenderMax);
  expect(hear(heard, packet(7400), '10.0.0.2', nowMs)).toBe(true);
  for (let sender = 0; sender < 10_000; sender += 1) {
    nowMs += 1;
    hear(heard, packet(7400), `10.1.${sender >> 8}.${sender & 255}`, nowMs);
  }
  expect(addressesHeard(heard).length).toBe(hintsMax);
  age(heard, nowMs + gossipKeptMs);
  expect(addressesHeard(heard)).toEqual([]);
});

test('of the packets of one second only so many are looked at', () => {
  const heard = start();
  for (let count = 0; count < gossipPacketsPerS; count += 1) hear(heard, Buffer.alloc(1), '10.0.0.66', 10);
  expect(hear(heard, packet(7400), '10.0.0.2', 999)).toBe(false);
  expect(hear(heard, packet(7400), '10.0.0.2', 1_000)).toBe(true);
});

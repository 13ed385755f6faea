import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HandshakeRate, networkOf } from './handshake-rate.ts';
import {
  handshakeAddressesMax,
  handshakesPerAddressBurst,
  handshakesPerAddressPerS,
  refusedHandshakeCost,
} from './limits.ts';

test('an address begins no more than the burst and its share of the time, and fewer the more it is refused', () => {
  const steps = fc.array(fc.record({ idleMs: fc.nat(100), isBlamed: fc.boolean() }), { maxLength: 1_000 });
  fc.assert(
    fc.property(steps, (all) => {
      const rate = new HandshakeRate();
      let nowMs = 0;
      let begun = 0;
      for (const { idleMs, isBlamed } of all) {
        nowMs += idleMs;
        if (rate.admits('192.0.2.1', nowMs)) begun += 1;
        if (isBlamed) rate.blame('192.0.2.1', nowMs);
        const most = handshakesPerAddressBurst + (nowMs * handshakesPerAddressPerS) / 1_000;
        expect(begun).toBeLessThanOrEqual(most);
      }
    }),
  );
});

test('who is refused each time comes again once in some seconds, and others as often as before', () => {
  const rate = new HandshakeRate();
  const seconds = 100;
  let begun = 0;
  for (let nowMs = 0; nowMs < seconds * 1_000; nowMs += 10) {
    if (!rate.admits('192.0.2.1', nowMs)) continue;
    begun += 1;
    rate.blame('192.0.2.1', nowMs);
  }
  const afforded = handshakesPerAddressBurst + seconds * handshakesPerAddressPerS;
  expect(begun).toBeLessThanOrEqual(afforded / refusedHandshakeCost + 1);
  expect(begun).toBeGreaterThan(seconds / refusedHandshakeCost);
  expect(rate.admits('192.0.2.2', seconds * 1_000)).toBe(true);
});

test('the addresses that asked last are remembered', () => {
  const rate = new HandshakeRate();
  for (let at = 0; at < handshakeAddressesMax + 50; at += 1) rate.admits(`2001:db8:${at.toString(16)}::1`, 0);
  expect(rate.size).toBe(handshakeAddressesMax);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::7', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
  ['unknown', 'unknown'],
])('%s is of the network %s', (remote, network) => {
  expect(networkOf(remote)).toBe(network);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HandshakeRate, networkOf } from './handshake-rate.ts';
import {
  handshakeAddressesMax,
  handshakesPerAddressBurst,
  handshakesPerAddressPerS,
  refusalForgottenMs,
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
        if (isBlamed) rate.blame('192.0.2.1', nowMs, nowMs % 2 === 0);
        const most = handshakesPerAddressBurst + (nowMs * handshakesPerAddressPerS) / 1_000;
        expect(begun).toBeLessThanOrEqual(most);
      }
    }),
  );
});

/** How many handshakes it begins which are all refused; it asks every 10 ms. */
function refusedOf(rate: HandshakeRate, fromMs: number, forMs: number, wasTold = true): number {
  let begun = 0;
  for (let nowMs = fromMs; nowMs < fromMs + forMs; nowMs += 10) {
    if (!rate.admits('192.0.2.1', nowMs)) continue;
    begun += 1;
    rate.blame('192.0.2.1', nowMs, wasTold);
  }
  return begun;
}

test('who is refused and asks at once again has a few turns, then one in some seconds; others as many as before', () => {
  const rate = new HandshakeRate();
  expect(refusedOf(rate, 0, 1_000)).toBe(8);
  expect(refusedOf(rate, 1_000, 200_000)).toBeLessThanOrEqual(200 / 3);
  expect(rate.admits('192.0.2.2', 201_000)).toBe(true);
  expect(refusedOf(rate, 300_000, 1_000)).toBe(8);
});

test('a node that is refused and comes again each second leaves its neighbours room', () => {
  const rate = new HandshakeRate();
  for (let nowMs = 0; nowMs < 600_000; nowMs += 1_000) {
    if (rate.admits('192.0.2.1', nowMs)) rate.blame('192.0.2.1', nowMs, false);
    expect(rate.admits('192.0.2.1', nowMs + 500)).toBe(true);
  }
  expect(refusedOf(new HandshakeRate(), 0, 1_000, false)).toBeGreaterThan(8);
});

test('who is refused now and then costs its neighbours little', () => {
  const rate = new HandshakeRate();
  for (let nowMs = 0; nowMs < 600_000; nowMs += refusalForgottenMs) {
    expect(rate.admits('192.0.2.1', nowMs)).toBe(true);
    rate.blame('192.0.2.1', nowMs, true);
  }
  for (let at = 0; at < handshakesPerAddressBurst - 2 * refusedHandshakeCost; at += 1)
    expect(rate.admits('192.0.2.1', 600_000)).toBe(true);
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

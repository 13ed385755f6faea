import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMembership, type MembershipEvent, stepMembership } from './membership.ts';
import { notQuietMs, type PeerIdentity } from './membership-peer.ts';

function identity(name: string, boot = 10): PeerIdentity {
  return { name, role: 'core', boot, address: `${name}:7000`, tenant: null };
}

const name = fc.constantFrom('core_2', 'core_3', 'core_4');
const event = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('tick') }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('heartbeat'),
      name,
      boot: fc.constant(10),
      incarnation: fc.nat(2),
      rttMs: fc.constant(null),
    }),
  },
  {
    weight: 3,
    arbitrary: name.map((one) => ({ type: 'link_up', peer: identity(one) })),
  },
  fc.record({
    type: fc.constantFrom('link_down', 'peer_leaving'),
    name,
    boot: fc.constant(10),
    reason: fc.string(),
  }),
  fc.record({ type: fc.constant('dial_failed'), name, code: fc.constantFrom('refused', 'timeout') }),
  fc.record({
    type: fc.constant('indirect_alive'),
    name,
    boot: fc.constant(10),
    by: name,
    ageMs: fc.nat(500),
  }),
  fc.record({ type: fc.constant('paused'), gapMs: fc.nat(9_000) }),
  fc.record({
    type: fc.constant('gossip'),
    from: name,
    entries: fc.constantFrom([], [{ ...identity('core_9'), status: 'up', incarnation: 0, ageMs: 1 }]),
  }),
);

describe('a tick', () => {
  it('decides the same whether or not it is known that nothing falls due before an instant', () => {
    let quietTicks = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(event, fc.nat(600)), { maxLength: 80 }), (history) => {
        const [knows, looks] = [createMembership(identity('core_1')), createMembership(identity('core_1'))];
        let nowMs = 0;
        for (const [one, waitMs] of history) {
          nowMs += waitMs + 0.1;
          const told = { ...one, nowMs } as MembershipEvent;
          if (one.type === 'tick' && nowMs < knows.quietUntilMs) quietTicks += 1;
          looks.quietUntilMs = notQuietMs;
          const { effects } = stepMembership(looks, told);
          expect(stepMembership(knows, told).effects).toEqual(effects);
        }
      }),
      { numRuns: 1_000 },
    );
    expect(quietTicks).toBeGreaterThan(100);
  });
});

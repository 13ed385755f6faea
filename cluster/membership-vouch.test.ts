import { describe, expect, it } from 'vitest';
import { downAfterMs, heartbeatIntervalMs, membershipTickMs } from './limits.ts';
import { createMembership, type MembershipEvent, stepMembership } from './membership.ts';
import { heardAgoMs, type MembershipState } from './membership-peer.ts';
import { viewOf } from './membership-view.ts';

const identity = (name: string) => ({ name, role: 'core', boot: 10, address: `${name}:7000`, tenant: null });

function node(name: string, ...peers: string[]): MembershipState {
  const state = createMembership(identity(name));
  for (const one of peers)
    stepMembership(state, { type: 'link_up', peer: identity(one), nowMs: 0 } as MembershipEvent);
  return state;
}

function beat(state: MembershipState, name: string, nowMs: number, rttMs: number | null = 1): void {
  stepMembership(state, { type: 'heartbeat', name, boot: 10, incarnation: 0, nowMs, rttMs });
}

const ago = (state: MembershipState, name: string, nowMs: number) =>
  heardAgoMs(state.peers.get(name)!, nowMs);

describe('a node that did not run itself', () => {
  it('tells others the true age of the last sign that it had, while it excuses it before itself', () => {
    const witness = node('core_3', 'core_1', 'core_2');
    beat(witness, 'core_2', 1_000);
    stepMembership(witness, { type: 'paused', gapMs: 9_000, nowMs: 10_000 });
    expect(ago(witness, 'core_2', 10_000)).toBeGreaterThanOrEqual(9_000);
    expect(viewOf(witness, 10_000).find(({ name }) => name === 'core_2')!.ageMs).toBeGreaterThanOrEqual(
      9_000,
    );
    expect(stepMembership(witness, { type: 'tick', nowMs: 10_000 }).effects).toEqual([]);
    beat(witness, 'core_2', 10_200);
    expect(ago(witness, 'core_2', 10_300)).toBeLessThan(200);
  });

  it('does not take what lay in its sockets meanwhile for a sign of now', () => {
    const witness = node('core_3', 'core_1', 'core_2');
    beat(witness, 'core_2', 1_000);
    stepMembership(witness, { type: 'paused', gapMs: 9_000, nowMs: 10_000 });
    // Sent at 1,500: the round trip since what it echoes says so.
    beat(witness, 'core_2', 10_010, 8_900);
    expect(ago(witness, 'core_2', 10_010)).toBeGreaterThanOrEqual(8_900);
    // A new link begins anew.
    stepMembership(witness, { type: 'link_down', name: 'core_2', boot: 10, reason: 'reset', nowMs: 10_020 });
    stepMembership(witness, { type: 'link_up', peer: identity('core_2'), nowMs: 10_030 });
    expect(ago(witness, 'core_2', 10_040)).toBe(10);
  });

  it('does not put off the death of another by vouching for it', () => {
    // core_2 hangs from 0 on; core_3 stands still from then until 3,000, and is asked after that.
    const asker = node('core_1', 'core_2', 'core_3');
    const witness = node('core_3', 'core_1', 'core_2');
    let downMs: number | null = null;
    for (let nowMs = 100; nowMs <= 8_000 && downMs === null; nowMs += membershipTickMs) {
      if (nowMs === 3_000) stepMembership(witness, { type: 'paused', gapMs: 2_900, nowMs });
      if (nowMs >= 3_000 && nowMs % heartbeatIntervalMs === 0) beat(asker, 'core_3', nowMs);
      const { effects } = stepMembership(asker, { type: 'tick', nowMs });
      for (const effect of effects) {
        if (effect.type === 'announce' && effect.name === 'core_2' && effect.status === 'down')
          downMs = nowMs;
        if (effect.type !== 'probe' || nowMs < 3_000 || effect.name !== 'core_2') continue;
        const ageMs = ago(witness, 'core_2', nowMs);
        stepMembership(asker, {
          ...{ type: 'indirect_alive', name: 'core_2', boot: 10, by: 'core_3' },
          ...{ ageMs, nowMs },
        });
      }
    }
    expect(downMs).toBeLessThanOrEqual(downAfterMs + membershipTickMs);
  });
});

describe('a view that was late', () => {
  it('is a sign of life from when it was sent, not from when it was read', () => {
    const entries = [{ ...identity('core_2'), status: 'up' as const, incarnation: 0, ageMs: 100 }];
    const signOf = (lateMs?: number) => {
      const state = node('core_1', 'core_2', 'core_3');
      const at = { nowMs: 9_000, ...(lateMs !== undefined && { lateMs }) };
      stepMembership(state, { type: 'gossip', from: 'core_3', entries, ...at });
      return state.peers.get('core_2')!.indirectMs;
    };
    expect([signOf(), signOf(0), signOf(3_000)]).toEqual([8_900, 8_900, 5_900]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  becauseKeptMax,
  downAfterMs,
  heartbeatIntervalMs,
  membershipTickMs,
  refusedDownMs,
} from './limits.ts';
import { createMembership, explainMember, type MembershipEvent, stepMembership } from './membership.ts';
import { type MembershipEffect, type MembershipState, witnesses } from './membership-peer.ts';
import { members, readView, viewHash, viewOf } from './membership-view.ts';

const identity = (name: string, boot = 10, tenant: string | null = null) => ({
  name,
  role: 'core',
  boot,
  address: `${name}:7000`,
  tenant,
});
const step = (state: MembershipState, event: MembershipEvent) => stepMembership(state, event).effects;
const announced = (effects: MembershipEffect[]) =>
  effects.flatMap((one) => (one.type === 'announce' ? [`${one.name} ${one.status}`] : []));
const types = (effects: MembershipEffect[]) => effects.map((one) => one.type);
const statusOf = (state: MembershipState, name: string) => state.peers.get(name)?.status;

/** core_1, linked to the others since 0. */
function cluster(...names: string[]): MembershipState {
  const state = createMembership(identity('core_1'));
  for (const name of names) step(state, { type: 'link_up', peer: identity(name), nowMs: 0 });
  return state;
}

const beat = (state: MembershipState, name: string, nowMs: number) =>
  step(state, { type: 'heartbeat', name, boot: 10, incarnation: 0, nowMs, rttMs: 1 });

/** Ticks from `from` to `to`, with heartbeats of `alive`; answers what was announced and when. */
function run(state: MembershipState, from: number, to: number, alive: readonly string[] = []) {
  const told: { nowMs: number; effect: MembershipEffect }[] = [];
  for (let nowMs = from; nowMs <= to; nowMs += membershipTickMs) {
    if (nowMs % heartbeatIntervalMs === 0) for (const name of alive) beat(state, name, nowMs);
    for (const effect of step(state, { type: 'tick', nowMs })) told.push({ nowMs, effect });
  }
  return told;
}
const downAt = (told: ReturnType<typeof run>, name: string) =>
  told.find(({ effect }) => effect.type === 'announce' && effect.name === name && effect.status === 'down')
    ?.nowMs;

describe('membership', () => {
  it('takes a linked peer for up, and says so once', () => {
    const state = createMembership(identity('core_1'));
    expect(announced(step(state, { type: 'link_up', peer: identity('core_2'), nowMs: 0 }))).toEqual([
      'core_2 up',
    ]);
    expect(step(state, { type: 'link_up', peer: identity('core_2'), nowMs: 5 })).toEqual([]);
    expect(run(state, 0, 60_000, ['core_2'])).toEqual([]);
  });

  it('calls a peer down at once whose certificate was refused on the open link, whoever vouches for it', () => {
    const state = cluster('core_2', 'core_3');
    const reason = 'refused: revoked: serial 12';
    const effects = step(state, {
      type: 'link_down',
      name: 'core_2',
      boot: 10,
      reason,
      refused: true,
      nowMs: 100,
    });
    expect(announced(effects)).toEqual(['core_2 down']);
    step(state, { type: 'indirect_alive', name: 'core_2', boot: 10, by: 'core_3', ageMs: 0, nowMs: 200 });
    expect(announced(run(state, 200, 3_000, ['core_3']).map(({ effect }) => effect))).toEqual([]);
    expect(statusOf(state, 'core_2')).toBe('down');
    // With another certificate it is linked again, and back.
    const back = step(state, { type: 'link_up', peer: identity('core_2'), nowMs: 3_100 });
    expect(announced(back)).toEqual(['core_2 up']);
  });

  it('notices a hung node within 5 s, after it was asked for through others', () => {
    const state = cluster('core_2', 'core_3', 'core_4');
    const told = run(state, 0, 6_000, ['core_3', 'core_4']);
    expect(downAt(told, 'core_2')).toBeLessThanOrEqual(5_000);
    const probes = told.flatMap(({ effect }) => (effect.type === 'probe' ? [effect] : []));
    expect(probes.length).toBeGreaterThan(2);
    expect(probes.every((one) => one.name === 'core_2' && !one.via.includes('core_2'))).toBe(true);
    expect(told.some(({ effect }) => effect.type === 'close_link' && effect.code === 'link_silent')).toBe(
      true,
    );
    expect(explainMember(state, 'core_2').at(-1)).toMatch(
      /^down: no sign of life for \d+ ms, neither here nor through others/,
    );
    expect(statusOf(state, 'core_3')).toBe('up');
  });

  it('has no false alarm when a node stands still for 4 s at the worst moment', () => {
    for (let phase = 0; phase < heartbeatIntervalMs; phase += 50) {
      const state = cluster('core_2');
      // The last heartbeat before the pause is as old as it can be; the first after it comes at once.
      const resumedMs = heartbeatIntervalMs + 4_000;
      const told = run(state, phase, resumedMs);
      expect(downAt(told, 'core_2')).toBeUndefined();
      expect(announced(beat(state, 'core_2', resumedMs))).toEqual(['core_2 up']);
    }
  });

  it('does not take one bad link for a dead node', () => {
    const state = cluster('core_2', 'core_3');
    for (let nowMs = 0; nowMs <= 20_000; nowMs += 500) {
      beat(state, 'core_3', nowMs);
      const effects = step(state, { type: 'tick', nowMs });
      expect(announced(effects)).not.toContain('core_2 down');
      if (!types(effects).includes('probe')) continue;
      step(state, { type: 'indirect_alive', name: 'core_2', boot: 10, by: 'core_3', ageMs: 200, nowMs });
    }
    expect(statusOf(state, 'core_2')).toBe('suspect');
    expect(state.peers.get('core_2')?.linked).toBe(false);
  });

  it('does not believe signs of another life, of strangers or of fenced peers', () => {
    for (const [by, boot] of [
      ['core_3', 9],
      ['nobody', 10],
      ['edge_1', 10],
    ] as const) {
      const state = cluster('core_2', 'core_3');
      step(state, { type: 'link_up', peer: identity('edge_1', 10, 'acme'), nowMs: 0 });
      let down = false;
      for (let nowMs = 0; nowMs <= 5_000; nowMs += 100) {
        if (nowMs % 500 === 0) for (const name of ['core_3', 'edge_1']) beat(state, name, nowMs);
        step(state, { type: 'indirect_alive', name: 'core_2', boot, by, ageMs: 0, nowMs });
        const entries = [{ ...identity('core_2', boot), status: 'up' as const, incarnation: 0, ageMs: 0 }];
        step(state, { type: 'gossip', from: by, entries, nowMs });
        down ||= announced(step(state, { type: 'tick', nowMs })).includes('core_2 down');
      }
      expect(down, by).toBe(boot === 10 || by === 'core_3');
    }
  });

  it('asks no fenced peer about others', () => {
    const state = cluster('core_2', 'core_3');
    step(state, { type: 'link_up', peer: identity('edge_1', 10, 'acme'), nowMs: 0 });
    expect(witnesses(state, 'core_2')).toEqual(['core_3']);
    expect(viewOf(state, 0).map((one) => one.name)).toEqual(['core_1', 'core_2', 'core_3']);
  });
});

describe('a process that is gone', () => {
  const refused = (state: MembershipState, nowMs: number) =>
    step(state, { type: 'dial_failed', name: 'core_2', code: 'refused', nowMs });
  const close = (state: MembershipState, nowMs: number) =>
    step(state, { type: 'link_down', name: 'core_2', boot: 10, reason: 'reset', nowMs });

  it('is dialled at once, and down after two refusals', () => {
    const state = cluster('core_2', 'core_3');
    const closed = close(state, 1_000);
    expect(announced(closed)).toEqual(['core_2 suspect']);
    expect(closed).toContainEqual({ type: 'dial', name: 'core_2', address: 'core_2:7000', delayMs: 0 });
    expect(refused(state, 1_001)).toContainEqual({
      type: 'dial',
      name: 'core_2',
      address: 'core_2:7000',
      delayMs: refusedDownMs,
    });
    const down = refused(state, 1_002 + refusedDownMs);
    expect(announced(down)).toEqual(['core_2 down']);
    expect(explainMember(state, 'core_2').at(-1)).toMatch(/nothing listens there/);
  });

  it('is not called down by refusals when others still hear from it, or by a refusal and a timeout', () => {
    const heard = cluster('core_2', 'core_3');
    close(heard, 1_000);
    refused(heard, 1_001);
    step(heard, { type: 'indirect_alive', name: 'core_2', boot: 10, by: 'core_3', ageMs: 10, nowMs: 1_100 });
    refused(heard, 1_300);
    expect(statusOf(heard, 'core_2')).toBe('suspect');
    const mixed = cluster('core_2', 'core_3');
    close(mixed, 1_000);
    refused(mixed, 1_001);
    step(mixed, { type: 'dial_failed', name: 'core_2', code: 'timeout', nowMs: 1_300 });
    refused(mixed, 1_400);
    expect(statusOf(mixed, 'core_2')).toBe('suspect');
  });

  it('is down by silence when its host does not answer at all', () => {
    const state = cluster('core_2');
    close(state, 0);
    const told = run(state, 100, 6_000);
    expect(downAt(told, 'core_2')).toBeLessThanOrEqual(downAfterMs + membershipTickMs);
  });

  it('is dialled again for as long as it is down, ever more rarely', () => {
    const state = cluster('core_2');
    close(state, 0);
    refused(state, 1);
    refused(state, 300);
    const at: number[] = [];
    for (let nowMs = 300; nowMs < 120_000; nowMs += 100) {
      for (const effect of step(state, { type: 'tick', nowMs })) {
        if (effect.type !== 'dial') continue;
        at.push(nowMs);
        refused(state, nowMs);
      }
    }
    expect(at.length).toBeGreaterThan(20);
    expect(at.length).toBeLessThan(60);
    expect(at[1]! - at[0]!).toBeLessThan(at.at(-1)! - at.at(-2)!);
  });
});

describe('a node that returns', () => {
  const gone = () => {
    const state = cluster('core_2');
    run(state, 0, 6_000);
    return state;
  };

  it('with its boot is up again', () => {
    const state = gone();
    const effects = step(state, { type: 'link_up', peer: identity('core_2'), nowMs: 9_000 });
    expect(effects).toMatchObject([{ type: 'announce', status: 'up', was: 'down', boot: 10 }]);
    expect(explainMember(state, 'core_2').at(-1)).toContain('returned');
  });

  it('with a higher boot was restarted: the former life is down first, if it was not yet', () => {
    const effects = step(gone(), { type: 'link_up', peer: identity('core_2', 11), nowMs: 9_000 });
    expect(effects).toMatchObject([
      { status: 'up', was: 'down', boot: 11, because: 'restarted with boot 11' },
    ]);
    const quick = step(cluster('core_2'), { type: 'link_up', peer: identity('core_2', 11), nowMs: 50 });
    expect(quick).toMatchObject([
      { status: 'down', boot: 10 },
      { status: 'up', boot: 11 },
    ]);
  });

  it('with a lower boot, or with our own name, is refused', () => {
    const state = cluster('core_2');
    const old = step(state, { type: 'link_up', peer: identity('core_2', 9), nowMs: 50 });
    expect(old).toMatchObject([{ type: 'close_link', code: 'old_boot', boot: 9 }]);
    expect(state.peers.get('core_2')?.identity.boot).toBe(10);
    const same = step(state, { type: 'link_up', peer: identity('core_1', 12), nowMs: 50 });
    expect(same).toMatchObject([{ type: 'close_link', code: 'name_in_use' }]);
  });

  it('left when it said so, and is not dialled', () => {
    const state = cluster('core_2');
    expect(announced(step(state, { type: 'peer_leaving', name: 'core_2', boot: 10, nowMs: 5 }))).toEqual([
      'core_2 left',
    ]);
    expect(step(state, { type: 'link_down', name: 'core_2', boot: 10, reason: 'end', nowMs: 6 })).toEqual([]);
    expect(run(state, 0, 20_000)).toEqual([]);
    expect(announced(step(state, { type: 'link_up', peer: identity('core_2', 11), nowMs: 30_000 }))).toEqual([
      'core_2 up',
    ]);
  });
});

describe('a node that is itself starved or suspected', () => {
  it('accuses nobody for a time in which it did not run', () => {
    const state = cluster('core_2', 'core_3');
    run(state, 0, 1_000, ['core_2', 'core_3']);
    step(state, { type: 'paused', gapMs: 59_000, nowMs: 60_000 });
    expect(step(state, { type: 'tick', nowMs: 60_000 })).toEqual([]);
    const told = run(state, 60_000, 66_000, ['core_3']);
    expect(downAt(told, 'core_2')).toBeGreaterThan(60_000 + downAfterMs - 1_000);
    expect(statusOf(state, 'core_3')).toBe('up');
  });

  it('survives many small pauses without an accusation', () => {
    const state = cluster('core_2');
    for (let nowMs = 1_000; nowMs < 60_000; nowMs += 1_000) {
      step(state, { type: 'paused', gapMs: 900, nowMs });
      expect(announced(step(state, { type: 'tick', nowMs }))).toEqual([]);
      if (nowMs % 10_000 === 0) beat(state, 'core_2', nowMs);
    }
  });

  it('refutes a suspicion with a higher incarnation, once', () => {
    const state = cluster('core_2');
    const told = (incarnation: number) =>
      step(state, {
        type: 'gossip',
        from: 'core_2',
        entries: [{ ...identity('core_1'), status: 'suspect', incarnation, ageMs: 0 }],
        nowMs: 1,
      });
    expect(told(0)).toEqual([{ type: 'refute', incarnation: 1 }]);
    expect(told(0)).toEqual([]);
    expect(told(4)).toEqual([{ type: 'refute', incarnation: 5 }]);
  });

  it('learns of a later boot of its own name', () => {
    const entries = [{ ...identity('core_1', 99), status: 'up' as const, incarnation: 0, ageMs: 0 }];
    const effects = step(cluster('core_2'), { type: 'gossip', from: 'core_2', entries, nowMs: 1 });
    expect(effects).toEqual([{ type: 'own_boot_superseded', boot: 99 }]);
  });
});

describe('views', () => {
  it('bring nodes together that only heard of each other', () => {
    const state = cluster('core_2');
    const far = cluster('core_2');
    step(far, { type: 'link_up', peer: identity('core_9'), nowMs: 0 });
    step(state, { type: 'gossip', from: 'core_2', entries: readView(viewOf(far, 10))!, nowMs: 10 });
    const dials = step(state, { type: 'tick', nowMs: 100 });
    expect(dials).toEqual([{ type: 'dial', name: 'core_9', address: 'core_9:7000', delayMs: 0 }]);
    expect(step(state, { type: 'tick', nowMs: 150 })).toEqual([]);
    step(state, { type: 'link_up', peer: identity('core_9'), nowMs: 200 });
    expect(state.candidates.size).toBe(0);
  });

  it('hash alike when the same nodes are seen alike, and show every node with its reason', () => {
    const a = cluster('core_2', 'core_3');
    const b = createMembership(identity('core_2'));
    for (const name of ['core_3', 'core_1']) step(b, { type: 'link_up', peer: identity(name), nowMs: 7 });
    expect(viewHash(a)).toBe(viewHash(b));
    run(b, 100, 2_500, ['core_1']);
    expect(viewHash(a)).not.toBe(viewHash(b));
    const shown = members(b, 2_600).find((one) => one.name === 'core_3');
    expect(shown).toMatchObject({ status: 'suspect', ageMs: 2_593 });
    expect(shown?.because).toContain('nothing heard for');
  });

  it('that are not ours are refused', () => {
    fc.assert(
      fc.property(fc.anything(), (payload) => {
        const view = readView(payload);
        if (view !== null) expect(Array.isArray(view)).toBe(true);
      }),
    );
    const entry = viewOf(cluster(), 0)[0]!;
    expect(readView([entry])).toEqual([entry]);
    for (const bad of [
      { name: 'A B' },
      { boot: -1 },
      { status: 'dead' },
      { tenant: 'acme' },
      { address: 5 },
      { ageMs: 0.5 },
    ]) {
      expect(readView([{ ...entry, ...bad }])).toBeNull();
    }
  });
});

describe('any history', () => {
  it('gives the same effects twice, announces only real changes, and keeps memory bounded', () => {
    const name = fc.constantFrom('core_1', 'core_2', 'core_3', 'edge_1');
    const boot = fc.integer({ min: 9, max: 12 });
    const event = fc.oneof(
      fc.record({ type: fc.constant('tick') }),
      fc.record({
        type: fc.constant('link_up'),
        peer: fc.tuple(name, boot).map(([n, b]) => identity(n, b, n === 'edge_1' ? 'acme' : null)),
      }),
      fc.record({
        type: fc.constantFrom('link_down', 'peer_leaving'),
        name,
        boot,
        reason: fc.constant('reset'),
      }),
      fc.record({
        type: fc.constant('heartbeat'),
        name,
        boot,
        incarnation: fc.nat(3),
        rttMs: fc.constant(null),
      }),
      fc.record({ type: fc.constant('dial_failed'), name, code: fc.constantFrom('refused', 'timeout') }),
      fc.record({ type: fc.constant('indirect_alive'), name, boot, by: name, ageMs: fc.nat(500) }),
      fc.record({ type: fc.constant('paused'), gapMs: fc.nat(9_000) }),
    );
    const history = fc.array(fc.tuple(event, fc.nat(1_500)), { maxLength: 80 });
    fc.assert(
      fc.property(history, (events) => {
        const [a, b] = [createMembership(identity('core_1')), createMembership(identity('core_1'))];
        let nowMs = 0;
        const seen = new Map<string, string>();
        for (const [one, waitMs] of events) {
          nowMs += waitMs;
          const effects = step(a, { ...one, nowMs } as MembershipEvent);
          expect(step(b, { ...one, nowMs } as MembershipEvent)).toEqual(effects);
          for (const effect of effects) {
            if (effect.type !== 'announce') continue;
            expect(seen.get(effect.name) ?? null).toBe(effect.was);
            expect(effect.because.length).toBeGreaterThan(5);
            seen.set(effect.name, effect.status);
          }
        }
        for (const peer of a.peers.values()) {
          expect(seen.get(peer.identity.name)).toBe(peer.status);
          expect(peer.history.length).toBeLessThanOrEqual(becauseKeptMax);
        }
        expect(a.peers.has('core_1')).toBe(false);
      }),
      { numRuns: 1_500 },
    );
  });
});

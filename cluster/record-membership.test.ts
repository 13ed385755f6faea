import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { manualClock, Recorder, readRecord, replay, takeRecord } from '../runtime/index.ts';
import { recordReasonCharactersMax } from './limits.ts';
import { createMembership, type MembershipEvent, stepMembership } from './membership.ts';
import { membershipForm } from './record-membership.ts';

vi.mock('../runtime/limits.ts', async (original) => ({
  ...(await original<typeof import('../runtime/limits.ts')>()),
  recordSegmentBytes: 4_000,
  recordBurstBytes: 100_000_000,
}));

const identity = (name: string, boot: number) => ({
  name,
  role: 'core',
  boot,
  address: `${name}:7000`,
  tenant: null,
});

function recorded() {
  const recorder = new Recorder({ node: 'core_1', boot: 1, clock: manualClock() });
  const recording = recorder.machine(membershipForm);
  const state = createMembership(identity('core_1', 1));
  const step = (event: MembershipEvent) => recording.step(state, event, stepMembership).effects;
  const told = (explain?: string) =>
    replay(readRecord(takeRecord(recorder)), [membershipForm], explain === undefined ? {} : { explain });
  return { recorder, state, step, told };
}

const name = fc.constantFrom('core_2', 'core_3', 'core_4', 'core_5');
const boot = fc.constantFrom(1, 1, 1, 2);
const ageMs = fc.nat(6_000);
const status = fc.constantFrom('up' as const, 'suspect' as const, 'down' as const, 'left' as const);
const entry = fc.record({
  name: fc.oneof(name, fc.constant('core_1')),
  role: fc.constant('core'),
  boot,
  address: fc.constantFrom('a:1', 'b:2'),
  tenant: fc.constant(null),
  status,
  incarnation: fc.nat(3),
  ageMs,
});
type Timeless = MembershipEvent extends infer E
  ? E extends { nowMs: number }
    ? Omit<E, 'nowMs'>
    : never
  : never;
const told: fc.Arbitrary<Timeless> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ type: fc.constant('tick' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('link_up' as const),
      peer: fc.tuple(name, boot).map(([one, life]) => identity(one, life)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('link_down' as const),
      name,
      boot,
      reason: fc.string({ maxLength: 400 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('heartbeat' as const),
      name,
      boot,
      incarnation: fc.nat(3),
      rttMs: fc.option(fc.double({ min: 0, max: 9, noNaN: true })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('peer_leaving' as const), name, boot }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('dial_failed' as const),
      name,
      code: fc.constantFrom('refused', 'no_answer'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('gossip' as const),
      from: name,
      entries: fc.array(entry, { maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('indirect_alive' as const), name, boot, by: name, ageMs }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('paused' as const), gapMs: fc.nat(5_000) }) },
) as fc.Arbitrary<Timeless>;
const waitMs = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: 0, max: 600, noNaN: true }) },
  { weight: 1, arbitrary: fc.nat(90_000_000) },
);
const history = fc.array(fc.tuple(waitMs, told), { minLength: 20, maxLength: 150, size: 'max' });

test('a replay makes the decisions of membership again, whatever was heard and when', () => {
  let checkpoints = 0;
  fc.assert(
    fc.property(history, (events) => {
      const { step, told: told_ } = recorded();
      let nowMs = 0;
      const decided: string[] = [];
      for (const [afterMs, event] of events) {
        nowMs += afterMs;
        decided.push(...step({ ...event, nowMs } as MembershipEvent).map(({ type }) => type));
      }
      const { mismatches, decisions, counts } = told_();
      expect(mismatches).toEqual([]);
      expect(counts).toMatchObject({ notStepped: 0, leftOut: 0 });
      expect(decisions.map(({ effect }) => effect)).toEqual(decided);
      checkpoints += counts.checkpoints;
    }),
    { numRuns: 300 },
  );
  expect(checkpoints).toBeGreaterThan(300);
});

test('what is left out changed nothing', () => {
  let leftOut = 0;
  fc.assert(
    fc.property(history, (events) => {
      const { state, step } = recorded();
      let nowMs = 0;
      for (const [afterMs, event] of events) {
        nowMs += afterMs;
        const full = { ...event, nowMs } as MembershipEvent;
        const idle = membershipForm.changesNothing!(state, full);
        const before = JSON.stringify(membershipForm.snapshot(state));
        const effects = step(full);
        if (!idle) continue;
        leftOut += 1;
        expect(effects).toEqual([]);
        expect(JSON.stringify(membershipForm.snapshot(state))).toBe(before);
      }
    }),
    { numRuns: 300 },
  );
  expect(leftOut).toBeGreaterThan(1_000);
});

describe('the record of membership', () => {
  test('tells why a node was suspected, and why it was called down', () => {
    const { step, told: told_ } = recorded();
    for (const one of ['core_2', 'core_3']) step({ type: 'link_up', peer: identity(one, 1), nowMs: 0 });
    for (let nowMs = 0; nowMs < 6_000; nowMs += 500) {
      step({ type: 'heartbeat', name: 'core_3', boot: 1, incarnation: 0, nowMs, rttMs: 1 });
      step({ type: 'tick', nowMs });
    }
    const { reasons, mismatches } = told_('core_2');
    expect(mismatches).toEqual([]);
    const texts = reasons.map(({ text }) => text);
    expect(texts[0]).toBe('core_2 is up (was not known): joined: linked for the first time');
    expect(texts[1]).toBe('core_2 is suspect (was up): nothing heard for 2000 ms on the open link');
    expect(texts[2]).toBe('asks core_3 whether they hear from core_2');
    expect(
      texts.filter((text) => text.startsWith('core_2 is down (was suspect): no sign of life')),
    ).toHaveLength(1);
    expect(told_('core_9').reasons).toEqual([]);
  });

  test('cuts short what a peer said when it closed its link', () => {
    const { recorder, step, told: told_ } = recorded();
    step({ type: 'link_up', peer: identity('core_2', 1), nowMs: 0 });
    const reason = `${'x'.repeat(recordReasonCharactersMax)}hunter2`;
    step({ type: 'link_down', name: 'core_2', boot: 1, reason, nowMs: 1 });
    expect(takeRecord(recorder).join('\n')).not.toContain('hunter2');
    expect(told_().mismatches).toEqual([]);
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Duty, type DutyEvent, noDuty, standingOf, stepDuty } from './coordinator-duty.ts';
import { leaseRetryMs, leaseSoonMs, sessionRenewMs } from './limits.ts';

const granted = (epoch: number, askedMs: number, lifeMs = 4_000): DutyEvent => ({
  type: 'answered',
  askedMs,
  answer: { granted: true, epoch, databaseNowMs: 1_000_000, expiresAtMs: 1_000_000 + lifeMs },
});
const refused = (leftMs: number): DutyEvent => ({
  type: 'answered',
  askedMs: 0,
  answer: { granted: false, holder: 'core_9', epoch: 9, databaseNowMs: 50_000, expiresAtMs: 50_000 + leftMs },
});
const after = (...events: DutyEvent[]): Duty =>
  events.reduce((duty, event) => stepDuty(duty, event).duty, noDuty);

test('a lease that is granted is claimed once, and asked for again each second', () => {
  const first = stepDuty(noDuty, granted(3, 100));
  const ask = { type: 'ask', afterMs: sessionRenewMs, jittered: false };
  expect(first.effects).toEqual([{ type: 'claim', epoch: 3 }, ask]);
  expect(stepDuty(first.duty, granted(3, 1_100)).effects).toEqual([ask]);
  expect(stepDuty(first.duty, granted(4, 1_100)).effects).toEqual([{ type: 'claim', epoch: 4 }, ask]);
});

test('it is held for as long as the session lives, counted from the question, not from the answer', () => {
  const duty = after(granted(3, 100, 4_000));
  expect([4_099, 4_100].map((nowMs) => standingOf(duty, nowMs))).toEqual(['held', 'doubtful']);
});

test('while the store is away it is kept, but nothing is done by it; a failure that met a sleeping process keeps nothing', () => {
  const away = after(granted(3, 100), { type: 'failed', why: 'away' });
  expect([4_099, 4_100].map((nowMs) => standingOf(away, nowMs))).toEqual(['held', 'kept']);
  const late = after(granted(3, 100), { type: 'failed', why: 'late' });
  expect(standingOf(late, 4_100)).toBe('doubtful');
});

test('a core that is refused, has no session, or hears of a higher epoch resigns', () => {
  const duty = after(granted(3, 100));
  const ends: DutyEvent[] = [
    refused(2_000),
    { type: 'failed', why: 'session_lost' },
    { type: 'heard', epoch: 4 },
  ];
  for (const event of ends) {
    const step = stepDuty(duty, event);
    expect(step.duty.epoch).toBe(null);
    expect(step.effects[0]).toEqual({ type: 'resign' });
  }
  expect(stepDuty(duty, { type: 'heard', epoch: 3 })).toEqual({ duty, effects: [] });
});

test('who is refused asks when the session of the holder ends, and within a second at most', () => {
  const delays = [0, 700, 3_900].map((leftMs) => stepDuty(noDuty, refused(leftMs)).effects);
  expect(delays).toEqual(
    [leaseSoonMs, 700, leaseRetryMs].map((afterMs) => [{ type: 'ask', afterMs, jittered: true }]),
  );
});

test('a claim that goes is asked after at once by those that have none', () => {
  expect(stepDuty(noDuty, { type: 'freed' }).effects).toEqual([{ type: 'ask', afterMs: 0, jittered: false }]);
  expect(stepDuty(after(granted(3, 0)), { type: 'freed' }).effects).toEqual([]);
});

test('whatever happens, what was claimed and not resigned is the epoch that the duty has', () => {
  const event: fc.Arbitrary<DutyEvent> = fc.oneof(
    fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(10_000)).map(([epoch, at]) => granted(epoch, at)),
    fc.nat(4_000).map(refused),
    fc.constantFrom('session_lost' as const, 'away' as const, 'late' as const).map((why) => {
      return { type: 'failed' as const, why };
    }),
    fc.integer({ min: 1, max: 6 }).map((epoch) => ({ type: 'heard' as const, epoch })),
    fc.constant({ type: 'freed' as const }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      let duty = noDuty;
      let claimed: number | null = null;
      for (const one of events) {
        const step = stepDuty(duty, one);
        duty = step.duty;
        for (const effect of step.effects) {
          if (effect.type === 'claim') claimed = effect.epoch;
          else if (effect.type === 'resign') claimed = null;
        }
        expect(duty.epoch).toBe(claimed);
      }
    }),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Breaker, type BreakerEvent, closedBreaker, stepBreaker } from './breaker.ts';
import { limits } from './limits.ts';

const after = (events: readonly BreakerEvent[], from: Breaker = closedBreaker) =>
  events.reduce((breaker, event) => stepBreaker(breaker, event).breaker, from);
const failures = (count: number, nowMs = 0) => Array<BreakerEvent>(count).fill({ type: 'failed', nowMs });
const ask = (nowMs: number, byHand = false): BreakerEvent => ({ type: 'asked', nowMs, byHand });

test('it opens at so many failures in a row, and not before', () => {
  expect(after(failures(limits.breakerFailuresMax - 1)).state).toBe('closed');
  const open = after(failures(limits.breakerFailuresMax));
  expect(open).toEqual({ state: 'open', untilMs: limits.breakerOpenMsMin, openings: 1 });
  expect(stepBreaker(open, ask(limits.breakerOpenMsMin - 1)).mayRun).toBe(false);
  expect(after([...failures(4), { type: 'succeeded' }, ...failures(4)]).state).toBe('closed');
});

test('when its time is over one may try; a success closes it, a failure opens it for twice as long', () => {
  const trial = stepBreaker(after(failures(limits.breakerFailuresMax)), ask(limits.breakerOpenMsMin));
  expect(trial).toEqual({ mayRun: true, breaker: { state: 'half_open', openings: 1 } });
  expect(stepBreaker(trial.breaker, ask(limits.breakerOpenMsMin)).mayRun).toBe(false);
  expect(after([{ type: 'succeeded' }], trial.breaker)).toEqual(closedBreaker);
  expect(after([{ type: 'failed', nowMs: 0 }], trial.breaker)).toEqual({
    state: 'open',
    untilMs: 2 * limits.breakerOpenMsMin,
    openings: 2,
  });
});

test('a person may try at once, and a trial that was called off is followed by another', () => {
  const open = after(failures(limits.breakerFailuresMax));
  const trial = stepBreaker(open, ask(1, true));
  expect(trial.mayRun).toBe(true);
  const next = after([{ type: 'undecided', nowMs: 2 }], trial.breaker);
  expect(stepBreaker(next, ask(2)).mayRun).toBe(true);
  expect(after([{ type: 'undecided', nowMs: 2 }])).toEqual(closedBreaker);
});

test('it is never open for longer than its limit, and after a success it lets the next one run', () => {
  const events = fc.array(
    fc.oneof(
      fc.record({ type: fc.constant('failed' as const), nowMs: fc.nat(1e9) }),
      fc.record({ type: fc.constant('asked' as const), nowMs: fc.nat(1e9), byHand: fc.boolean() }),
      fc.record({ type: fc.constant('undecided' as const), nowMs: fc.nat(1e9) }),
      fc.constant({ type: 'succeeded' as const }),
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(events, fc.nat(1e9), (history, nowMs) => {
      const breaker = after([...history, { type: 'failed', nowMs }]);
      if (breaker.state === 'open')
        expect(breaker.untilMs - nowMs).toBeLessThanOrEqual(limits.breakerOpenMsMax);
      expect(stepBreaker(after([{ type: 'succeeded' }], breaker), ask(0)).mayRun).toBe(true);
      const latest = breaker.state === 'open' ? breaker.untilMs : 0;
      if (breaker.state !== 'half_open') expect(stepBreaker(breaker, ask(latest)).mayRun).toBe(true);
    }),
  );
});

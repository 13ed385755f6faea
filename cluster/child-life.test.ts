import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createLife, judgeEnd, putOff } from './child-life.ts';
import {
  childBackoffMaxMs,
  childBackoffMinMs,
  childBecauseKeptMax,
  childRestartsMax,
  childRestartsWithinMs,
  childSteadyMs,
} from './limits.ts';

it('restarts a child at once until it ends too often within the time, then puts it off', () => {
  const life = createLife();
  for (let n = 0; n < childRestartsMax; n += 1) {
    expect(judgeEnd(life, 'crash', 10, 1_000 + n, 0.5)).toEqual({ type: 'restart' });
  }
  const verdict = judgeEnd(life, 'crash', 10, 1_100, 0.5);
  expect(verdict).toEqual({ type: 'put_off', untilMs: 1_100 + childBackoffMinMs });
  expect(life.restarts).toBe(childRestartsMax + 1);
});

it('never puts off a child whose ends lie far enough apart', () => {
  const life = createLife();
  for (let n = 0; n < 50; n += 1) {
    expect(judgeEnd(life, 'crash', 10, n * childRestartsWithinMs, 0).type).toBe('restart');
  }
});

it('waits twice as long each time, within bounds and jitter, and forgets it when the child ran long', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 20 }), (chances) => {
      const life = createLife();
      for (const [n, random] of chances.entries()) {
        const verdict = putOff(life, 0, random);
        const wholeMs = Math.min(childBackoffMaxMs, childBackoffMinMs * 2 ** n);
        const waitMs = verdict.type === 'put_off' ? verdict.untilMs : Number.NaN;
        expect(waitMs).toBeGreaterThanOrEqual(wholeMs * 0.75);
        expect(waitMs).toBeLessThan(wholeMs * 1.25);
        if (n > 0) expect(judgeEnd({ ...life }, 'crash', 10, 0, random).type).toBe('put_off');
      }
      expect(judgeEnd(life, 'crash', childSteadyMs, 0, 0).type).toBe('restart');
    }),
  );
});

it('remembers a bounded number of reasons, the latest last', () => {
  const life = createLife();
  for (let n = 0; n < childBecauseKeptMax + 3; n += 1) judgeEnd(life, `end ${n}`, 0, n * 10_000, 0);
  expect(life.because).toHaveLength(childBecauseKeptMax);
  expect(life.because.at(-1)).toBe(`end ${childBecauseKeptMax + 2}`);
});

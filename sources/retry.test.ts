import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fault, type SourceFaultCode } from './errors.ts';
import { limits } from './limits.ts';
import { decideRetry, readRetryAfter } from './retry.ts';

const attempt = (code: SourceFaultCode, more: Partial<Parameters<typeof decideRetry>[0]> = {}) =>
  decideRetry({
    ...{ fault: fault(code, 'it failed'), attempt: 1, retryAfterMs: null, leftMs: 1e9, chance: 0.5 },
    ...more,
  });

test('what may pass by itself is tried again, what will be the same is not', () => {
  for (const code of ['server_error', 'connection_failed', 'request_timeout', 'rate_limited'] as const)
    expect(attempt(code)).toMatchObject({ again: true });
  for (const code of [
    'unauthorized',
    'forbidden',
    'bad_answer',
    'redirected',
    'tls_failed',
    'cancelled',
  ] as const)
    expect(attempt(code)).toEqual({ again: false });
  expect(attempt('server_error', { attempt: limits.attemptsMax })).toEqual({ again: false });
});

test('who asks to come later is obeyed, within what a run waits', () => {
  expect(attempt('rate_limited', { retryAfterMs: 60_000 })).toEqual({ again: true, afterMs: 60_000 });
  expect(attempt('rate_limited', { retryAfterMs: limits.retryAfterMsMax + 1 })).toEqual({ again: false });
});

test('a wait is longer each time, bounded, and ends before the listing does', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: limits.attemptsMax - 1 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.integer({ min: 0, max: 100_000 }),
      (number, chance, leftMs) => {
        const decided = attempt('server_error', { attempt: number, chance, leftMs });
        if (!decided.again) return;
        expect(decided.afterMs).toBeGreaterThanOrEqual(limits.backoffMsMin * 2 ** (number - 1));
        expect(decided.afterMs).toBeLessThanOrEqual(limits.backoffMsMax);
        expect(decided.afterMs).toBeLessThan(leftMs);
      },
    ),
  );
});

test('a retry is told in seconds or as a date', () => {
  expect(readRetryAfter('120', 0)).toBe(120_000);
  expect(readRetryAfter('Thu, 01 Jan 1970 00:01:00 GMT', 10_000)).toBe(50_000);
  expect(readRetryAfter('Thu, 01 Jan 1970 00:01:00 GMT', 90_000)).toBe(0);
  expect(readRetryAfter('soon', 0)).toBeNull();
  expect(readRetryAfter(undefined, 0)).toBeNull();
});

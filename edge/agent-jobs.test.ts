import fc from 'fast-check';
import { expect, test } from 'vitest';
import { finishedOf } from './agent-jobs.ts';

const sentAtMs = Date.UTC(2026, 5, 1, 12);
const nowMs = sentAtMs + 1_500.25;

function answered(said: unknown) {
  const payloadJson = Buffer.from(JSON.stringify(said));
  return finishedOf(7, { state: 'completed', message: '', payloadJson }, { sentAtMs, nowMs });
}

test('when a check was run is the word of its agent, as far as it can be true', () => {
  expect(answered({ status: 'success', started_at: sentAtMs + 40 })).toMatchObject({
    ...{ number: 7, status: 'success', startedAtMs: sentAtMs + 40 },
  });
  // Its clock is a little ahead.
  expect(answered({ started_at: sentAtMs + 10_000 })).toMatchObject({ startedAtMs: sentAtMs + 1_500 });
  for (const lie of [1, sentAtMs - 3_600_000, sentAtMs + 3_600_000, 253_402_300_800_000, 2 ** 53 - 1])
    expect(answered({ status: 'success', started_at: lie })).toMatchObject({ startedAtMs: sentAtMs });
});

test('whatever an agent answers, what comes of it is an instant that the store takes', () => {
  const said = fc.record({
    started_at: fc.oneof(fc.maxSafeInteger(), fc.double(), fc.constant('now')),
    status: fc.constantFrom('success', 'skipped', 'up', null),
    latency_ms: fc.double(),
    reason: fc.constantFrom('', 'a\u0000b', '\u001b[2J', 'ä\n'.repeat(600), '\u2028'),
  });
  fc.assert(
    fc.property(fc.oneof(said, fc.constantFrom(null, 5, 'text', [], {})), (value) => {
      const { startedAtMs, latencyMs, status, reason } = answered(value)!;
      expect(Number.isSafeInteger(startedAtMs) && Math.abs(startedAtMs! - sentAtMs) <= 60_000).toBe(true);
      expect(latencyMs === null || (latencyMs > 0 && latencyMs <= 86_400_000)).toBe(true);
      expect(status).not.toBe('skipped');
      expect(reason ?? '').toMatch(/^\P{Cc}*$/u);
    }),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FenceRule } from './fence.ts';
import { mayLink, noRefusals, noteRefusal } from './fence-count.ts';
import { fenceLogEveryMs, fenceRefusalsLeakPerS, fenceRefusalsMax } from './limits.ts';

test('every refusal is counted, and stands in some line of the log sooner or later', () => {
  const steps = fc.array(
    fc.record({ rule: fc.constantFrom<FenceRule>('kind', 'target', 'ref'), afterMs: fc.nat(900) }),
    { maxLength: 500 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const refusals = noRefusals();
      let nowMs = 0;
      let logged = 0;
      const lines: number[] = [];
      for (const { rule, afterMs } of all) {
        nowMs += afterMs;
        const { log } = noteRefusal(refusals, rule, nowMs);
        if (log === null) continue;
        logged += log;
        lines.push(nowMs);
      }
      expect(refusals.total).toBe(all.length);
      expect(logged + refusals.unlogged).toBe(all.length);
      const counted = Object.values(refusals.byRule).reduce((sum, one) => sum + one, 0);
      expect(counted).toBe(all.length);
      for (const [at, one] of lines.slice(1).entries())
        expect(one - lines[at]!).toBeGreaterThanOrEqual(fenceLogEveryMs);
    }),
  );
});

test('who goes on is shut out, and may come again when half has leaked away', () => {
  const refusals = noRefusals();
  const closed = Array.from({ length: fenceRefusalsMax + 1 }, () => noteRefusal(refusals, 'kind', 0).close);
  expect(closed.indexOf(true)).toBe(fenceRefusalsMax);
  const halfMs = (fenceRefusalsMax / 2 / fenceRefusalsLeakPerS) * 1_000;
  expect(mayLink(refusals, halfMs)).toBe(false);
  expect(mayLink(refusals, halfMs + 1_000)).toBe(true);
});

test('who is refused more slowly than refusals leak is never shut out', () => {
  const refusals = noRefusals();
  for (let at = 0; at < 5_000; at += 1)
    expect(noteRefusal(refusals, 'target', (at * 1_000) / fenceRefusalsLeakPerS).close).toBe(false);
});

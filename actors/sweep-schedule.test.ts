import { expect, it } from 'vitest';
import type { Sweep } from './ports/sweep.ts';
import { dueSweeps, type SweepSeen } from './sweep-schedule.ts';

const seen = (
  id: string,
  startedAtMs: number | null,
  more: Partial<Sweep> & { isRunning?: boolean } = {},
): SweepSeen => {
  const { isRunning = false, ...sweep } = more;
  return { sweep: { id, intervalMs: 1_000, enabled: true, ...sweep } as Sweep, startedAtMs, isRunning };
};

it('a sweep is due at once when it never ran, else its interval after it began, and while it runs not at all', () => {
  const all = [
    ...[seen('new', null), seen('late', 100), seen('soon', 4_500), seen('later', 4_900)],
    ...[seen('by hand', 0, { intervalMs: null }), seen('off', 0, { enabled: false })],
    seen('running', 0, { isRunning: true }),
  ];
  const { due, nextAtMs } = dueSweeps(all, 5_000);
  expect(due.map(({ id }) => id)).toEqual(['new', 'late']);
  expect(nextAtMs).toBe(5_500);
  expect(dueSweeps([], 0)).toEqual({ due: [], nextAtMs: null });
});

import { expect, test } from 'vitest';
import { explainHealth, foldHealth, type Health, newHealth } from './health.ts';
import type { ResultRow, ResultStatus } from './ports/check.ts';

function fold(
  statuses: readonly ResultStatus[],
  retries: number,
  from: Health = newHealth(),
  startMs = 0,
): Health {
  let health = from;
  for (const [index, status] of statuses.entries()) {
    const row: ResultRow = {
      checkId: 'a',
      dueAtMs: startMs + (index + 1) * 1_000,
      startedAtMs: 0,
      latencyMs: 1,
      status,
      reason: status === 'success' ? null : 'connection refused',
      agent: 'agent_1',
      poller: 'poller_1',
    };
    health = foldHealth(health, row, retries).health;
  }
  return health;
}

test('a state changes after as many like results in a row as the check asks for', () => {
  expect(fold(['success', 'success'], 3).state).toBe('unknown');
  const up = fold(['success', 'success', 'success'], 3);
  expect(up).toMatchObject({ state: 'up', sinceMs: 3_000 });
  const shaky = fold(['critical', 'critical', 'success', 'critical', 'timeout'], 3, up, 10_000);
  expect(shaky.state).toBe('up');
  expect(fold(['critical', 'timeout', 'critical'], 3, up, 10_000)).toMatchObject({
    state: 'down',
    because: '3 results in a row critical: connection refused',
  });
});

test('each status is seen as the state that it means', () => {
  const states = (['success', 'warning', 'critical', 'timeout', 'unknown'] as const).map(
    (one) => fold([one], 1).state,
  );
  expect(states).toEqual(['up', 'degraded', 'down', 'down', 'unknown']);
});

test('a skipped instant and an older result change nothing but what is shown', () => {
  const up = fold(['success'], 1, newHealth(), 5_000);
  const after = fold(['skipped'], 1, up, 9_000);
  expect(after).toMatchObject({ state: 'up', inARow: 1, lastDueMs: 6_000 });
  expect(fold(['critical'], 1, after, 1_000).state).toBe('up');
  expect(after.recent.length).toBe(2);
});

test('a check that flaps is flagged, needs twice as many like results, and calms down', () => {
  const flip: ResultStatus[] = Array.from({ length: 12 }, (_, index) =>
    index % 2 === 0 ? 'success' : 'critical',
  );
  const flapping = fold(flip, 2);
  expect(flapping.flapping).toBe(true);
  expect(fold(['critical', 'critical'], 2, flapping, 100_000).state).not.toBe('down');
  const calm = fold(new Array(20).fill('success'), 2, flapping, 100_000);
  expect(calm).toMatchObject({ flapping: false, state: 'up' });
});

test('a state can say why, and what speaks against it', () => {
  const up = fold(['success', 'success', 'success'], 3);
  const doubtful = fold(['critical'], 3, up, 10_000);
  const because = explainHealth(doubtful, 3);
  expect(because[0]).toContain('up since 1970-01-01T00:00:03.000Z: 3 results in a row success');
  expect(because[1]).toBe('the last 1 of 3 results needed for a change say down');
  expect(because[2]).toContain('critical (connection refused)');
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../runtime/index.ts';
import { rotations } from './rotations.ts';

/** Long enough for a machine that is busy with other tests: the clock is set forward, so it costs nothing. */
const minuteMs = 60_000;
let data: string;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'picket-rotations-'));
});
afterAll(() => rm(data, { recursive: true, force: true }));

test('three rotations under load lose no link and no call, and the revoked and the expired are out', async () => {
  let aheadMs = 0;
  const clock = { ...systemClock({ unref: true }), wallMs: () => Date.now() + aheadMs };
  const figures = await rotations({
    data,
    rotations: 3,
    lifetimeMs: minuteMs,
    callMsMax: minuteMs,
    clock,
    // By then each certificate of the one before has ended, without a wait for it.
    async pass(ms) {
      aheadMs += Math.max(0, ms);
    },
    say: () => {},
  });
  expect(figures).toMatchObject({ rotations: 3, failedCalls: [], linksLost: [] });
  expect(figures.calls).toBeGreaterThan(0);
  expect(figures.renewalsTaken).toBeGreaterThanOrEqual(3 * 5 * 4);
  expect(figures.expiredOutMs).toBeGreaterThan(0);
}, 120_000);

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Failover, firstDial, newFailover, stepFailover } from './failover.ts';
import { goodConnectionMs, roundWaitMsMax, roundWaitMsMin } from './limits.ts';

const chance = fc.double({ min: 0, max: 0.999, noNaN: true });
const names = (count: number) => Array.from({ length: count }, (_, at) => `gateway_${at}:1`);

describe('which gateway is dialled next', () => {
  it('tries every gateway in each round, waits between rounds alone, longer each time up to the most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(chance, { minLength: 2, maxLength: 80 }),
        (count, chances) => {
          let state: Failover = newFailover(names(count), chances[0]!);
          let round = [firstDial(state).endpoint];
          let before = 0;
          for (const one of chances) {
            const step = stepFailover(state, { type: 'lost', nowMs: 0, chance: one });
            state = step.state;
            const { endpoint, afterMs } = step.dial!;
            if (afterMs === 0) round.push(endpoint);
            else {
              expect(new Set(round).size).toBe(count);
              expect(round).toHaveLength(count);
              expect(afterMs).toBeGreaterThanOrEqual(Math.max(roundWaitMsMin, before / 2));
              expect(afterMs).toBeLessThanOrEqual(roundWaitMsMax);
              before = Math.min(roundWaitMsMax, before === 0 ? roundWaitMsMin : before * 2);
              round = [endpoint];
            }
          }
        },
      ),
    );
  });

  it('goes to the next one at once from a connection that was good, and begins anew with the waits', () => {
    let state = newFailover(names(2), 0);
    for (let at = 0; at < 9; at += 1)
      state = stepFailover(state, { type: 'lost', nowMs: 0, chance: 0 }).state;
    state = stepFailover(state, { type: 'connected', nowMs: 1_000 }).state;
    const lost = stepFailover(state, { type: 'lost', nowMs: 1_000 + goodConnectionMs, chance: 0 });
    expect(lost.dial!.afterMs).toBe(0);
    expect(lost.state.rounds).toBe(0);
  });

  it('does not fall into a fast circle between gateways that take it and put it out', () => {
    let state = newFailover(names(3), 0);
    let [nowMs, dials] = [0, 0];
    while (nowMs < 600_000) {
      state = stepFailover(state, { type: 'connected', nowMs }).state;
      nowMs += 50;
      const step = stepFailover(state, { type: 'lost', nowMs, chance: 0.5 });
      state = step.state;
      nowMs += step.dial!.afterMs;
      dials += 1;
    }
    expect(dials).toBeLessThan(120);
  });

  it('waits the least for its only gateway when that was good', () => {
    let state = newFailover(names(1), 0.7);
    state = stepFailover(state, { type: 'connected', nowMs: 0 }).state;
    const { dial } = stepFailover(state, { type: 'lost', nowMs: goodConnectionMs, chance: 0.3 });
    expect(dial).toEqual({ endpoint: 'gateway_0:1', afterMs: roundWaitMsMin });
  });
});

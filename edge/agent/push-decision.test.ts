import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { pushAgainMsMax, streamItemsMax } from './limits.ts';
import { firstPush, type PushAnswer, type PushState, stepPush } from './push-decision.ts';

const failed = (of: status, code: string, pushed = 500): PushAnswer => ({
  type: 'failed',
  status: of,
  code,
  pushed,
});

describe('the answer to a push', () => {
  it('that it was stored makes the next one whole again', () => {
    const step = stepPush({ size: 3, failures: 9 }, { type: 'stored' }, false);
    expect(step).toEqual({ state: firstPush, verdict: { type: 'taken' } });
  });
  it('that this gateway ends, or cannot be reached, sends it to the next one at once', () => {
    for (const answer of [
      failed(status.UNAVAILABLE, 'node_draining'),
      failed(status.UNAVAILABLE, 'gateway_lost'),
      failed(status.UNAUTHENTICATED, 'package_revoked'),
      failed(status.DEADLINE_EXCEEDED, 'gateway_lost'),
    ])
      expect(stepPush(firstPush, answer, false).verdict).toEqual({ type: 'leave' });
  });
  it('that the store is away is asked a second time here, and an only gateway again and again, ever slower', () => {
    const away = failed(status.UNAVAILABLE, 'tenant_unavailable');
    const once = stepPush(firstPush, away, false);
    expect(once.verdict).toEqual({ type: 'again', afterMs: 1_000 });
    expect(stepPush(once.state, away, false).verdict).toEqual({ type: 'leave' });
    let state: PushState = firstPush;
    let last = 0;
    for (let at = 0; at < 20; at += 1) {
      const step = stepPush(state, away, true);
      state = step.state;
      const afterMs = step.verdict.type === 'again' ? step.verdict.afterMs : 0;
      expect(afterMs).toBeGreaterThanOrEqual(last);
      last = afterMs;
    }
    expect(last).toBe(pushAgainMsMax);
  });
  it('that the message is bad is narrowed down to the one result that is, which stands in nobody’s way', () => {
    let state: PushState = firstPush;
    let pushed = streamItemsMax;
    for (let at = 0; at < 20; at += 1) {
      const step = stepPush(state, failed(status.INVALID_ARGUMENT, 'bad_message', pushed), false);
      if (step.verdict.type === 'refused') {
        expect(pushed).toBe(1);
        return;
      }
      state = step.state;
      pushed = state.size;
    }
    throw new Error('it never came to one');
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Beat } from './beat.ts';
import { heartbeatsUnechoedMax, probesUnansweredMax } from './limits.ts';

test('an echo tells when its heartbeat was sent, once, and ends the wait of those before it', () => {
  const beat = new Beat(0);
  expect([beat.next(10), beat.next(20), beat.next(30)]).toEqual([1, 2, 3]);
  expect(beat.echoed(2)).toBe(20);
  expect(beat.echoed(2)).toBeNull();
  expect(beat.echoed(1)).toBeNull();
  expect(beat.echoed(3)).toBe(30);
  expect(beat.next(40)).toBe(4);
  expect(beat.echoed(4)).toBe(40);
});

test('an echo of what was never sent tells nothing', () => {
  const beat = new Beat(0);
  beat.next(10);
  expect(beat.echoed(0)).toBeNull();
  expect(beat.echoed(7)).toBeNull();
  expect(beat.echoed(beat.next(20))).toBe(20);
});

test('whatever is echoed, it remembers what a map of the last ones would', () => {
  const steps = fc.array(fc.option(fc.nat(200), { nil: null }), { maxLength: 300 });
  fc.assert(
    fc.property(steps, (echoes) => {
      const beat = new Beat(0);
      const model = new Map<number, number>();
      let nowMs = 0;
      for (const echo of echoes) {
        nowMs += 1;
        if (echo === null) {
          model.set(beat.next(nowMs), nowMs);
          if (model.size > heartbeatsUnechoedMax) model.delete(model.keys().next().value!);
          continue;
        }
        expect(beat.echoed(echo)).toBe(model.get(echo) ?? null);
        for (const sequence of model.keys()) if (sequence <= echo) model.delete(sequence);
      }
    }),
  );
});

test('what is read was sent no earlier than the last heartbeat before it, by the clock of this node', () => {
  const beat = new Beat(1_000);
  expect(beat.lateMs(1_300)).toBe(300);
  const sequence = beat.next(2_000);
  // Read 3 s after it was sent: it came 400 ms after ours had gone out.
  expect(beat.heard(1, sequence, 400, 5_400)).toBe(3_000);
  expect(beat.lateMs(5_400)).toBe(3_000);
  // Our next was not read yet: the same is echoed again, half a second older.
  expect(beat.heard(2, sequence, 900, 5_400)).toBeNull();
  expect(beat.lateMs(5_410)).toBe(2_510);
  expect(beat.heard(3, beat.next(5_500), 10, 5_511)).toBe(1);
  expect(beat.lateMs(5_600)).toBe(90);
});

test('an answer to a probe was sent no earlier than the probe', () => {
  const beat = new Beat(0);
  beat.asks(7, 1_000);
  expect(beat.lateMs(1_002, 7)).toBe(2);
  // Answered, or never asked: as any frame.
  expect(beat.lateMs(1_002, 7)).toBe(1_002);
  for (let nonce = 10; nonce < 11 + probesUnansweredMax; nonce += 1) beat.asks(nonce, 2_000);
  expect(beat.lateMs(2_001, 10)).toBe(2_001);
  expect(beat.lateMs(2_001, 11)).toBe(1);
});

test('an echo of the future makes nothing younger than now', () => {
  const beat = new Beat(0);
  beat.heard(1, beat.next(100), 1_000_000, 200);
  expect(beat.lateMs(200)).toBe(0);
});

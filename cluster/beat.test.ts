import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Beat } from './beat.ts';
import { heartbeatsUnechoedMax } from './limits.ts';

test('an echo tells when its heartbeat was sent, once, and ends the wait of those before it', () => {
  const beat = new Beat();
  expect([beat.next(10), beat.next(20), beat.next(30)]).toEqual([1, 2, 3]);
  expect(beat.echoed(2)).toBe(20);
  expect(beat.echoed(2)).toBeNull();
  expect(beat.echoed(1)).toBeNull();
  expect(beat.echoed(3)).toBe(30);
  expect(beat.next(40)).toBe(4);
  expect(beat.echoed(4)).toBe(40);
});

test('an echo of what was never sent tells nothing', () => {
  const beat = new Beat();
  beat.next(10);
  expect(beat.echoed(0)).toBeNull();
  expect(beat.echoed(7)).toBeNull();
  expect(beat.echoed(beat.next(20))).toBe(20);
});

test('whatever is echoed, it remembers what a map of the last ones would', () => {
  const steps = fc.array(fc.option(fc.nat(200), { nil: null }), { maxLength: 300 });
  fc.assert(
    fc.property(steps, (echoes) => {
      const beat = new Beat();
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

/**
 * Names held twice: not for longer than a second once both holders have heard each other, and never settled so that both
 * lose.
 */
import { conflictSettledMs, excuseMs } from '../bounds.ts';
import type { Life } from '../life.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

export const conflicts: Check = {
  name: 'conflicts',
  always(world) {
    const holders = new Map<string, Life>();
    for (const life of world.living()) {
      for (const text of life.holds.keys()) {
        const other = holders.get(text);
        if (other === undefined) holders.set(text, life);
        else if (isQuiet(world, life, other))
          world.fail(`${text} is held by ${other.name} and by ${life.name}`);
      }
    }
    const { conflicts: lost } = world.ledger;
    for (const [at, one] of lost.entries()) {
      const other = lost.find((two, place) => place > at && two.key === one.key && two.life !== one.life);
      if (other === undefined || holders.has(one.key)) continue;
      if (
        other.atMs - one.atMs < conflictSettledMs &&
        one.against === other.life &&
        other.against === one.life
      )
        world.fail(`${one.key} was lost by ${one.life.name} and by ${other.life.name}, to each other`);
    }
    lost.length = 0;
  },
};

/** The two have been linked for long enough, and nothing was wrong with either. */
function isQuiet(world: World, a: Life, b: Life): boolean {
  const nowMs = world.loop.nowMs;
  const since = Math.max(a.linkedSinceMs.get(b.name) ?? nowMs, b.linkedSinceMs.get(a.name) ?? nowMs);
  if (nowMs - since < conflictSettledMs || a.paused || b.paused) return false;
  return !world.disturbances.some(
    (one) =>
      one.toMs >= nowMs - excuseMs && [a.name, b.name].some((name) => one.a === name || one.b === name),
  );
}

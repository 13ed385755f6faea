/**
 * A process that stood still for longer than others wait for it runs nothing on that it ran before: others do by now. Unless
 * it was alone, as it knew. Beside children-events.ts, which judges two that run for whatever other reason.
 */
import { membershipTickMs, stoodStillMs } from '../../../cluster/limits.ts';
import { childGivenUpMs } from '../bounds.ts';
import { timerPart } from '../event-loop.ts';
import type { Life } from '../life.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

export const standstill: Check = {
  name: 'standstill',
  begin(world) {
    if (world.withLoad) world.watches.push({ resumed: (life) => judgeResumed(world, life) });
  },
};

function judgeResumed(world: World, life: Life): void {
  const { node, site, resumedAtMs, pausedAtMs } = life;
  // The tick that it missed was due up to so much after it was stopped.
  if (resumedAtMs - pausedAtMs < stoodStillMs + 2 * membershipTickMs) return;
  const isAlone = node.members.live(site.role).length < 2;
  if (isAlone) return;
  world.loop.put(childGivenUpMs, timerPart, null, () => {
    if (life.ended || life.paused || life.resumedAtMs !== resumedAtMs) return;
    for (const running of world.children.running.values()) {
      for (const { id, sinceMs, life: at } of running)
        if (at === life && sinceMs <= resumedAtMs)
          world.fail(`${life.name} stood still for ${resumedAtMs - pausedAtMs} ms and runs ${id} on`);
    }
  });
}

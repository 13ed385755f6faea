/**
 * Who is called dead: nobody that lives and could be heard, and everybody who is gone, within 5 s. A pause of up to 4 s is
 * no death, nor is one bad path while others hear the node, nor the accuser's own pause. What else disturbed the pair
 * excuses the accuser.
 */
import { deathNoticedMs, excuseMs, noticeSlackMs, pauseNoDeathMs } from '../bounds.ts';
import { timerPart } from '../event-loop.ts';
import type { Life } from '../life.ts';
import type { Disturbance, World } from '../world.ts';
import type { Check } from './check.ts';

const betweenTwo: ReadonlySet<string> = new Set(['one way cut', 'path cut', 'reset', 'forgotten']);

export const deaths: Check = {
  name: 'deaths',
  begin(world) {
    world.watches.push({
      announced(accuser, { name, boot, status, because }) {
        if (status !== 'down') return;
        const life = world.lifeOf(name, boot);
        if (life === undefined || life.ended || world.isSuperseding(name)) return;
        // Of a tenant's node nobody vouches, and it is told of few.
        if (life.site.tenant !== null || accuser.site.tenant !== null) return;
        // Certificates that ended are judged by their own check.
        if (because.includes('expired')) return;
        if (!isExcused(world, accuser.name, name))
          world.fail(`${accuser.name} called ${name} dead, which lives: ${because}`);
      },
      gone(life) {
        const fromMs = world.loop.nowMs;
        const knew = world.living().filter((other) => other !== life && statusAt(other, life) === 'up');
        world.loop.put(deathNoticedMs + noticeSlackMs, timerPart, null, () => {
          // Who has come back since was there; when it is gone again that is looked at by itself.
          if (life.resumedAtMs > fromMs || (!life.ended && !life.paused)) return;
          for (const other of knew) judgeNotice(world, other, life, fromMs);
        });
      },
    });
  },
};

/**
 * Judged only when nothing else went on: a witness that was stopped itself, or whose path was cut, reads old heartbeats
 * late and takes them for new, which holds the verdict up for as long.
 */
function judgeNotice(world: World, other: Life, gone: Life, fromMs: number): void {
  if (other.ended || other.paused || other.resumedAtMs > fromMs - excuseMs) return;
  const disturbed = world.disturbances.some((one) => one.toMs >= fromMs - excuseMs && one.a !== gone.name);
  const before = world.disturbances.some(
    (one) => one.a === gone.name && one.toMs >= fromMs - excuseMs && one.fromMs < fromMs,
  );
  const status = statusAt(other, gone);
  if (!disturbed && !before && (status === 'up' || status === 'suspect'))
    world.fail(`${other.name} says after ${deathNoticedMs} ms that ${gone.name} is ${status}, it is gone`);
}

function statusAt(life: Life, other: Life): string | null {
  const member = life.node.members.list().find(({ name }) => name === other.name);
  return member !== undefined && member.boot === other.boot ? member.status : null;
}

function isExcused(world: World, accuser: string, accused: string): boolean {
  const nowMs = world.loop.nowMs;
  const recent = world.disturbances.filter((one) => one.toMs >= nowMs - excuseMs && one.fromMs <= nowMs);
  const pauses = recent.filter((one) => one.kind === 'pause' && one.a === accused);
  const pausedMs = pauses.reduce((sum, { fromMs, toMs }) => sum + Math.min(toMs, nowMs) - fromMs, 0);
  if (pauses.length > 1 || pausedMs > pauseNoDeathMs) return true;
  const pair = recent.filter(
    (one) => betweenTwo.has(one.kind) && touches(one, accuser) && touches(one, accused),
  );
  const other = recent.some(
    (one) =>
      !pair.includes(one) &&
      !pauses.includes(one) &&
      (touches(one, accused) || (touches(one, accuser) && one.kind !== 'pause')),
  );
  // A pause and a lost connection together may hide one heartbeat more than the deadline allows for.
  if (other || (pair.length > 0 && pauses.length > 0)) return true;
  return pair.length > 0 && !hasWitness(world, accuser, accused, recent);
}

/** Somebody who hears both, and was well all the time. */
function hasWitness(world: World, a: string, b: string, recent: readonly Disturbance[]): boolean {
  const nowMs = world.loop.nowMs;
  return world.living().some(({ name, startedAtMs, linkedSinceMs }) => {
    if (name === a || name === b || startedAtMs > nowMs - excuseMs) return false;
    const since = Math.max(linkedSinceMs.get(a) ?? nowMs, linkedSinceMs.get(b) ?? nowMs);
    return since < nowMs - excuseMs && !recent.some((one) => touches(one, name));
  });
}

function touches({ a, b }: Disturbance, name: string): boolean {
  return a === name || b === name;
}

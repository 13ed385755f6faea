/**
 * Messages: every call ends by its deadline, every monitor of a dead thing is told once, and what was sent while the link
 * lived arrived. What is told twice, astray or out of order is judged by the load as it comes.
 */
import type { Ref } from '../../../runtime/index.ts';
import { callSlackMs, stillMs } from '../bounds.ts';
import { timerPart } from '../event-loop.ts';
import { lossesOf } from '../ledger.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

export const calls: Check = {
  name: 'calls',
  begin(world) {
    world.watches.push({
      linkLost(life, peer) {
        const lostAtMs = world.loop.nowMs;
        world.loop.put(callSlackMs, timerPart, life, () => {
          for (const call of world.ledger.openCalls) {
            if (call.life === life && call.to === peer && call.askedAtMs < lostAtMs)
              world.fail(
                `${life.name}: a ${call.what} ${call.target} goes on, its link was lost ${callSlackMs} ms ago`,
              );
          }
        });
      },
    });
  },
  always(world) {
    const nowMs = world.loop.nowMs;
    const { openCalls } = world.ledger;
    for (const call of openCalls) {
      const { life, what, target, askedAtMs, timeoutMs } = call;
      if (life.ended) openCalls.delete(call);
      else if (!life.paused && nowMs > Math.max(askedAtMs + timeoutMs, life.resumedAtMs) + callSlackMs) {
        world.fail(
          `${life.name}: a ${what} ${target} of ${timeoutMs} ms has not ended after ${nowMs - askedAtMs} ms`,
        );
        openCalls.delete(call);
      }
    }
  },
};

export const monitors: Check = {
  name: 'monitors',
  settled(world) {
    const { monitors: records } = world.ledger;
    for (const [name, record] of records) {
      const { life, target, downs, forgotten } = record;
      if (life.ended || forgotten || downs > 0) {
        records.delete(name);
        continue;
      }
      if (!isThere(world, target)) world.fail(`${life.name} was never told that ${target} is down`);
    }
  },
};

export const streams: Check = {
  name: 'streams',
  settled(world) {
    for (const [name, stream] of world.ledger.streams) {
      const to = world.lifeOf(stream.to.node, stream.to.boot);
      if (stream.from.ended || to === undefined || to.ended || !isThere(world, stream.to)) {
        world.ledger.streams.delete(name);
        continue;
      }
      const losses = lossesOf(stream, to);
      const [first] = stream.underWay;
      if (first !== undefined && first.losses === losses && first.sentAtMs < world.loop.nowMs - stillMs)
        world.fail(
          `${stream.to} was never told ${first.sequence} by ${stream.from.name}, and no link was lost`,
        );
    }
  },
};

function isThere(world: World, ref: Ref): boolean {
  const life = world.lifeOf(ref.node, ref.boot);
  return life !== undefined && !life.ended && life.node.system.find(ref) !== null;
}

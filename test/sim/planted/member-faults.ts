/** Faults of membership, planted between its shell and its pure step, and in what the shell does with time. */
import type { MembershipEvent } from '../../../cluster/membership.ts';
import type { MembershipEffect, MembershipState } from '../../../cluster/membership-peer.ts';
import { insidesOf } from '../insides.ts';
import type { Life } from '../life.ts';
import type { Planted } from './planted.ts';

interface Shell {
  readonly state: MembershipState;
  apply(event: MembershipEvent): void;
  perform(effect: MembershipEffect): void;
  unlinked(link: unknown): void;
}

const shellOf = (life: Life) => insidesOf(life.node).members as unknown as Shell;

function alterEvents(
  life: Life,
  alter: (event: MembershipEvent, state: MembershipState) => MembershipEvent[],
): void {
  const shell = shellOf(life);
  const apply = shell.apply.bind(shell);
  shell.apply = (event) => {
    for (const altered of alter(event, shell.state)) apply(altered);
  };
}

export const memberFaults: readonly Planted[] = [
  {
    name: 'a suspicion is not refuted: heartbeats of a suspect do not count',
    plant(life) {
      alterEvents(life, (event, state) =>
        event.type === 'heartbeat' && state.peers.get(event.name)?.status === 'suspect' ? [] : [event],
      );
    },
  },
  {
    name: 'a node that did not run itself accuses the others',
    plant(life) {
      alterEvents(life, (event) => {
        if (event.type !== 'paused') return [event];
        const tick = { type: 'tick', nowMs: event.nowMs } as const;
        return [tick, tick];
      });
    },
  },
  {
    name: 'a short pause is taken for a death',
    plant(life) {
      alterEvents(life, (event) =>
        event.type === 'tick' ? [{ ...event, nowMs: event.nowMs + 1_500 }] : [event],
      );
    },
  },
  {
    name: 'a death is noticed late',
    plant(life) {
      alterEvents(life, (event) => {
        if (event.type === 'tick') return [{ ...event, nowMs: event.nowMs - 3_000 }];
        return event.type === 'dial_failed' && event.code === 'refused'
          ? [{ ...event, code: 'timeout' }]
          : [event];
      });
    },
  },
  {
    name: 'what others hear does not count',
    plant(life) {
      alterEvents(life, (event) =>
        event.type === 'indirect_alive' || event.type === 'gossip' ? [] : [event],
      );
    },
  },
  {
    name: 'a node that was lost is not dialled again',
    plant(life) {
      const shell = shellOf(life);
      const perform = shell.perform.bind(shell);
      shell.perform = (effect) => {
        if (effect.type !== 'dial') perform(effect);
      };
    },
  },
];

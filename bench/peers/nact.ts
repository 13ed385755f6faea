/**
 * nact as a peer: the same work as ours, in this process, in the way that its guide shows. It has one mailbox per actor
 * without a bound, no links and no monitors, so it does less per message than ours.
 */
import type { Figures, Running } from '../bench.ts';
import { burstMessages } from '../limits.ts';
import { installed } from './installed.ts';

type Nact = typeof import('nact');
type System = ReturnType<Nact['start']>;

export async function openNact(round: (nact: Nact, system: System) => Promise<Figures>): Promise<Running> {
  const nact = await installed('nact', () => import('nact'));
  return {
    async round() {
      const system = nact.start();
      try {
        return await round(nact, system);
      } finally {
        nact.stop(system);
      }
    },
    close: async () => {},
  };
}

/** Milliseconds until `count` messages from one actor have arrived at another. */
export async function dispatched(nact: Nact, system: System, count: number): Promise<number> {
  const startMs = performance.now();
  await new Promise<void>((resolve) => {
    let arrived = 0;
    const receiver = nact.spawn(system, (_state: null, _n: number) => {
      arrived += 1;
      if (arrived === count) resolve();
      return null;
    });
    type Left = { readonly left: number };
    const sender = nact.spawn(system, (_state: null, { left }: Left, { self }) => {
      const now = Math.min(left, burstMessages);
      for (let n = 0; n < now; n += 1) nact.dispatch(receiver, n);
      if (left > now) nact.dispatch(self, { left: left - now });
      return null;
    });
    nact.dispatch(sender, { left: count });
  });
  return performance.now() - startMs;
}

/** Calls a second of `callers` loops that each make `callsEach` calls, one after the other. */
export async function queried(
  nact: Nact,
  system: System,
  callers: number,
  callsEach: number,
): Promise<number> {
  type Question = { readonly sender: Parameters<Nact['dispatch']>[0] };
  const receiver = nact.spawn(system, (_state: null, { sender }: Question) => {
    nact.dispatch(sender, 0);
    return null;
  });
  const deadlineMs = 5_000;
  const startMs = performance.now();
  const caller = async () => {
    for (let n = 0; n < callsEach; n += 1)
      await nact.query(receiver, (sender: Question['sender']) => ({ sender }), deadlineMs);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (callers * callsEach * 1_000) / (performance.now() - startMs);
}

/** A nact actor has no `init`: it counts as started when it has handled its first message. */
export async function spawned(nact: Nact, count: number): Promise<{ perS: number; alive: System }> {
  const system = nact.start();
  const startMs = performance.now();
  await new Promise<void>((resolve) => {
    let started = 0;
    for (let n = 0; n < count; n += 1) {
      const ready = (_state: null, _n: number) => {
        started += 1;
        if (started === count) resolve();
        return null;
      };
      // Named here: the names that it makes up itself collide before 100,000 actors.
      nact.dispatch(nact.spawn(system, ready, `idle-${n}`), n);
    }
  });
  return { perS: (count * 1_000) / (performance.now() - startMs), alive: system };
}

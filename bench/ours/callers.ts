/**
 * Actors that call another one, one call after the other, each with the deadline that a call has by default. Used for
 * actors of the same node and of another one alike.
 */
import { type ActorSystem, defineActor, type Ref } from '../../runtime/index.ts';
import { answerTimeoutMs } from '../limits.ts';
import type { CounterProtocol } from './counter.ts';

/** How long it took, and the round trips of each call where they were asked for, in milliseconds. */
export interface Calls {
  readonly count: number;
  readonly elapsedMs: number;
  readonly eachMs: readonly number[];
}

/** An actor stops after `callsMax` calls, or after `forMs`, whichever comes first. */
export interface CallBound {
  readonly callsMax?: number;
  readonly forMs?: number;
}

interface CallerProtocol {
  start: [to: Ref<CounterProtocol>];
  call: { run(callsMax: number, untilMs: number, each: boolean): { count: number; eachMs: number[] } };
  cast: Record<never, never>;
}

const caller = defineActor<{ to: Ref<CounterProtocol> }, CallerProtocol>({
  name: 'caller',
  init: (_self, to) => ({ to }),
  call: {
    async run(self, callsMax, untilMs, each) {
      const eachMs: number[] = [];
      let [count, nowMs] = [0, self.monotonicMs()];
      while (count < callsMax && nowMs < untilMs) {
        await self.call(self.state.to).ping();
        const endMs = self.monotonicMs();
        if (each) eachMs.push(endMs - nowMs);
        nowMs = endMs;
        count += 1;
      }
      return { count, eachMs };
    },
  },
  cast: {},
});

/** Starts `callers` actors, lets them call at the same time, and ends them. */
export async function callsOf(
  system: ActorSystem,
  to: Ref<CounterProtocol>,
  callers: number,
  bound: CallBound,
  each = false,
): Promise<Calls> {
  const { callsMax = Number.POSITIVE_INFINITY, forMs = Number.POSITIVE_INFINITY } = bound;
  const refs = Array.from({ length: callers }, () => system.spawn(caller, to));
  const startMs = performance.now();
  const done = await Promise.all(
    refs.map((ref) => system.call(ref, answerTimeoutMs).run(callsMax, startMs + forMs, each)),
  );
  const elapsedMs = performance.now() - startMs;
  for (const ref of refs) system.exit(ref, 'kill');
  const count = done.reduce((sum, one) => sum + one.count, 0);
  return { count, elapsedMs, eachMs: done.flatMap((one) => one.eachMs) };
}

export function perSecond(count: number, elapsedMs: number): number {
  return (count * 1_000) / elapsedMs;
}

/**
 * Which gateway is dialled next, and when. Pure. A gateway that sends us away or breaks off is followed by the next one at
 * once; when all of a round were tried, the next round waits, longer each time, with a share of chance. A connection that
 * lived for a while ends the trouble before it.
 */
import { goodConnectionMs, roundWaitMsMax, roundWaitMsMin } from './limits.ts';

export interface Failover {
  readonly endpoints: readonly string[];
  /** The one that is dialled or connected. */
  readonly at: number;
  /** Tried in this round, this one counted. */
  readonly tried: number;
  /** Rounds that ended without a good connection. */
  readonly rounds: number;
  readonly connectedAtMs: number | null;
}

export type FailoverEvent =
  | { readonly type: 'connected'; readonly nowMs: number }
  /** It could not be reached, refused, or the connection ended. `chance`: in [0, 1). */
  | { readonly type: 'lost'; readonly nowMs: number; readonly chance: number };

/** What to do now; null: stay. */
export interface Dial {
  readonly endpoint: string;
  readonly afterMs: number;
}

/** `chance`: agents of one network begin at different gateways. */
export function newFailover(endpoints: readonly string[], chance: number): Failover {
  const at = Math.floor(chance * endpoints.length);
  return { endpoints, at, tried: 1, rounds: 0, connectedAtMs: null };
}

export function firstDial({ endpoints, at }: Failover): Dial {
  return { endpoint: endpoints[at]!, afterMs: 0 };
}

export function stepFailover(
  state: Failover,
  event: FailoverEvent,
): { readonly state: Failover; readonly dial: Dial | null } {
  if (event.type === 'connected') return { state: { ...state, connectedAtMs: event.nowMs }, dial: null };
  const { endpoints, connectedAtMs } = state;
  const wasGood = connectedAtMs !== null && event.nowMs - connectedAtMs >= goodConnectionMs;
  const at = (state.at + 1) % endpoints.length;
  const tried = wasGood ? 0 : state.tried;
  const rounds = wasGood ? 0 : state.rounds;
  const endpoint = endpoints[at]!;
  if (tried < endpoints.length && (endpoints.length > 1 || tried > 0)) {
    return {
      state: { endpoints, at, tried: tried + 1, rounds, connectedAtMs: null },
      dial: { endpoint, afterMs: 0 },
    };
  }
  const mostMs = Math.min(roundWaitMsMax, roundWaitMsMin * 2 ** Math.min(rounds, 30));
  const afterMs = Math.max(roundWaitMsMin, mostMs - (event.chance * mostMs) / 2);
  return {
    state: { endpoints, at, tried: 1, rounds: rounds + 1, connectedAtMs: null },
    dial: { endpoint, afterMs },
  };
}

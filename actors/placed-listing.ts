/**
 * One run of a source at the agent of its place, as the core follows it: ordered, heard of, ordered again when the agent lost its
 * gateway for a moment, and given up when it is gone or says nothing. Pure; the shell (`listing-at-agent.ts`) looks, orders and asks.
 *
 *     look      whether the agent is there        ordered   it was told to, or not
 *     seen      what is known of the order        asked     it has asked for what the run needs: it has begun
 *
 *     order     tell it to                        progress  how far it is
 *     over      the run is over, this way
 */
import { listingAwayMs, listingOrderLifeS, listingReorderMs, listingSilentMs } from './limits.ts';
import {
  type ListingSaid,
  type ListingTold,
  readListingSaid,
  readListingTold,
  readRefusal,
} from './listing-order.ts';
import type { OrderSeen } from './sweep-messages.ts';

export interface PlacedListing {
  readonly agent: string;
  /** By the actor that has the order; null: nobody has one. */
  orderedTo: string | null;
  commandId: string | null;
  /** The agent has said something of it. */
  hasBegun: boolean;
  readonly beganMs: number;
  heardMs: number;
  orderedMs: number;
  absentSinceMs: number | null;
  beat: string;
  isOver: boolean;
}

export type PlacedEvent =
  | { type: 'look'; agent: AgentThere | null; nowMs: number }
  | { type: 'ordered'; commandId: string | null; nowMs: number }
  | { type: 'seen'; commandId: string; seen: OrderSeen | null; nowMs: number }
  | { type: 'asked'; nowMs: number };

/** One that listens. */
export interface AgentThere {
  /** Of its actor: another one after it dialled another gateway. */
  readonly ref: string;
  readonly listsSources: boolean;
}

export type PlacedEnd =
  | { readonly type: 'told'; readonly told: ListingTold }
  | { readonly type: 'failed'; readonly code: string; readonly detail: string };

export type PlacedEffect =
  /** `instead`: of this order, which is not wanted any more. */
  | { type: 'order'; resume: boolean; instead: string | null }
  | { type: 'progress'; said: ListingSaid }
  | { type: 'over'; end: PlacedEnd };

export function newPlacedListing(agent: string, nowMs: number): PlacedListing {
  return {
    ...{ agent, orderedTo: null, commandId: null, hasBegun: false, beganMs: nowMs, heardMs: nowMs },
    ...{ orderedMs: nowMs, absentSinceMs: null, beat: '', isOver: false },
  };
}

export function stepPlaced(one: PlacedListing, event: PlacedEvent): PlacedEffect[] {
  if (one.isOver) return [];
  switch (event.type) {
    case 'look':
      return look(one, event);
    case 'asked':
      one.hasBegun = true;
      one.heardMs = event.nowMs;
      return [];
    case 'ordered':
      one.commandId = event.commandId;
      if (event.commandId !== null) return [];
      return over(one, 'agent_busy', `agent ${one.agent} has too many commands under way`);
    case 'seen':
      return event.commandId === one.commandId ? seen(one, event) : [];
  }
}

function look(one: PlacedListing, { agent, nowMs }: PlacedEvent & { type: 'look' }): PlacedEffect[] {
  if (agent === null) {
    one.orderedTo = null;
    one.commandId = null;
    one.absentSinceMs ??= nowMs;
    if (nowMs - one.absentSinceMs < listingAwayMs) return [];
    const seconds = Math.round(listingAwayMs / 1_000);
    return one.hasBegun
      ? over(one, 'agent_lost', `agent ${one.agent} went in the middle, and was not back within ${seconds} s`)
      : over(one, 'agent_away', `agent ${one.agent} is not connected: see picket agents list`);
  }
  one.absentSinceMs = null;
  if (!agent.listsSources)
    return over(one, 'agent_too_old', `agent ${one.agent} is of a version that lists no sources`);
  if (nowMs - one.beganMs >= listingOrderLifeS * 1_000)
    return over(one, 'agent_silent', `agent ${one.agent} has not come to an end in ${listingOrderLifeS} s`);
  if (one.orderedTo !== null && nowMs - one.heardMs >= listingSilentMs) {
    const seconds = Math.round(listingSilentMs / 1_000);
    return over(one, 'agent_silent', `agent ${one.agent} has said nothing of the run for ${seconds} s`);
  }
  const isSilent = nowMs - Math.max(one.heardMs, one.orderedMs) >= listingReorderMs;
  if (one.orderedTo === agent.ref && !isSilent) return [];
  // Nothing is heard of it while it has no order, which is not its fault.
  if (one.orderedTo === null) one.heardMs = nowMs;
  one.orderedTo = agent.ref;
  one.orderedMs = nowMs;
  const instead = one.commandId;
  one.commandId = null;
  return [{ type: 'order', resume: one.hasBegun, instead }];
}

const live: ReadonlySet<string> = new Set(['queued', 'sent', 'acknowledged', 'running']);

function seen(one: PlacedListing, { seen: order, nowMs }: PlacedEvent & { type: 'seen' }): PlacedEffect[] {
  if (order !== null && live.has(order.state)) return heard(one, order, nowMs);
  const told = order === null ? null : readListingTold(order.payloadJson);
  if (told !== null) {
    one.isOver = true;
    return [{ type: 'over', end: { type: 'told', told } }];
  }
  const refused = order?.state === 'failed' ? readRefusal(order.message) : null;
  if (refused !== null) {
    const isGone = refused.code === 'run_lost';
    return isGone
      ? over(one, 'agent_lost', `agent ${one.agent} was started anew in the middle`)
      : over(one, refused.code, `agent ${one.agent}: ${refused.detail}`);
  }
  // Its actor has ended, or gave the order up: whoever has the agent now is told.
  one.orderedTo = null;
  one.commandId = null;
  return [];
}

function heard(one: PlacedListing, order: OrderSeen, nowMs: number): PlacedEffect[] {
  const said = readListingSaid(order.payloadJson);
  const beat = `${order.state} ${said?.beat ?? ''}`;
  if (beat === one.beat) return [];
  one.beat = beat;
  if (order.state === 'queued' || order.state === 'sent') return [];
  one.hasBegun = true;
  one.heardMs = nowMs;
  return said === null ? [] : [{ type: 'progress', said }];
}

function over(one: PlacedListing, code: string, detail: string): PlacedEffect[] {
  one.isOver = true;
  return [{ type: 'over', end: { type: 'failed', code, detail } }];
}

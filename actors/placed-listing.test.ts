import { describe, expect, test } from 'vitest';
import { listingAwayMs, listingOrderLifeS, listingReorderMs, listingSilentMs } from './limits.ts';
import {
  newPlacedListing,
  type PlacedEffect,
  type PlacedEvent,
  type PlacedListing,
  stepPlaced,
} from './placed-listing.ts';

const there = (ref = 'poller_1', listsSources = true) => ({ ref, listsSources });
const look = (nowMs: number, agent: ReturnType<typeof there> | null = there()): PlacedEvent => ({
  ...{ type: 'look', agent, nowMs },
});
const ordered = (nowMs: number, commandId: string | null = 'c1'): PlacedEvent => ({
  ...{ type: 'ordered', commandId, nowMs },
});
const seen = (nowMs: number, state: string, payload: object | null = null, message = ''): PlacedEvent => ({
  ...{ type: 'seen', commandId: 'c1', nowMs },
  seen: { state, message, payloadJson: Buffer.from(payload === null ? '' : JSON.stringify(payload)) },
});
const running = (nowMs: number, beat: number) => seen(nowMs, 'running', { page: 1, devices: 5, beat });
const order = (resume: boolean, instead: string | null = null) => ({ type: 'order', resume, instead });
const codeOf = (effects: readonly PlacedEffect[]) =>
  effects.map((one) =>
    one.type === 'over' ? (one.end.type === 'failed' ? one.end.code : one.end.told.code) : one.type,
  );

/** Ordered and heard of at 1,000. */
function begun(): PlacedListing {
  const one = newPlacedListing('plant-1', 0);
  for (const event of [look(0), ordered(0), running(1_000, 1)]) stepPlaced(one, event);
  return one;
}

describe('a run at an agent', () => {
  test('is ordered once, tells how far it is, and ends as the agent says', () => {
    const one = newPlacedListing('plant-1', 0);
    expect(stepPlaced(one, look(0))).toEqual([order(false)]);
    expect(stepPlaced(one, ordered(10))).toEqual([]);
    expect(stepPlaced(one, look(1_000))).toEqual([]);
    expect(stepPlaced(one, running(1_000, 1))).toMatchObject([
      { type: 'progress', said: { page: 1, devices: 5, total: null } },
    ]);
    expect(stepPlaced(one, running(2_000, 1))).toEqual([]);
    const told = { outcome: 'aborted', code: 'server_error', detail: 'no', page: 3, blames: 'theirs' };
    const over = stepPlaced(one, seen(3_000, 'failed', told, 'server_error: no'));
    expect(over).toMatchObject([{ type: 'over', end: { type: 'told', told: { ...told } } }]);
    expect(stepPlaced(one, look(4_000))).toEqual([]);
  });

  test('is waited for a while when the agent is not there, and called away then', () => {
    const one = newPlacedListing('plant-1', 0);
    expect(stepPlaced(one, look(0, null))).toEqual([]);
    expect(stepPlaced(one, look(listingAwayMs - 1, null))).toEqual([]);
    expect(codeOf(stepPlaced(one, look(listingAwayMs, null)))).toEqual(['agent_away']);
  });

  test('goes on when the agent dials another gateway in time, and is lost when it does not', () => {
    const one = begun();
    expect(stepPlaced(one, look(2_000, null))).toEqual([]);
    expect(stepPlaced(one, look(9_000, there('poller_2')))).toEqual([order(true)]);
    stepPlaced(one, ordered(9_000));
    expect(stepPlaced(one, look(10_000, there('poller_2')))).toEqual([]);
    expect(stepPlaced(one, look(11_000, null))).toEqual([]);
    expect(codeOf(stepPlaced(one, look(11_000 + listingAwayMs, null)))).toEqual(['agent_lost']);
  });

  test('of a program that was started anew is lost: it does not begin in the middle', () => {
    const one = begun();
    stepPlaced(one, look(2_000, null));
    stepPlaced(one, look(3_000));
    stepPlaced(one, ordered(3_000));
    const said = stepPlaced(one, seen(4_000, 'failed', null, 'run_lost: nothing is known of it'));
    expect(codeOf(said)).toEqual(['agent_lost']);
  });

  test('is asked for once more when nothing is heard, and given up when that brings nothing', () => {
    const one = begun();
    expect(stepPlaced(one, look(1_000 + listingReorderMs))).toEqual([order(true, 'c1')]);
    stepPlaced(one, ordered(1_000 + listingReorderMs));
    expect(stepPlaced(one, look(2_000 + listingReorderMs))).toEqual([]);
    expect(codeOf(stepPlaced(one, look(1_000 + listingSilentMs)))).toEqual(['agent_silent']);
  });

  test('that an agent keeps alive without an end has one all the same', () => {
    const one = begun();
    stepPlaced(one, running(listingOrderLifeS * 1_000 - 1, 2));
    expect(codeOf(stepPlaced(one, look(listingOrderLifeS * 1_000)))).toEqual(['agent_silent']);
  });

  test.each<[string, PlacedEvent, string]>([
    ['an agent that lists no sources', look(1, there('poller_1', false)), 'agent_too_old'],
    ['an agent that is full', ordered(1, null), 'agent_busy'],
    ['an agent that refuses', seen(1, 'failed', null, 'not_placed: no'), 'not_placed'],
  ])('ends at %s', (_, event, code) => {
    const one = newPlacedListing('plant-1', 0);
    stepPlaced(one, look(0));
    if (event.type === 'seen') stepPlaced(one, ordered(0));
    expect(codeOf(stepPlaced(one, event))).toEqual([code]);
  });

  test('whose order nobody has any more is ordered again; a word of an earlier order counts nothing', () => {
    const one = begun();
    stepPlaced(one, { type: 'seen', commandId: 'c1', seen: null, nowMs: 2_000 });
    expect(stepPlaced(one, look(3_000))).toEqual([order(true)]);
    stepPlaced(one, ordered(3_000, 'c2'));
    expect(stepPlaced(one, seen(4_000, 'failed', { outcome: 'complete' }))).toEqual([]);
  });
});

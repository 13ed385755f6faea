/**
 * A run of a source as a command to the agent at which it is placed (`source.run`, and `source.stop` for one that is not wanted any
 * more), and what the agent says of it. Pure. Nothing that opens the source stands in a command: the agent asks for that itself. The
 * agent is a stranger: what it says is cut and bounded.
 */
import type { ListingCounts } from '../sources/index.ts';
import type { Blame } from './listing-plan.ts';
import { readObject } from './order-payload.ts';

/** An agent that takes these commands says so by this word among its capabilities. */
export const sourceCapability = 'source';
export const sourceRunCommand = 'source.run';
export const sourceStopCommand = 'source.stop';

export interface ListingOrder {
  readonly runId: string;
  readonly sourceId: string;
  /** The agent has begun it: one that knows nothing of it was started anew, and does not begin again. */
  readonly resume: boolean;
}

export function orderListing({ runId, sourceId, resume }: ListingOrder): Uint8Array {
  return Buffer.from(JSON.stringify({ run: runId, source: sourceId, resume }));
}

export function stopListing(runId: string): Uint8Array {
  return Buffer.from(JSON.stringify({ run: runId }));
}

export interface ListingSaid {
  readonly page: number;
  readonly total: number | null;
  readonly devices: number;
  /** Other with each word. */
  readonly beat: number;
}

/** How it ended, by the agent's word. */
export interface ListingTold {
  readonly outcome: 'complete' | 'aborted';
  readonly code: string;
  readonly detail: string;
  readonly page: number;
  readonly blames: Blame;
  readonly counts: ListingCounts;
}

const detailCharactersMax = 300;

/** Null: it is none of these. */
export function readListingSaid(payload: Uint8Array): ListingSaid | null {
  const said = readObject(payload);
  if (said === null || typeof said.beat !== 'number') return null;
  const total = typeof said.total === 'number' ? count(said.total) : null;
  return { page: count(said.page), total, devices: count(said.devices), beat: count(said.beat) };
}

/** Null: it is none of these. */
export function readListingTold(payload: Uint8Array): ListingTold | null {
  const said = readObject(payload);
  if (said === null || (said.outcome !== 'complete' && said.outcome !== 'aborted')) return null;
  const { outcome } = said;
  const isWord = typeof said.code === 'string' && /^[a-z][a-z0-9_]{1,40}$/.test(said.code);
  const code = isWord ? (said.code as string) : 'failed';
  const isTheirs = outcome === 'aborted' && said.blames === 'theirs';
  const blames = outcome === 'complete' ? 'none' : isTheirs ? 'theirs' : 'ours';
  const detail = lineOf(said.detail);
  return { outcome, code, detail, page: count(said.page), blames, counts: countsOf(said.counts) };
}

/** What an agent says when it does not do what it is told: `code: detail`. Null: it says no such thing. */
export function readRefusal(message: string): { code: string; detail: string } | null {
  const said = /^([a-z][a-z0-9_]{1,40}): ([\s\S]*)$/.exec(message);
  return said === null ? null : { code: said[1]!, detail: lineOf(said[2]) };
}

export function countsOf(said: unknown): ListingCounts {
  const of = (typeof said === 'object' && said !== null ? said : {}) as Record<string, unknown>;
  return {
    ...{ listed: count(of.listed), updates: count(of.updates), blacklisted: count(of.blacklisted) },
    ...{ bad: count(of.bad), repeated: count(of.repeated), retracted: count(of.retracted) },
    ...{ unconfirmed: count(of.unconfirmed), pages: count(of.pages), requests: count(of.requests) },
    retries: count(of.retries),
  };
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function lineOf(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, detailCharactersMax);
}

/**
 * What an agent that only listens says of a service, as an item of a push would say it: `available` of its answers is always true, the
 * truth stands in the JSON document, and a document that is no JSON is an error. Pure.
 */
import type { PolledTarget } from '../../actors/messages.ts';
import type { StatusResponse } from '../../proto/index.ts';
import { statusMessageBytesMax } from '../limits.ts';
import type { StatusItem } from '../status-items.ts';
import { type DialFault, faulty } from './dial-errors.ts';
import { toldCharactersMax } from './dial-limits.ts';
import { readJson } from './document-join.ts';

export interface StatusRead {
  readonly item: StatusItem;
  /** What was wrong with the answer; the item says so too. */
  readonly fault: DialFault | null;
}

const latencyMsMax = 86_400_000;

export function readStatus(service: PolledTarget, answer: StatusResponse, agentId: string): StatusRead {
  const { type, name } = service;
  const { message, available, responseTime } = answer;
  const base = { name, type, source: 'status', agentId, latencyMs: latencyOf(responseTime) } as const;
  const told = readJson(message);
  if (told === undefined) {
    const fault = faulty('bad_json', 'the message is no JSON');
    const text = json({ available: false, error: `${fault.fault}: ${fault.detail}` });
    return { item: { ...base, available: false, message: text }, fault };
  }
  const isUp = isObject(told) && typeof told.available === 'boolean' ? told.available : available;
  // A document that would be cut is told by what is read of it.
  const fits = message.length <= statusMessageBytesMax;
  const text = fits ? Buffer.from(message) : json({ available: isUp, ...shortOf(told) });
  return { item: { ...base, available: isUp, message: text }, fault: null };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields of a status that are read later, each within bounds. */
function shortOf(told: unknown): Record<string, unknown> {
  if (!isObject(told)) return {};
  const short: Record<string, unknown> = {};
  for (const name of ['error', 'message'])
    if (typeof told[name] === 'string') short[name] = told[name].slice(0, toldCharactersMax);
  if (typeof told.response_time === 'number') short.response_time = told.response_time;
  return short;
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** From nanoseconds; zero, less, or more than a day says nothing. */
function latencyOf(responseTime: number): number | null {
  const ms = responseTime / 1e6;
  return ms > 0 && ms <= latencyMsMax ? ms : null;
}

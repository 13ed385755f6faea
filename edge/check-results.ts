/**
 * What an agent pushed, as results of its tenant's checks: which check an item is of, what it says of it, and the due instant
 * that it answers. Pure. An agent runs on its own clock and pushes less often than it runs: what it pushes counts for the last
 * due instant before the push.
 */
import { type CheckView, dueAtOrBefore, type ResultRow } from '../actors/messages.ts';
import type { EdgePeer } from './peer.ts';
import type { StatusItem } from './status-items.ts';

export interface PushedResults {
  readonly rows: ResultRow[];
  /** Statuses of what is no check of the agent's partition. */
  readonly noCheck: number;
  /** Documents of kinds that nobody here takes. */
  readonly documents: number;
}

export interface Push {
  readonly peer: EdgePeer;
  /** This node, which the results name as their poller. */
  readonly node: string;
  readonly items: readonly StatusItem[];
  /** Unix milliseconds. */
  readonly atMs: number;
}

const reasonCharactersMax = 500;
/** What must not stand in a reason: the store takes no NUL, and a log line is one line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

export function resultsOf({ peer, node, items, atMs }: Push, views: readonly CheckView[]): PushedResults {
  const own = views.filter(({ partition }) => partition === peer.partition);
  const byId = new Map(own.map((view) => [view.id, view]));
  const byName = new Map<string, CheckView[]>();
  for (const view of own) byName.set(view.name, [...(byName.get(view.name) ?? []), view]);
  const rows = new Map<string, ResultRow>();
  let noCheck = 0;
  let documents = 0;
  for (const item of items) {
    const check = byId.get(item.name) ?? ofName(byName.get(item.name), item.type);
    if (item.source !== 'status') documents += 1;
    else if (check === null) noCheck += 1;
    // One row for an instant: of two in one push the later counts.
    else rows.set(check.id, rowOf(item, check, node, atMs));
  }
  return { rows: [...rows.values()], noCheck, documents };
}

/** The check of that name; of several, the one of the item's kind. */
function ofName(views: readonly CheckView[] | undefined, type: string): CheckView | null {
  if (views === undefined) return null;
  if (views.length === 1) return views[0]!;
  const fit = views.filter(({ kind }) => kind === type);
  return fit.length === 1 ? fit[0]! : null;
}

function rowOf(item: StatusItem, check: CheckView, node: string, atMs: number): ResultRow {
  const told = readDocument(item.message);
  // `available` of an item says that the agent answered; where its document says what it found, that counts.
  const isUp = typeof told.available === 'boolean' ? told.available : item.available;
  const measured = item.latencyMs ?? latencyOf(told.response_time);
  return {
    checkId: check.id,
    dueAtMs: dueAtOrBefore(check.id, check.interval_ms, atMs),
    startedAtMs: Math.floor(atMs),
    latencyMs: isUp ? measured : null,
    status: isUp ? 'success' : 'critical',
    reason: isUp ? null : reasonOf(told),
    agent: item.agentId,
    poller: node,
  };
}

interface Told {
  readonly available?: unknown;
  readonly response_time?: unknown;
  readonly error?: unknown;
  readonly message?: unknown;
}

/** Empty for what is no JSON object: a text, or a document that was cut. */
function readDocument(message: Uint8Array): Told {
  if (message[0] !== 0x7b) return {};
  try {
    return JSON.parse(
      Buffer.from(message.buffer, message.byteOffset, message.length).toString('utf8'),
    ) as Told;
  } catch {
    return {};
  }
}

function latencyOf(nanoseconds: unknown): number | null {
  if (typeof nanoseconds !== 'number') return null;
  const ms = nanoseconds / 1e6;
  return ms > 0 && ms <= 86_400_000 ? ms : null;
}

function reasonOf({ error, message }: Told): string {
  const said = [error, message].find((text) => typeof text === 'string' && text !== '') as string | undefined;
  const text = (said ?? 'not available').replace(controls, ' ').slice(0, reasonCharactersMax);
  return `agent_says: ${text}`;
}

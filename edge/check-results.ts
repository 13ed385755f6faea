/**
 * What an agent pushed, as results of its tenant's checks: which check an item is of, what it says of it, and the due instant
 * that it answers. Pure. An agent runs on its own clock and pushes less often than it runs: what it pushes counts for the last
 * due instant before the push, unless the item's own document says when it was run, as those of our own agents do.
 */
import { type CheckView, dueAtOrBefore, type ResultRow } from '../actors/messages.ts';
import { itemAgeMsMax, pushAheadMsMax } from './limits.ts';
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
  /** When it was made, as its whole seconds tell it: Unix milliseconds. */
  readonly atMs: number;
  /** When it came. */
  readonly nowMs: number;
}

const reasonCharactersMax = 500;
/** What must not stand in a reason: the store takes no NUL, and a log line is one line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

export function resultsOf(
  { peer, node, items, atMs, nowMs }: Push,
  views: readonly CheckView[],
): PushedResults {
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
    else {
      const row = rowOf(item, check, node, atMs, nowMs);
      // One row for an instant: of two in one push the later counts.
      rows.set(`${row.dueAtMs} ${check.id}`, row);
    }
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

function rowOf(item: StatusItem, check: CheckView, node: string, atMs: number, nowMs: number): ResultRow {
  const told = readDocument(item.message);
  const { dueAtMs, startedAtMs } = instantsOf(told, check, atMs, nowMs);
  const where = { checkId: check.id, dueAtMs, startedAtMs, agent: item.agentId, poller: node };
  const measured = item.latencyMs ?? latencyOf(told.response_time);
  const status = statuses.find((one) => one === told.status);
  if (status !== undefined) {
    const reason = status === 'success' ? null : readable(told.error) || 'not available';
    return { ...where, latencyMs: measured, status, reason };
  }
  // `available` of an item says that the agent answered; where its document says what it found, that counts.
  const isUp = typeof told.available === 'boolean' ? told.available : item.available;
  return {
    ...where,
    latencyMs: isUp ? measured : null,
    status: isUp ? 'success' : 'critical',
    reason: isUp ? null : reasonOf(told),
  };
}

/** What our own agents say of a check beside whether it is up. That one was not run, nobody else's word counts for. */
const statuses = ['success', 'warning', 'critical', 'unknown', 'timeout'] as const;

/**
 * When it was run: the document's word when it can be true, never later than now. An instant of the check's grid that it names
 * counts, so that one which began late is not taken for the next.
 */
function instantsOf(
  { started_at, due_at }: Told,
  { id, interval_ms }: CheckView,
  atMs: number,
  nowMs: number,
) {
  const isTrue =
    isInstant(started_at) && started_at >= nowMs - itemAgeMsMax && started_at <= nowMs + pushAheadMsMax;
  const startedAtMs = Math.floor(isTrue ? Math.min(started_at, nowMs) : atMs);
  const lastMs = dueAtOrBefore(id, interval_ms, startedAtMs);
  const isNamed =
    isTrue && isInstant(due_at) && due_at <= lastMs && due_at > lastMs - lateInstantsMax * interval_ms;
  const dueAtMs = isNamed && dueAtOrBefore(id, interval_ms, due_at) === due_at ? due_at : lastMs;
  return { startedAtMs, dueAtMs };
}

/** So many instants before its beginning a run may have been due: an agent leaves out what it cannot begin by then. */
const lateInstantsMax = 10;

function isInstant(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

interface Told {
  readonly available?: unknown;
  readonly response_time?: unknown;
  readonly error?: unknown;
  readonly message?: unknown;
  readonly status?: unknown;
  readonly started_at?: unknown;
  readonly due_at?: unknown;
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
  return `agent_says: ${readable(error) || readable(message) || 'not available'}`;
}

/** Empty for what is no text. */
function readable(text: unknown): string {
  return typeof text === 'string' ? text.replace(controls, ' ').slice(0, reasonCharactersMax) : '';
}

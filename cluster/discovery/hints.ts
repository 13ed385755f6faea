/**
 * What a node knows of the addresses that it was told, and the small changes that the rules of discovery are made of.
 * Beneath `decision.ts` (events) and `news.ts` (what is said of it). All instants are monotonic milliseconds.
 */
import type { Random } from '../../runtime/index.ts';
import { readAddress } from '../address.ts';
import {
  addressesReadMax,
  hintDialMaxMs,
  hintDialMinMs,
  hintSettledMs,
  hintsMax,
  sourceRetryMaxMs,
  sourceRetryMinMs,
} from './limits.ts';

export interface Hint {
  readonly address: string;
  /** The node that answered here last. */
  peer: string | null;
  /** Failures in a row. */
  attempts: number;
  /** Not dialled before. */
  dueMs: number;
  /** Whoever was here said that it goes: not dialled before, whatever else falls due. */
  heldUntilMs: number;
  /** Code of the last failure; null when it never failed or answered since. */
  problem: string | null;
}

export interface DiscoveryState {
  /** Addresses that lead to this node: never dialled. */
  readonly own: Set<string>;
  readonly hints: Map<string, Hint>;
  /** Nodes with a link, the address that they tell of themselves, and since when. */
  readonly linked: Map<string, { readonly address: string; readonly sinceMs: number }>;
  /** How many nodes are linked that tell this address. */
  readonly linkedAt: Map<string, number>;
  /** Dials whose outcome is not known yet, with their beginning. */
  readonly dialling: Map<string, number>;
  /** Beginnings of dials in the second that began then. */
  secondMs: number;
  dialsInSecond: number;
  readonly source: {
    readonly title: string;
    readonly pauseMs: number;
    running: boolean;
    /** When the session that runs began; when the next is due otherwise. */
    sinceMs: number;
    dueMs: number;
    failures: number;
    /** The code that the log knows of. */
    problem: string | null;
  };
  readonly news: News;
}

export interface News {
  added: string[];
  gone: string[];
  dropped: number;
  /** The list changed, and the log does not know it. */
  listed: boolean;
  /** There was an answer before. */
  began: boolean;
  /** An address began or ceased to fail since the last look. */
  touched: boolean;
  /** The failing addresses that the log knows of. */
  failing: string;
  saidMs: number;
}

export function createDiscovery(source: { title: string; pauseMs: number }): DiscoveryState {
  return {
    own: new Set(),
    hints: new Map(),
    linked: new Map(),
    linkedAt: new Map(),
    dialling: new Map(),
    secondMs: Number.NEGATIVE_INFINITY,
    dialsInSecond: 0,
    source: {
      title: source.title,
      pauseMs: source.pauseMs,
      running: false,
      sinceMs: 0,
      dueMs: Number.POSITIVE_INFINITY,
      failures: 0,
      problem: null,
    },
    news: {
      added: [],
      gone: [],
      dropped: 0,
      listed: false,
      began: false,
      touched: false,
      failing: '',
      saidMs: Number.NEGATIVE_INFINITY,
    },
  };
}

/** Null for what cannot be dialled: no address, no port, or the unspecified address (which would lead to this machine). */
export function dialable(text: unknown): string | null {
  const address = readAddress(text);
  if (address === null || address.port === 0) return null;
  if (/^[0.]+$|^[0:]+$/.test(address.host)) return null;
  // A name or address is one whatever its case; the interface behind a `%` is not.
  return (text as string).replace(/^[^%]+/, (plain) => plain.toLowerCase());
}

/** Takes the list over: what is known and still there stays as it is, then as many new ones as there is room for. */
export function replaceHints(state: DiscoveryState, addresses: readonly string[], nowMs: number): void {
  const { hints, news } = state;
  const told = new Set<string>();
  for (const text of addresses.slice(0, addressesReadMax)) {
    const address = dialable(text);
    if (address !== null && !state.own.has(address)) told.add(address);
  }
  for (const address of hints.keys()) {
    if (told.has(address)) continue;
    hints.delete(address);
    note(news.gone, address);
  }
  let dropped = Math.max(0, addresses.length - addressesReadMax);
  for (const address of told) {
    if (hints.has(address)) continue;
    if (hints.size >= hintsMax) {
      dropped += 1;
      continue;
    }
    hints.set(address, {
      address,
      peer: null,
      attempts: 0,
      dueMs: nowMs,
      heldUntilMs: nowMs,
      problem: null,
    });
    note(news.added, address);
  }
  const isOther = news.added.length > 0 || news.gone.length > 0 || dropped !== news.dropped;
  // The first answer is said also when it is empty: it tells that somebody was asked.
  if (isOther || !news.began) news.listed = true;
  news.began = true;
  news.dropped = dropped;
  news.touched = true;
}

/** News wait while the log is spared: what waits is bounded as the list is. */
function note(list: string[], address: string): void {
  if (list.length < hintsMax) list.push(address);
}

export function isLinked(state: DiscoveryState, hint: Hint): boolean {
  return state.linkedAt.has(hint.address) || (hint.peer !== null && state.linked.has(hint.peer));
}

export function link(state: DiscoveryState, node: string, told: string, nowMs: number): void {
  const address = dialable(told) ?? told;
  unlink(state, node);
  state.linked.set(node, { address, sinceMs: nowMs });
  state.linkedAt.set(address, (state.linkedAt.get(address) ?? 0) + 1);
  const hint = state.hints.get(address);
  if (hint === undefined) return;
  hint.peer = node;
  hint.problem = null;
  hint.heldUntilMs = nowMs;
  state.news.touched = true;
}

/** What it was linked by; null when it was not. */
export function unlink(state: DiscoveryState, node: string): { address: string; sinceMs: number } | null {
  const was = state.linked.get(node);
  if (was === undefined) return null;
  state.linked.delete(node);
  const others = state.linkedAt.get(was.address)! - 1;
  if (others > 0) state.linkedAt.set(was.address, others);
  else state.linkedAt.delete(was.address);
  return was;
}

/** Until the link is kept this counts as one more try: a node that answers and is refused each time is no address to hurry to. */
export function answered(
  state: DiscoveryState,
  hint: Hint,
  node: string,
  nowMs: number,
  random: Random,
): void {
  hint.peer = node;
  hint.problem = null;
  state.news.touched = true;
  if (state.linked.has(node)) return;
  hint.attempts += 1;
  hint.dueMs = nowMs + backoffMs(hint.attempts, hintDialMinMs, hintDialMaxMs, random);
}

export function failed(state: DiscoveryState, hint: Hint, code: string, nowMs: number, random: Random): void {
  hint.attempts += 1;
  hint.problem = code;
  state.news.touched = true;
  hint.dueMs = nowMs + backoffMs(hint.attempts, hintDialMinMs, hintDialMaxMs, random);
}

/** A link that lasted is forgiven its earlier failures; one that ends at once, again and again, is dialled ever more slowly. */
export function lost(
  state: DiscoveryState,
  hint: Hint,
  sinceMs: number,
  nowMs: number,
  random: Random,
): void {
  hint.attempts = nowMs - sinceMs >= hintSettledMs ? 0 : hint.attempts + 1;
  const delayMs = backoffMs(Math.max(1, hint.attempts), hintDialMinMs, hintDialMaxMs, random);
  hint.dueMs = Math.max(nowMs + delayMs, hint.heldUntilMs);
  // Somebody else may live there by now, also when the node is back at another address.
  hint.peer = null;
  state.news.touched = true;
}

export function sourceRetryMs(failures: number, random: Random): number {
  return backoffMs(failures, sourceRetryMinMs, sourceRetryMaxMs, random);
}

/** Doubles from the least to the greatest; half of it is chance, so that nodes that failed together do not return together. */
function backoffMs(attempts: number, minMs: number, maxMs: number, random: Random): number {
  const whole = Math.min(maxMs, minMs * 2 ** Math.min(attempts - 1, 16));
  return Math.round(whole * (0.5 + random.next() / 2));
}

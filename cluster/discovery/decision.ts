/**
 * Whom to dial and when to ask, as one node decides it: `(state, event) -> {state, effects}`. Addresses come and go, are
 * dialled while nobody who lives there is linked, ever more slowly while they fail, and a bounded number at once; the
 * source is asked again when its session ends. Who is a member is membership's, which also redials the nodes that it
 * knows. The state is changed in place; the same events and chances always give the same effects.
 */
import type { Random } from '../../runtime/index.ts';
import {
  answered,
  type DiscoveryState,
  dialable,
  failed,
  type Hint,
  isLinked,
  link,
  lost,
  replaceHints,
  sourceRetryMs,
  unlink,
} from './hints.ts';
import {
  dialOutcomeMs,
  hintDialMinMs,
  hintDialsAtOnceMax,
  hintDialsPerS,
  leftHoldMs,
  ownAddressesMax,
  sourceSettledMs,
} from './limits.ts';
import { newsDueMs, type Said, tellNews } from './news.ts';

export type DialOutcome =
  | { type: 'answered'; node: string }
  /** Whoever answered is this very process. */
  | { type: 'own' }
  /** Somebody else is dialling there at this moment. */
  | { type: 'busy' }
  | { type: 'failed'; code: string };

/** All instants: monotonic milliseconds of this node. */
export type DiscoveryEvent =
  /** `own`: every address that is known to lead to this node. */
  | { type: 'begin'; own: readonly string[]; nowMs: number }
  /** All addresses that the source has now. */
  | { type: 'told'; addresses: readonly string[]; nowMs: number }
  | { type: 'session_ended'; nowMs: number }
  | { type: 'session_failed'; code: string; detail: string; nowMs: number }
  | { type: 'dialled'; address: string; outcome: DialOutcome; nowMs: number }
  /** A link to the node is there; `address`: where it says that it is reached. */
  | { type: 'linked'; node: string; address: string; nowMs: number }
  | { type: 'unlinked'; node: string; nowMs: number }
  /** The node said that it goes. */
  | { type: 'left'; node: string; address: string; nowMs: number }
  | { type: 'tick'; nowMs: number };

export type DiscoveryEffect =
  /** Begin a session; the answers are `told`, and `session_ended` or `session_failed`. */
  | { type: 'ask' }
  /** The answer is `dialled`. */
  | { type: 'dial'; address: string }
  | Said;

export interface DiscoveryStep {
  readonly state: DiscoveryState;
  readonly effects: DiscoveryEffect[];
}

export function stepDiscovery(state: DiscoveryState, event: DiscoveryEvent, random: Random): DiscoveryStep {
  const effects: DiscoveryEffect[] = [];
  const { nowMs } = event;
  switch (event.type) {
    case 'begin':
      for (const address of event.own) state.own.add(dialable(address) ?? address);
      state.source.dueMs = nowMs;
      break;
    case 'told':
      replaceHints(state, event.addresses, nowMs);
      break;
    case 'session_ended':
      sessionEnded(state, effects, nowMs, random);
      break;
    case 'session_failed':
      sessionFailed(state, effects, event, random);
      break;
    case 'dialled':
      dialled(state, event.address, event.outcome, nowMs, random);
      break;
    case 'linked':
      link(state, event.node, event.address, nowMs);
      break;
    case 'unlinked': {
      const was = unlink(state, event.node);
      if (was === null) break;
      for (const hint of hintsOf(state, event.node, was.address))
        lost(state, hint, was.sinceMs, nowMs, random);
      break;
    }
    case 'left':
      for (const hint of hintsOf(state, event.node, event.address)) {
        hint.heldUntilMs = nowMs + leftHoldMs;
        hint.dueMs = Math.max(hint.dueMs, hint.heldUntilMs);
      }
      break;
    case 'tick':
      break;
  }
  for (const [address, sinceMs] of state.dialling) {
    if (nowMs - sinceMs < dialOutcomeMs) break;
    dialled(state, address, { type: 'failed', code: 'no_answer' }, nowMs, random);
  }
  settle(state, effects, nowMs);
  dialDue(state, effects, nowMs);
  if (!state.source.running && nowMs >= state.source.dueMs) {
    state.source.running = true;
    state.source.sinceMs = nowMs;
    effects.push({ type: 'ask' });
  }
  effects.push(...tellNews(state, nowMs));
  return { state, effects };
}

/** When the next `tick` is wanted; infinite when nothing falls due by itself. */
export function discoveryDueMs(state: DiscoveryState): number {
  const { source } = state;
  let dueMs = newsDueMs(state);
  if (!source.running) dueMs = Math.min(dueMs, source.dueMs);
  else if (source.problem !== null) dueMs = Math.min(dueMs, source.sinceMs + sourceSettledMs);
  for (const sinceMs of state.dialling.values()) {
    dueMs = Math.min(dueMs, sinceMs + dialOutcomeMs);
    break;
  }
  if (state.dialling.size >= hintDialsAtOnceMax) return dueMs;
  const roomMs = state.dialsInSecond < hintDialsPerS ? 0 : state.secondMs + 1_000;
  for (const hint of state.hints.values()) {
    if (!isWaiting(state, hint)) continue;
    dueMs = Math.min(dueMs, Math.max(hint.dueMs, roomMs));
  }
  return dueMs;
}

function isWaiting(state: DiscoveryState, hint: Hint): boolean {
  return !state.dialling.has(hint.address) && !isLinked(state, hint);
}

function hintsOf(state: DiscoveryState, node: string, told: string): Hint[] {
  const address = dialable(told) ?? told;
  return [...state.hints.values()].filter((hint) => hint.peer === node || hint.address === address);
}

/** Addresses that were never tried go first: a long list of dead ones must not keep a living one waiting. */
function dialDue(state: DiscoveryState, effects: DiscoveryEffect[], nowMs: number): void {
  if (nowMs - state.secondMs >= 1_000) {
    state.secondMs = nowMs;
    state.dialsInSecond = 0;
  }
  const room = Math.min(hintDialsAtOnceMax - state.dialling.size, hintDialsPerS - state.dialsInSecond);
  if (room <= 0) return;
  const due = [...state.hints.values()].filter((hint) => nowMs >= hint.dueMs && isWaiting(state, hint));
  due.sort((a, b) => Math.min(a.attempts, 1) - Math.min(b.attempts, 1) || a.dueMs - b.dueMs);
  for (const { address } of due.slice(0, room)) {
    state.dialling.set(address, nowMs);
    state.dialsInSecond += 1;
    effects.push({ type: 'dial', address });
  }
}

function dialled(
  state: DiscoveryState,
  address: string,
  outcome: DialOutcome,
  nowMs: number,
  random: Random,
): void {
  state.dialling.delete(address);
  const hint = state.hints.get(address);
  if (outcome.type === 'own') {
    if (state.own.size < ownAddressesMax) state.own.add(address);
    state.hints.delete(address);
    state.news.touched = true;
  } else if (hint === undefined) return;
  else if (outcome.type === 'answered') answered(state, hint, outcome.node, nowMs, random);
  else if (outcome.type === 'busy') hint.dueMs = nowMs + hintDialMinMs;
  else if (!isLinked(state, hint)) failed(state, hint, outcome.code, nowMs, random);
}

function sessionEnded(
  state: DiscoveryState,
  effects: DiscoveryEffect[],
  nowMs: number,
  random: Random,
): void {
  const { source } = state;
  source.running = false;
  source.failures = 0;
  source.dueMs = nowMs + Math.round(source.pauseMs * (0.75 + random.next() / 2));
  worksAgain(state, effects);
}

function sessionFailed(
  state: DiscoveryState,
  effects: DiscoveryEffect[],
  { code, detail, nowMs }: Extract<DiscoveryEvent, { type: 'session_failed' }>,
  random: Random,
): void {
  const { source } = state;
  source.running = false;
  source.failures = nowMs - source.sinceMs >= sourceSettledMs ? 1 : source.failures + 1;
  source.dueMs = nowMs + sourceRetryMs(source.failures, random);
  if (code === source.problem) return;
  source.problem = code;
  const fields = { source: source.title, code, detail, addresses: state.hints.size };
  effects.push({ type: 'say', level: 'warn', message: 'discovery fails: the last addresses count', fields });
}

/** A session that stays is taken for a good one only after a while: one that fails each time after its first answer is not. */
function settle(state: DiscoveryState, effects: DiscoveryEffect[], nowMs: number): void {
  const { source } = state;
  if (source.running && nowMs - source.sinceMs >= sourceSettledMs) worksAgain(state, effects);
}

function worksAgain({ source, hints }: DiscoveryState, effects: DiscoveryEffect[]): void {
  if (source.problem === null) return;
  source.problem = null;
  const fields = { source: source.title, addresses: hints.size };
  effects.push({ type: 'say', level: 'info', message: 'discovery works again', fields });
}

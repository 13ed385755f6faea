/**
 * The commands of one agent: which are under way, what the agent says of them, and which have run out of time. Pure but for
 * its own state; the agent's actor sends what is to be sent and answers who asked.
 */
import { type CommandEvent, type CommandState, isLive, stepCommand } from './command-life.ts';
import { commandsKeptMax, commandsMax } from './limits.ts';

export interface Command {
  readonly id: string;
  readonly type: string;
  readonly payloadJson: Uint8Array;
  readonly ttlS: number;
  /** Unix seconds. */
  readonly createdAtS: number;
}

/** How it ended, for whoever asked. */
export interface CommandOutcome {
  readonly state: CommandState;
  readonly message: string;
  /** What the agent gave back; empty when it gave nothing. */
  readonly payloadJson: Uint8Array;
}

export interface CommandEntry {
  readonly command: Command;
  state: CommandState;
  progressPercent: number;
  message: string;
  payloadJson: Uint8Array;
}

/** By id, in the order in which they were asked for. */
export interface CommandBook {
  readonly live: Map<string, CommandEntry>;
  /** The newest that are over. */
  readonly over: Map<string, CommandState>;
}

export type CommandWord =
  | { type: 'ack'; message: string }
  | { type: 'progress'; percent: number; message: string; payloadJson?: Uint8Array }
  | { type: 'result'; success: boolean; message: string; payloadJson: Uint8Array };

export type CommandEffect =
  | { type: 'send'; command: Command }
  | { type: 'settled'; id: string; outcome: CommandOutcome };

export function newBook(): CommandBook {
  return { live: new Map(), over: new Map() };
}

/** False: the agent has too many already, or one of this id. */
export function addCommand(book: CommandBook, command: Command): boolean {
  if (book.live.size >= commandsMax || book.live.has(command.id) || book.over.has(command.id)) return false;
  const payloadJson = new Uint8Array();
  book.live.set(command.id, { command, state: 'queued', progressPercent: 0, message: '', payloadJson });
  return true;
}

/** From this instant on it is expired (created_at + ttl_seconds). */
export function endOfCommandMs({ createdAtS, ttlS }: Command): number {
  return (createdAtS + ttlS) * 1_000;
}

/** The agent listens: what waits goes out, in order. */
export function sendQueued(book: CommandBook): CommandEffect[] {
  const effects: CommandEffect[] = [];
  for (const { command, state } of [...book.live.values()]) {
    if (state !== 'queued') continue;
    step(book, command.id, 'send', effects);
    effects.push({ type: 'send', command });
  }
  return effects;
}

/** What the agent says; of a command that it does not have, or of another type, nothing. */
export function hearAgent(book: CommandBook, id: string, type: string, word: CommandWord): CommandEffect[] {
  const entry = book.live.get(id);
  const effects: CommandEffect[] = [];
  if (entry === undefined || (type !== '' && type !== entry.command.type)) return effects;
  // It cannot know of what was not sent to it.
  if (entry.state === 'queued') return effects;
  entry.message = word.message;
  if (word.type === 'ack') step(book, id, 'acknowledge', effects);
  else if (word.type === 'progress') {
    entry.progressPercent = Math.min(100, Math.max(0, word.percent));
    entry.payloadJson = word.payloadJson ?? entry.payloadJson;
    step(book, id, 'start', effects);
  } else {
    entry.payloadJson = word.payloadJson;
    step(book, id, word.success ? 'complete' : 'fail', effects);
  }
  return effects;
}

export function cancelCommand(book: CommandBook, id: string): CommandEffect[] {
  const effects: CommandEffect[] = [];
  step(book, id, 'cancel', effects);
  return effects;
}

/** The agent listens no more and does not come back: what it did not begin is offline, what it had begun has failed. */
export function loseAgent(book: CommandBook): CommandEffect[] {
  const effects: CommandEffect[] = [];
  for (const [id, entry] of [...book.live]) {
    const begun = stepCommand(entry.state, 'mark_offline') === null;
    // What it had said on the way is no result.
    entry.payloadJson = new Uint8Array();
    if (begun) entry.message = 'the agent was lost while it ran';
    step(book, id, begun ? 'fail' : 'mark_offline', effects);
  }
  return effects;
}

export function expireCommands(book: CommandBook, nowMs: number): CommandEffect[] {
  const effects: CommandEffect[] = [];
  for (const [id, { command }] of [...book.live]) {
    if (nowMs >= endOfCommandMs(command)) step(book, id, 'expire', effects);
  }
  return effects;
}

/** When the next one expires; null when none is under way. */
export function nextEndMs(book: CommandBook): number | null {
  let nextMs: number | null = null;
  for (const { command } of book.live.values()) {
    const endMs = endOfCommandMs(command);
    if (nextMs === null || endMs < nextMs) nextMs = endMs;
  }
  return nextMs;
}

function step(book: CommandBook, id: string, event: CommandEvent, effects: CommandEffect[]): void {
  const entry = book.live.get(id);
  const state = entry === undefined ? null : stepCommand(entry.state, event);
  if (entry === undefined || state === null) return;
  entry.state = state;
  if (isLive(state)) return;
  book.live.delete(id);
  book.over.set(id, state);
  const oldest = book.over.keys().next().value;
  if (book.over.size > commandsKeptMax && oldest !== undefined) book.over.delete(oldest);
  const { message, payloadJson } = entry;
  effects.push({ type: 'settled', id, outcome: { state, message, payloadJson } });
}

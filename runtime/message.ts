/**
 * What lies in a mailbox, and what an actor's `info` handler is given. Messages are small objects of one shape so that
 * the drain stays monomorphic.
 */
import type { Ref } from './ref.ts';

/** `normal`, `shutdown` and `shutdown:...` are clean; anything else is abnormal (OTP's meaning). `kill` cannot be trapped. */
export type ExitReason = string;

export function isCleanExit(reason: ExitReason): boolean {
  return reason === 'normal' || reason === 'shutdown' || reason.startsWith('shutdown:');
}

/** System messages. `exit` is given only to an actor that traps exits. */
export type Info =
  | { type: 'down'; monitor: number; ref: Ref; reason: ExitReason; detail: string | null }
  | { type: 'exit'; ref: Ref; reason: ExitReason; detail: string | null }
  | { type: 'timeout'; tag: string; data: unknown }
  /** The end of a promise handed to `self.pipe`. */
  | { type: 'done'; tag: string; value: unknown; error: null }
  | { type: 'done'; tag: string; value: null; error: unknown };

/** Where the answer of a call goes: a waiting local promise, or a frame back to another node. */
export interface ReplyTarget {
  answer(value: unknown): void;
  fail(error: unknown): void;
}

export const messageCast = 0;
export const messageCall = 1;
export const messageInfo = 2;
/** Ends the actor from within its own queue: exit signals that were not trapped travel in order with other signals. */
export const messageExit = 3;
export const messageInit = 4;
export type MessageKind = 0 | 1 | 2 | 3 | 4;

export class Message {
  readonly kind: MessageKind;
  /** The method of a cast or call; the reason of an exit. */
  readonly method: string;
  readonly args: readonly unknown[];
  readonly info: Info | null;
  readonly reply: ReplyTarget | null;

  constructor(
    kind: MessageKind,
    method: string,
    args: readonly unknown[],
    info: Info | null,
    reply: ReplyTarget | null,
  ) {
    this.kind = kind;
    this.method = method;
    this.args = args;
    this.info = info;
    this.reply = reply;
  }
}

export const noArguments: readonly unknown[] = Object.freeze([]);

/**
 * What the runtime asks of whoever carries messages to other nodes, and the signals that travel. The runtime itself
 * knows no network; a system without a router has only itself, and refs of other nodes are unreachable.
 */
import type { ExitReason, ReplyTarget } from './message.ts';
import type { Ref } from './ref.ts';

/** Between an actor `from` and an actor `to` of different nodes. */
export type Signal =
  | { type: 'monitor'; from: Ref; to: Ref; monitor: number }
  | { type: 'demonitor'; from: Ref; to: Ref; monitor: number }
  | { type: 'down'; from: Ref; to: Ref; monitor: number; reason: ExitReason; detail: string | null }
  | { type: 'link'; from: Ref; to: Ref }
  | { type: 'unlink'; from: Ref; to: Ref }
  | { type: 'exit'; from: Ref; to: Ref; reason: ExitReason; detail: string | null; linked: boolean };

export interface Router {
  /** False when the link is over its high-water mark, or there is none: the message is not sent. */
  cast(ref: Ref, method: string, args: readonly unknown[]): boolean;
  /** Answers through `reply` in any case but one: the caller's own deadline has passed by then. */
  call(ref: Ref, method: string, args: readonly unknown[], timeoutMs: number, reply: ReplyTarget): void;
  /** False when the receiver's node is known to be unreachable. */
  signal(signal: Signal): boolean;
}

/**
 * What ties an actor to others: relations, names, timers, replies that it owes. Made with the first of them, as each part
 * is with its own; an actor that only handles messages has none.
 */
import type { ExitReason, ReplyTarget } from './message.ts';
import type { Ref } from './ref.ts';
import type { ChildInfo } from './supervisor.ts';
import type { Timer } from './timer-wheel.ts';

export class Ties {
  links: Map<string, Ref> | null = null;
  /** Monitors that this actor holds, by number. */
  monitors: Map<number, Ref> | null = null;
  /** Monitors that others hold on this actor, by `watcher/number`. */
  watchers: Map<string, { watcher: Ref; monitor: number }> | null = null;
  timers: Map<number, Timer> | null = null;
  /** Calls whose handlers said that they reply later. */
  owed: Set<ReplyTarget> | null = null;
  registeredName: string | null = null;
  onEnded: ((reason: ExitReason) => void)[] | null = null;
  /** What a supervisor or another keeper of children shows of itself. */
  about: (() => unknown) | null = null;
  /** Its children one by one. */
  children: (() => Iterable<ChildInfo>) | null = null;
}

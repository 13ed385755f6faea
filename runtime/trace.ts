/**
 * The messages of one actor as they come and go, for a while and at a bounded rate. Between the delivery of messages and whoever
 * looks on. An actor that nobody traces pays nothing: its trace hangs on tests that every delivery makes anyway (is its mailbox
 * full; does it live), which are set to answer "look closer" while a window of the trace is open. Says how messages look, not what
 * is in them, unless it is given another description.
 */
import type { Behaviour } from './behaviour.ts';
import type { Cell } from './cell.ts';
import { tracePerSMax, traceShareMax, traceTextCharactersMax, traceWindowMs } from './limits.ts';
import {
  Message,
  messageCall,
  type messageCast,
  messageExit,
  messageInfo,
  type ReplyTarget,
} from './message.ts';
import type { Ref } from './ref.ts';
import { type RefText, sketchAll } from './sketch.ts';
import type { ActorSystem } from './system.ts';
import { FollowedReply } from './tracing.ts';

export interface TraceEvent {
  /** Monotonic, milliseconds. */
  readonly atMs: number;
  /** `answered`: the reply to a call that was received. */
  readonly way: 'in' | 'out' | 'answered';
  readonly kind: 'call' | 'cast' | 'info' | 'exit';
  /** Of an info, its type. */
  readonly method: string;
  /** Who sent it, or whom it goes to. Null: from outside of actors' turns, or from another node. */
  readonly peer: Ref | null;
  /** The other node that it came from. */
  readonly node: string | null;
  /** Its arguments; of an answer, the value. */
  readonly text: string;
  /** Of an answer: since the call came. */
  readonly afterMs: number | null;
}

export interface TraceOptions {
  /** Events in a second, `tracePerSMax` at most. */
  readonly perS: number;
  /** Unless told: its shape. */
  readonly describe?: (values: readonly unknown[], charactersMax: number) => string;
  readonly ref?: RefText;
  readonly onEvent: (event: TraceEvent) => void;
}

export class ActorTrace {
  private readonly system: ActorSystem;
  private readonly cell: Cell;
  private readonly options: TraceOptions;
  private readonly untraced: Behaviour;
  private readonly traced: Behaviour;
  private left = 0;
  private spentMs = 0;
  private windowStartMs = 0;
  /** Messages that had come when it looked away; null: it looks. */
  private cameBefore: number | null = null;
  private cancelTimer: (() => void) | null = null;
  private over = false;
  /** Messages that came while the trace looked away; within a turn of the actor's (256) when it looked away in one. */
  unseen = 0;

  /** Null: no such actor lives here, or somebody traces it already. */
  static of(system: ActorSystem, id: number, options: TraceOptions): ActorTrace | null {
    const cell = system.cells.get(id);
    if (cell === undefined || cell.traced) return null;
    return new ActorTrace(system, cell, options);
  }

  private constructor(system: ActorSystem, cell: Cell, options: TraceOptions) {
    this.system = system;
    this.cell = cell;
    this.options = options;
    this.untraced = cell.behaviour;
    this.traced = cell.behaviour.tracedBy(this);
    cell.traced = true;
    system.runQueue.noteTurns(true);
    this.openWindow();
  }

  /** False: the actor has ended, and nothing follows. */
  get isAlive(): boolean {
    return this.cell.alive;
  }

  /** Nothing of it is left. */
  end(): void {
    if (this.over) return;
    this.over = true;
    this.countUnseen();
    this.lookAway();
    this.cell.traced = false;
    this.cancelTimer?.();
    this.system.runQueue.noteTurns(false);
  }

  /** A message that goes into the mailbox: this one, or in its place one whose answer is seen too. */
  received(message: Message): Message {
    const { kind, method, args, info, reply } = message;
    const { running, arrivedFrom } = this.system;
    const isInfo = kind === messageInfo || kind === messageExit;
    const values = isInfo ? [info === null ? method : info] : args;
    const atMs = this.tell('in', kind, method, isInfo ? refOf(info) : running, arrivedFrom, values, null);
    if (kind !== messageCall || reply === null) return message;
    const seen: ReplyTarget = {
      answer: (value) => {
        if (!this.over) this.tell('answered', kind, method, null, null, [value], atMs);
        reply.answer(value);
      },
      fail: (error) => {
        if (!this.over) this.tell('answered', kind, method, null, null, [error], atMs);
        reply.fail(error);
      },
    };
    // Its handler still runs as a part of what is followed.
    const target = reply instanceof FollowedReply ? new FollowedReply(reply.span, seen) : seen;
    return new Message(kind, method, args, info, target);
  }

  sent(
    kind: typeof messageCall | typeof messageCast,
    to: Ref,
    method: string,
    args: readonly unknown[],
  ): void {
    this.tell('out', kind, method, to, null, args, null);
  }

  /** Answers when it was. */
  private tell(
    way: TraceEvent['way'],
    kind: Message['kind'],
    method: string,
    peer: Ref | null,
    node: string | null,
    values: readonly unknown[],
    sinceMs: number | null,
  ): number {
    const atMs = this.system.clock.monotonicMs();
    if (atMs - this.windowStartMs >= traceWindowMs) this.newWindow(atMs);
    if (this.left <= 0) return atMs;
    this.left -= 1;
    const { describe, ref, onEvent } = this.options;
    const text = describe?.(values, traceTextCharactersMax) ?? sketchAll(values, traceTextCharactersMax, ref);
    const afterMs = sinceMs === null ? null : atMs - sinceMs;
    onEvent({ ...{ atMs, way, method, peer, node, text, afterMs }, kind: kinds[kind] });
    this.spentMs += this.system.clock.monotonicMs() - atMs;
    if (this.left === 0 || this.spentMs >= traceWindowMs * traceShareMax) this.pause(way === 'in' ? 1 : 0);
    return atMs;
  }

  private newWindow(nowMs: number): void {
    const perS = Math.min(Math.max(this.options.perS, 1), tracePerSMax);
    // Less than ten in a second is one in a longer window.
    this.left = Math.max(1, Math.floor((perS * traceWindowMs) / 1_000));
    this.spentMs = 0;
    this.windowStartMs = nowMs;
  }

  private openWindow(): void {
    if (this.over || !this.cell.alive) return;
    this.countUnseen();
    this.newWindow(this.system.clock.monotonicMs());
    this.cell.behaviour = this.traced;
    this.cell.quiet = false;
  }

  /** Until the next window; longer when what was told took more than its share of the time. */
  private pause(coming: number): void {
    this.lookAway();
    this.cameBefore = this.came + coming;
    const perS = Math.max(this.options.perS, 1);
    const windowMs = Math.max(traceWindowMs, 1_000 / perS, this.spentMs / traceShareMax);
    const passedMs = this.system.clock.monotonicMs() - this.windowStartMs;
    this.cancelTimer?.();
    this.cancelTimer = this.system.clock.timer(Math.max(1, windowMs - passedMs), () => this.openWindow());
  }

  private get came(): number {
    return this.cell.handled + this.cell.waiting;
  }

  private countUnseen(): void {
    if (this.cameBefore !== null) this.unseen += Math.max(0, this.came - this.cameBefore);
    this.cameBefore = null;
  }

  private lookAway(): void {
    this.cell.behaviour = this.untraced;
    this.cell.quiet = this.cell.alive;
  }
}

const kinds = ['cast', 'call', 'info', 'exit', 'info'] as const;

function refOf(info: Message['info']): Ref | null {
  return info !== null && (info.type === 'down' || info.type === 'exit') ? info.ref : null;
}

/**
 * One incarnation of an actor: its mailbox, its relations, and the step that hands a message to the definition. The
 * system around it (names, delivery, exits) is reached through `Kernel`; what handlers see is `Context`.
 */
import { type AnyDefinition, apply, type Behaviour } from './behaviour.ts';
import { Context } from './context.ts';
import type { LaterReply } from './definition.ts';
import { messageOf, RuntimeError } from './errors.ts';
import { Later } from './later.ts';
import { Mailbox } from './mailbox.ts';
import {
  type ExitReason,
  Message,
  messageCall,
  messageCast,
  messageExit,
  messageInfo,
  messageInit,
  noArguments,
  type ReplyTarget,
} from './message.ts';
import { Ref } from './ref.ts';
import type { Runnable } from './run-queue.ts';
import type { Kernel } from './system.ts';
import { Ties } from './ties.ts';
import { FollowedReply } from './tracing.ts';

/** What an actor is busy with until its first turn, in which `init` runs. */
const notBegun: Promise<unknown> = Promise.resolve();

export class Cell implements Runnable {
  readonly kernel: Kernel;
  /** Another one of the same definition while it is traced. */
  behaviour: Behaviour;
  readonly ref: Ref;
  readonly parent: Ref | null;
  readonly context: Context;
  alive = true;
  /** It lives, and nobody traces it: asked with every send in place of `alive`. */
  quiet = true;
  /** Somebody traces it, now and then. */
  traced = false;
  started = false;
  /** Set while an async handler has not settled: one message at a time. */
  busy: Promise<unknown> | null = null;
  scheduled = false;
  stopAsked: ExitReason | null = null;
  /** `terminate` runs: nothing more is taken from the mailbox. */
  stopping = false;
  trapExit: boolean;
  /** Until the first turn. */
  private startArgs = noArguments;
  onStarted: ReplyTarget | null = null;
  /** A handler runs, or waits. */
  handling = false;
  /**
   * The message that is handled. A cast is noted only when its handler waits or throws: to write a young object into an
   * old one costs as much as the rest of its delivery.
   */
  present: Message | null = null;
  /** The present call's handler has asked for `replyLater`. */
  deferred = false;
  // Queues and ties are made on first use: most of what a start costs is that the collector moves the actor twice.
  private queued: Mailbox | null = null;
  ties: Ties | null = null;

  constructor(kernel: Kernel, behaviour: Behaviour, ref: Ref, parent: Ref | null) {
    this.kernel = kernel;
    this.behaviour = behaviour;
    this.ref = ref;
    this.parent = parent;
    this.trapExit = behaviour.trapExit;
    this.context = new Context(this);
    Ref.bind(ref, this);
  }

  get definition(): AnyDefinition {
    return this.behaviour.definition;
  }

  get mailbox(): Mailbox {
    if (this.queued === null) this.queued = new Mailbox();
    return this.queued;
  }

  /** Messages that wait; makes no mailbox for the question. */
  get waiting(): number {
    return this.queued?.length ?? 0;
  }

  get waitingUser(): number {
    return this.queued?.userLength ?? 0;
  }

  tied(): Ties {
    this.ties ??= new Ties();
    return this.ties;
  }

  get handled(): number {
    return this.queued?.handled ?? 0;
  }

  /** Time in the handlers of its messages. */
  get busyMs(): number {
    return this.queued?.busyMs ?? 0;
  }

  schedule(): void {
    if (this.scheduled || this.busy !== null || !this.alive || this.stopping) return;
    this.scheduled = true;
    this.kernel.runQueue.push(this);
  }

  /** Puts the actor into the run queue; its first turn runs `init`, and only then are messages taken. */
  begin(args: readonly unknown[], onStarted: ReplyTarget | null): void {
    this.onStarted = onStarted;
    this.busy = notBegun;
    this.startArgs = args;
    this.scheduled = true;
    this.kernel.runQueue.push(this);
  }

  turn(budget: number): void {
    this.scheduled = false;
    if (!this.alive) return;
    if (this.busy === notBegun) {
      this.busy = null;
      const args = this.startArgs;
      this.startArgs = noArguments;
      // A message only now: one that waited with the actor would be moved by the collector with it.
      this.step(new Message(messageInit, 'init', args, null, null));
      this.kernel.runQueue.look();
    }
    if (this.queued !== null) this.drain(this.queued, budget);
  }

  private drain(mailbox: Mailbox, budget: number): void {
    const queue = this.kernel.runQueue;
    const startMs = queue.nowMs;
    let count = 0;
    while (count < budget && this.alive && this.busy === null && !this.stopping) {
      const message = mailbox.shift();
      if (message === undefined) break;
      count += 1;
      this.step(message);
      if (isPowerOfTwo(count) && queue.look()) break;
    }
    if (!isPowerOfTwo(count)) queue.look();
    mailbox.did(count, queue.nowMs - startMs);
    if (mailbox.length > 0) this.schedule();
  }

  /** Runs one handler; a promise keeps the actor busy until it settles. A throw crashes the actor. */
  private step(message: Message): void {
    if (message.kind === messageExit) {
      this.handleExit(message);
      return;
    }
    if (message.kind !== messageCast) this.present = message;
    this.handling = true;
    let value: unknown;
    try {
      value = this.kernel.tracing === null ? this.perform(message) : this.performFollowed(message);
    } catch (thrown) {
      this.crash(message, thrown);
      return;
    }
    if (isThenable(value)) this.wait(message, value);
    else this.finish(message, value);
  }

  private performFollowed(message: Message): unknown {
    const { reply } = message;
    if (!(reply instanceof FollowedReply)) return this.perform(message);
    return reply.span.run(() => this.perform(message));
  }

  private perform(message: Message): unknown {
    const { behaviour } = this;
    switch (message.kind) {
      case messageCast: {
        const handler = behaviour.cast.find(message.method);
        if (handler !== null) return apply(handler, this.context, message.args);
        this.kernel.deadLetter(this.ref, message.method, 'no_such_method');
        return undefined;
      }
      case messageCall: {
        const handler = behaviour.call.find(message.method);
        if (handler !== null) return apply(handler, this.context, message.args);
        this.deferred = true;
        message.reply!.fail(
          new RuntimeError('no_such_method', `${this.definition.name} has no call "${message.method}"`),
        );
        return undefined;
      }
      case messageInfo:
        return this.definition.info?.(this.context, message.info!);
      default:
        return this.definition.init(this.context, ...(message.args as never[]));
    }
  }

  private wait(message: Message, promise: Promise<unknown>): void {
    this.present = message;
    const settle = (act: () => void) => {
      this.busy = null;
      if (!this.alive) return;
      act();
      if (this.mailbox.length > 0) this.schedule();
    };
    this.busy = promise.then(
      (settled) => settle(() => this.finish(message, settled)),
      (thrown) => settle(() => this.crash(message, thrown)),
    );
  }

  private finish(message: Message, value: unknown): void {
    this.handling = false;
    if (!this.alive) {
      if (message.kind === messageCast) message.reply?.answer(undefined);
      return;
    }
    if (message.kind === messageCall) {
      if (!this.deferred) message.reply!.answer(value);
      this.deferred = false;
    } else if (message.kind === messageInit) {
      this.context.state = value;
      this.started = true;
      this.onStarted?.answer(this.ref);
      this.onStarted = null;
    } else if (message.reply !== null) message.reply.answer(undefined);
    if (this.present !== null) this.present = null;
    if (this.stopAsked !== null) this.kernel.lifecycle.stop(this, this.stopAsked, null);
  }

  private crash(message: Message, thrown: unknown): void {
    this.handling = false;
    this.present = message;
    const failed = message.reply;
    if (failed) this.ties?.owed?.delete(failed);
    failed?.fail(new RuntimeError('handler_failed', messageOf(thrown), thrown));
    this.kernel.lifecycle.crash(this, thrown);
  }

  private handleExit(message: Message): void {
    const reason = message.method;
    const detail = message.info?.type === 'exit' ? message.info.detail : null;
    // A trapping actor is asked to clean up when its parent wants it gone; others end on the spot.
    if (this.trapExit && reason !== 'kill') this.kernel.lifecycle.stop(this, reason, detail);
    else this.kernel.lifecycle.end(this, reason === 'kill' ? 'killed' : reason, detail);
  }

  /** The starter is answered when this reply is, not when `init` returns; told `start_failed` if the actor ends first. */
  holdStart(): LaterReply | null {
    const starter = this.onStarted;
    if (starter === null) return null;
    this.onStarted = null;
    return new Later(this, {
      answer: () => starter.answer(this.ref),
      fail: (error) =>
        starter.fail(new RuntimeError('start_failed', `${this.definition.name}: ${messageOf(error)}`, error)),
    });
  }

  replyLater(): LaterReply {
    const reply = this.present?.kind === messageCall ? this.present.reply : null;
    if (!reply) throw new RuntimeError('no_actor', 'replyLater is only for the handler of a call');
    this.deferred = true;
    return new Later(this, reply);
  }
}

/** Also of 0. */
function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}

function isThenable(value: unknown): value is Promise<unknown> {
  return (
    value !== undefined &&
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

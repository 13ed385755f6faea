/**
 * One incarnation of an actor: its mailbox, its relations, and the step that hands a message to the definition. The
 * system around it (names, delivery, exits) is reached through `Kernel`; what handlers see is `Context`.
 */
import { Context } from './context.ts';
import type { Definition, LaterReply, Protocol } from './definition.ts';
import { messageOf, RuntimeError } from './errors.ts';
import { Mailbox } from './mailbox.ts';
import {
  type ExitReason,
  type Info,
  type Message,
  messageCall,
  messageCast,
  messageExit,
  messageInfo,
  type ReplyTarget,
} from './message.ts';
import type { Ref } from './ref.ts';
import type { Runnable } from './run-queue.ts';
import type { Kernel } from './system.ts';
import type { Timer } from './timer-wheel.ts';

export type AnyDefinition = Definition<unknown, Protocol>;
type Handler = (self: unknown, ...args: readonly unknown[]) => unknown;

/** A handler that returns this has said when, not what; the caller is told when the actor ends without answering. */
class Later implements LaterReply {
  private readonly cell: Cell;
  private readonly reply: ReplyTarget;

  constructor(cell: Cell, reply: ReplyTarget) {
    this.cell = cell;
    this.reply = reply;
    cell.owed ??= new Set();
    cell.owed.add(reply);
  }

  answer(value: unknown): void {
    if (this.cell.owed?.delete(this.reply)) this.reply.answer(value);
  }

  fail(error: unknown): void {
    if (this.cell.owed?.delete(this.reply)) this.reply.fail(error);
  }
}

export class Cell implements Runnable {
  readonly kernel: Kernel;
  readonly definition: AnyDefinition;
  readonly ref: Ref;
  readonly parent: Ref | null;
  readonly mailbox = new Mailbox();
  readonly context: Context;
  alive = true;
  started = false;
  /** Set while an async handler has not settled: one message at a time. */
  busy: Promise<unknown> | null = null;
  scheduled = false;
  stopAsked: ExitReason | null = null;
  /** `terminate` runs: nothing more is taken from the mailbox. */
  stopping = false;
  /** Calls whose handlers said that they reply later. */
  owed: Set<ReplyTarget> | null = null;
  handled = 0;
  busyMs = 0;
  registeredName: string | null = null;
  trapExit: boolean;
  onStarted: ReplyTarget | null = null;
  onEnded: ((reason: ExitReason) => void)[] | null = null;
  present: Message | null = null;
  /** The present call's handler has asked for `replyLater`. */
  deferred = false;
  /** What a supervisor or another keeper of children shows of itself. */
  about: (() => unknown) | null = null;
  // Relations are made on first use: an idle actor is to cost little.
  links: Map<string, Ref> | null = null;
  /** Monitors that this actor holds, by number. */
  monitors: Map<number, Ref> | null = null;
  /** Monitors that others hold on this actor, by `watcher/number`. */
  watchers: Map<string, { watcher: Ref; monitor: number }> | null = null;
  timers: Map<number, Timer> | null = null;

  constructor(kernel: Kernel, definition: AnyDefinition, ref: Ref, parent: Ref | null) {
    this.kernel = kernel;
    this.definition = definition;
    this.ref = ref;
    this.parent = parent;
    this.trapExit = definition.trapExit ?? false;
    this.context = new Context(this);
  }

  schedule(): void {
    if (this.scheduled || this.busy !== null || !this.alive || this.stopping) return;
    this.scheduled = true;
    this.kernel.runQueue.push(this);
  }

  turn(budget: number): void {
    this.scheduled = false;
    const queue = this.kernel.runQueue;
    const startMs = queue.nowMs;
    let count = 0;
    while (count < budget && this.alive && this.busy === null && !this.stopping) {
      const message = this.mailbox.shift();
      if (message === undefined) break;
      count += 1;
      this.step(message);
      if (isPowerOfTwo(count) && queue.look()) break;
    }
    if (!isPowerOfTwo(count)) queue.look();
    this.handled += count;
    this.busyMs += queue.nowMs - startMs;
    if (this.mailbox.length > 0) this.schedule();
  }

  /** Runs `init` and only then takes messages. */
  begin(args: readonly unknown[], onStarted: ReplyTarget | null): void {
    this.onStarted = onStarted;
    this.busy = Promise.resolve();
    this.kernel.clock.soon(() => {
      if (!this.alive) return;
      this.busy = null;
      this.run(
        () => this.definition.init(this.context, ...(args as never[])),
        (state) => {
          this.context.state = state;
          this.started = true;
          this.onStarted?.answer(this.ref);
          this.onStarted = null;
        },
      );
      if (this.busy === null) this.schedule();
    });
  }

  private step(message: Message): void {
    this.present = message;
    switch (message.kind) {
      case messageCast:
        this.handleCast(message);
        return;
      case messageCall:
        this.handleCall(message);
        return;
      case messageExit:
        this.handleExit(message);
        return;
      case messageInfo:
        this.handleInfo(message.info!);
        return;
    }
  }

  private handleCast(message: Message): void {
    const handler = ownMethod(this.definition.cast, message.method);
    if (handler === null) {
      this.present = null;
      this.kernel.deadLetter(this.ref, message.method, 'no_such_method');
      return;
    }
    this.run(() => apply(handler, this.context, message.args), ignore);
  }

  private handleCall(message: Message): void {
    const reply = message.reply!;
    const handler = ownMethod(this.definition.call, message.method);
    if (handler === null) {
      this.present = null;
      reply.fail(
        new RuntimeError('no_such_method', `${this.definition.name} has no call "${message.method}"`),
      );
      return;
    }
    this.run(
      () => apply(handler, this.context, message.args),
      (value) => {
        if (!this.deferred) reply.answer(value);
        this.deferred = false;
      },
    );
  }

  private handleExit(message: Message): void {
    const reason = message.method;
    const detail = message.info?.type === 'exit' ? message.info.detail : null;
    // A trapping actor is asked to clean up when its parent wants it gone; others end on the spot.
    if (this.trapExit && reason !== 'kill') this.kernel.lifecycle.stop(this, reason, detail);
    else this.kernel.lifecycle.end(this, reason === 'kill' ? 'killed' : reason, detail);
  }

  private handleInfo(info: Info): void {
    const handler = this.definition.info;
    if (handler === undefined) {
      this.present = null;
      return;
    }
    this.run(() => handler.call(this.definition, this.context, info), ignore);
  }

  /** Runs one handler; a promise keeps the actor busy until it settles. A throw crashes the actor. */
  private run(handler: () => unknown, done: (value: unknown) => void): void {
    let value: unknown;
    try {
      value = handler();
    } catch (thrown) {
      this.crash(thrown);
      return;
    }
    if (!isThenable(value)) {
      this.finish(value, done);
      return;
    }
    const settle = (act: () => void) => {
      this.busy = null;
      if (!this.alive) return;
      act();
      if (this.mailbox.length > 0) this.schedule();
    };
    this.busy = value.then(
      (settled) => settle(() => this.finish(settled, done)),
      (thrown) => settle(() => this.crash(thrown)),
    );
  }

  private finish(value: unknown, done: (value: unknown) => void): void {
    if (!this.alive) return;
    done(value);
    this.present = null;
    if (this.stopAsked !== null) this.kernel.lifecycle.stop(this, this.stopAsked, null);
  }

  private crash(thrown: unknown): void {
    const failed = this.present?.reply;
    if (failed) this.owed?.delete(failed);
    failed?.fail(new RuntimeError('handler_failed', messageOf(thrown), thrown));
    this.kernel.lifecycle.crash(this, thrown);
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
    const reply = this.present?.reply;
    if (!reply) throw new RuntimeError('no_actor', 'replyLater is only for the handler of a call');
    this.deferred = true;
    return new Later(this, reply);
  }
}

/** Also of 0. */
function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}

function ignore(): void {}

function isThenable(value: unknown): value is Promise<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** Only a definition's own methods: a message that names `constructor` or `__proto__` finds nothing. */
function ownMethod(methods: object, name: string): Handler | null {
  if (!Object.hasOwn(methods, name)) return null;
  const method = (methods as Record<string, unknown>)[name];
  return typeof method === 'function' ? (method as Handler) : null;
}

function apply(handler: Handler, self: unknown, args: readonly unknown[]): unknown {
  switch (args.length) {
    case 0:
      return handler(self);
    case 1:
      return handler(self, args[0]);
    case 2:
      return handler(self, args[0], args[1]);
    default:
      return handler(self, ...args);
  }
}

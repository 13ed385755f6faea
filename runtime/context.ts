/**
 * What a handler may do: the implementation of `Self`. Every method first asks whether this incarnation still lives, so
 * that a handler that awaits past its actor's death can do nothing.
 */
import type { Cell } from './cell.ts';
import type {
  CallMethods,
  CastMethods,
  Definition,
  LaterReply,
  LogLevel,
  Protocol,
  Self,
} from './definition.ts';
import { RuntimeError } from './errors.ts';
import { callTimeoutMs } from './limits.ts';
import { type ExitReason, messageCall, messageCast } from './message.ts';
import { PendingCall } from './pending-call.ts';
import type { Recorder } from './recorder.ts';
import type { Ref } from './ref.ts';
import type { SendPort } from './senders.ts';
import type { ChildInfo } from './supervisor.ts';
import { Timer } from './timer-wheel.ts';
import type { Tracing } from './tracing.ts';
import type { Watchers } from './watching.ts';

export class Context implements Self<unknown>, SendPort {
  state: unknown = undefined;
  private readonly cell: Cell;
  private abort: AbortController | null = null;

  constructor(cell: Cell) {
    this.cell = cell;
  }

  get ref(): Ref {
    return this.cell.ref;
  }

  get name(): string {
    return this.cell.definition.name;
  }

  get signal(): AbortSignal {
    this.abort ??= new AbortController();
    if (!this.cell.alive) this.abort.abort(this.dead());
    return this.abort.signal;
  }

  get tracing(): Tracing | null {
    return this.cell.kernel.tracing;
  }

  get trapExit(): boolean {
    return this.cell.trapExit;
  }

  set trapExit(trap: boolean) {
    this.live().trapExit = trap;
  }

  call<P extends Protocol>(ref: Ref<P>, timeoutMs = callTimeoutMs): CallMethods<P> {
    return this.cell.kernel.senders.call(this, ref, timeoutMs) as CallMethods<P>;
  }

  cast<P extends Protocol>(ref: Ref<P>): CastMethods<P> {
    return this.cell.kernel.senders.cast(this, ref) as CastMethods<P>;
  }

  sendCast(ref: Ref, method: string, args: readonly unknown[]): boolean {
    const { cell } = this;
    if (!cell.quiet) this.live().behaviour.trace?.sent(messageCast, ref, method, args);
    return cell.kernel.deliverCast(ref, method, args);
  }

  sendCall(ref: Ref, method: string, args: readonly unknown[], timeoutMs: number): Promise<unknown> {
    const cell = this.cell;
    if (!cell.quiet) {
      if (!cell.alive) return Promise.reject(this.dead());
      cell.behaviour.trace?.sent(messageCall, ref, method, args);
    }
    const pending = new PendingCall(cell.kernel.wheel, ref, method, timeoutMs);
    cell.kernel.deliverPending(ref, method, args, timeoutMs, pending);
    return pending.promise;
  }

  spawn<S, P extends Protocol>(definition: Definition<S, P>, ...args: P['start']): Ref<P> {
    return this.live().kernel.start(definition, args, this.ref, false, null);
  }

  spawnLink<S, P extends Protocol>(definition: Definition<S, P>, ...args: P['start']): Ref<P> {
    return this.live().kernel.start(definition, args, this.ref, true, null);
  }

  startLink<S, P extends Protocol>(definition: Definition<S, P>, ...args: P['start']): Promise<Ref<P>> {
    const { kernel } = this.live();
    return new Promise((resolve, reject) => {
      kernel.start(definition, args, this.ref, true, {
        answer: (ref) => resolve(ref as Ref<P>),
        fail: reject,
      });
    });
  }

  link(ref: Ref): void {
    const cell = this.live();
    cell.kernel.relations.link(cell, ref);
  }

  unlink(ref: Ref): void {
    const cell = this.live();
    cell.kernel.relations.unlink(cell, ref);
  }

  monitor(ref: Ref): number {
    const cell = this.live();
    return cell.kernel.relations.monitor(cell, ref);
  }

  demonitor(monitor: number): void {
    const cell = this.live();
    cell.kernel.relations.demonitor(cell, monitor);
  }

  exit(ref: Ref, reason: ExitReason): void {
    const cell = this.live();
    cell.kernel.relations.sendExit(cell.ref, ref, reason, null, false);
  }

  stop(reason: ExitReason = 'normal'): void {
    const cell = this.live();
    cell.stopAsked ??= reason;
    // Between handlers (a promise of its own that settled) nobody would look at it: ask through the queue.
    if (!cell.handling) cell.kernel.wakeToStop(cell);
  }

  after(delayMs: number, tag: string, data: unknown = null): number {
    const cell = this.live();
    const number = cell.kernel.nextNumber();
    const timer = new Timer(() => {
      cell.ties?.timers?.delete(number);
      cell.kernel.deliverInfo(cell, { type: 'timeout', tag, data });
    });
    const ties = cell.tied();
    ties.timers ??= new Map();
    ties.timers.set(number, timer);
    cell.kernel.wheel.set(timer, delayMs);
    return number;
  }

  cancel(number: number): void {
    const timer = this.cell.ties?.timers?.get(number);
    if (timer === undefined) return;
    this.cell.ties!.timers!.delete(number);
    this.cell.kernel.wheel.clear(timer);
  }

  pipe(promise: Promise<unknown>, tag: string): void {
    const cell = this.live();
    promise.then(
      (value) => cell.kernel.deliverInfo(cell, { type: 'done', tag, value, error: null }),
      (error) => cell.kernel.deliverInfo(cell, { type: 'done', tag, value: null, error }),
    );
  }

  /** See `Cell.holdStart`. */
  holdStart(): LaterReply | null {
    return this.live().holdStart();
  }

  replyLater(): LaterReply {
    return this.live().replyLater();
  }

  register(name: string): void {
    const cell = this.live();
    cell.kernel.registerName(cell, name);
  }

  whereis<P extends Protocol = Protocol>(name: string): Ref<P> | null {
    return this.live().kernel.whereis(name);
  }

  wallMs(): number {
    return this.cell.kernel.clock.wallMs();
  }

  monotonicMs(): number {
    return this.cell.kernel.clock.monotonicMs();
  }

  random(): number {
    return this.cell.kernel.random.next();
  }

  log(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.cell.kernel.log(level, message, { actor: `${this.name} ${this.cell.ref.id}`, ...fields });
  }

  /** Sets what introspection shows of this actor beside its counters: a supervisor its children, say. */
  describe(about: () => unknown, children: () => Iterable<ChildInfo>): void {
    const ties = this.live().tied();
    ties.about = about;
    ties.children = children;
  }

  get watchers(): Watchers {
    return this.cell.kernel.watchers;
  }

  /** For the runtime's own machines. */
  get recorder(): Recorder | null {
    return this.cell.kernel.recorder;
  }

  /** For supervisors: a child is started again. */
  noteRestart(): void {
    this.cell.kernel.lifecycle.restarts += 1;
  }

  /** See `ActorSystem.whenSettled`. */
  settled(ref: Ref, withinMs: number): Promise<void> {
    return this.cell.kernel.lifecycle.whenSettled(ref, withinMs);
  }

  /** True when the local actor has ended within the time. */
  endedWithin(ref: Ref, withinMs: number): Promise<boolean> {
    const { kernel } = this.cell;
    return new Promise((resolve) => {
      const cancel = kernel.clock.timer(withinMs, () => resolve(false));
      kernel.ended(ref).then(() => {
        cancel();
        resolve(true);
      });
    });
  }

  revoke(): void {
    this.abort?.abort(this.dead());
  }

  private dead(): RuntimeError {
    return new RuntimeError('actor_dead', `${this.name} ${this.cell.ref} has ended`);
  }

  private live(): Cell {
    if (!this.cell.alive) throw this.dead();
    return this.cell;
  }
}

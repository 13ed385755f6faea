/**
 * An actor system: all actors of one process, their names, and the ways in from outside (the router of another node,
 * the program's own code). Knows no network and no tenant.
 */
import { Behaviours } from './behaviour.ts';
import { Cell } from './cell.ts';
import { CellTable } from './cell-table.ts';
import { type Clock, systemClock } from './clock.ts';
import { DeadLetters } from './dead-letters.ts';
import type { CallMethods, CastMethods, Definition, Protocol } from './definition.ts';
import { RuntimeError } from './errors.ts';
import { Lifecycle } from './lifecycle.ts';
import { callTimeoutMs } from './limits.ts';
import {
  type ExitReason,
  type Info,
  Message,
  messageCall,
  messageCast,
  messageInfo,
  noArguments,
  type ReplyTarget,
} from './message.ts';
import { Overflow } from './overflow.ts';
import { copyingReply, PendingCall } from './pending-call.ts';
import { type Random, systemRandom } from './random.ts';
import type { Recorder } from './recorder.ts';
import { Ref } from './ref.ts';
import { Relations } from './relations.ts';
import type { Router, Signal } from './router.ts';
import { RunQueue } from './run-queue.ts';
import { createSenders, type SendPort } from './senders.ts';
import type { SystemCounts } from './system-counts.ts';
import type { Log, SystemOptions } from './system-options.ts';
import { TimerWheel } from './timer-wheel.ts';
import { follow, type Tracing } from './tracing.ts';
import { Watchers } from './watching.ts';

export type { Log, SystemOptions } from './system-options.ts';

export class ActorSystem implements SendPort {
  readonly node: string;
  readonly boot: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly wheel: TimerWheel;
  readonly runQueue: RunQueue;
  readonly senders = createSenders();
  readonly relations: Relations;
  readonly lifecycle: Lifecycle;
  readonly cells = new CellTable();
  readonly watchers = new Watchers();
  router: Router | null = null;
  /** The node whose message is delivered at this moment: for traces. */
  arrivedFrom: string | null = null;
  /** Whoever makes the system may have its supervisors' decisions recorded: set before any of them starts. */
  recorder: Recorder | null = null;
  /** Set before any actor starts; null: nothing is followed. */
  tracing: Tracing | null = null;
  private readonly names = new Map<string, Cell>();
  private readonly behaviours = new Behaviours();
  private readonly letters: DeadLetters;
  private readonly copy: ((value: unknown) => unknown) | null;
  private numbers = 0;
  private readonly overflow = new Overflow();

  constructor(options: SystemOptions = {}) {
    this.clock = options.clock ?? systemClock();
    this.random = options.random ?? systemRandom();
    this.node = options.node ?? 'local';
    this.boot = options.boot ?? this.clock.wallMs();
    this.log = options.log ?? (() => {});
    this.copy = options.copy ?? null;
    this.wheel = new TimerWheel(this.clock);
    this.runQueue = new RunQueue(this.clock);
    this.relations = new Relations(this);
    this.lifecycle = new Lifecycle(this);
    this.letters = new DeadLetters(this.clock, this.log);
  }

  /** Starts an actor without a parent; it runs `init` in its own turn. */
  spawn<S, P extends Protocol>(definition: Definition<S, P>, ...args: P['start']): Ref<P> {
    return this.start(definition, args, null, false, null);
  }

  call<P extends Protocol>(ref: Ref<P>, timeoutMs = callTimeoutMs): CallMethods<P> {
    return this.senders.call(this, ref, timeoutMs) as CallMethods<P>;
  }

  cast<P extends Protocol>(ref: Ref<P>): CastMethods<P> {
    return this.senders.cast(this, ref) as CastMethods<P>;
  }

  sendCast(ref: Ref, method: string, args: readonly unknown[]): boolean {
    return this.deliverCast(ref, method, args);
  }

  sendCall(ref: Ref, method: string, args: readonly unknown[], timeoutMs: number): Promise<unknown> {
    const pending = new PendingCall(this.wheel, ref, method, timeoutMs);
    this.deliverPending(ref, method, args, timeoutMs, pending);
    return pending.promise;
  }

  /** Sends an exit signal from outside. */
  exit(ref: Ref, reason: ExitReason): void {
    this.relations.sendExit(new Ref(this.node, this.boot, 0), ref, reason, null, false);
  }

  /** Resolves with the reason when the actor has ended; at once when it is not there. Only for actors of this node. */
  ended(ref: Ref): Promise<ExitReason> {
    const cell = this.find(ref);
    if (cell === null) return Promise.resolve('no_actor');
    return new Promise((resolve) => {
      const ties = cell.tied();
      ties.onEnded ??= [];
      ties.onEnded.push(resolve);
    });
  }

  /** That the actor has this protocol is the asker's word. */
  whereis<P extends Protocol = Protocol>(name: string): Ref<P> | null {
    return (this.names.get(name)?.ref as Ref<P> | undefined) ?? null;
  }

  counts(): SystemCounts {
    const { crashes, restarts, zombies } = this.lifecycle;
    return {
      actors: this.cells.size,
      deadLetters: this.letters.count,
      refused: this.overflow.total,
      full: { ...this.overflow.full },
      crashes,
      restarts,
      zombies,
      yields: this.runQueue.yields,
    };
  }

  /** Signals of other nodes, from the router. */
  receiveSignal(signal: Signal): void {
    this.relations.receive(signal);
  }

  nodeDown(node: string): void {
    this.relations.nodeDown(node);
  }

  // What follows is for the runtime's own files and a router.

  isLocal(ref: Ref): boolean {
    return ref.node === this.node;
  }

  find(ref: Ref): Cell | null {
    const bound = Ref.cellOf(ref);
    if (bound !== null && bound.kernel === this) return bound;
    const isHere = ref.boot === this.boot && ref.node === this.node;
    return (isHere ? this.cells.get(ref.id) : undefined) ?? null;
  }

  /** Given last: no actor has a higher id. */
  get lastNumber(): number {
    return this.numbers;
  }

  /** Whose turn it is, while somebody traces. */
  get running(): Ref | null {
    return (this.runQueue.present as Cell | null)?.ref ?? null;
  }

  nextNumber(): number {
    this.numbers += 1;
    return this.numbers;
  }

  start<S, P extends Protocol>(
    definition: Definition<S, P>,
    args: P['start'],
    parent: Ref | null,
    linked: boolean,
    onStarted: ReplyTarget | null,
  ): Ref<P> {
    const ref = new Ref<P>(this.node, this.boot, this.nextNumber());
    const cell = new Cell(this, this.behaviours.of(definition), ref as Ref, parent);
    this.cells.add(cell);
    if (linked && parent !== null) this.relations.link(cell, parent);
    cell.begin(args, onStarted);
    return ref;
  }

  deliverCast(ref: Ref, method: string, args: readonly unknown[]): boolean {
    const cell = this.find(ref);
    if (cell === null) return this.castElsewhere(ref, method, args);
    const travelled = this.copy === null ? args : (this.copy(args) as readonly unknown[]);
    const reply = follow(this.tracing, cell.definition, method, null);
    return this.accept(cell, new Message(messageCast, method, travelled, null, reply));
  }

  /** What cannot be encoded is the call's failure, told once: never a throw now and a timeout that nobody awaits later. */
  deliverPending(
    ref: Ref,
    method: string,
    args: readonly unknown[],
    timeoutMs: number,
    pending: PendingCall,
  ): void {
    try {
      this.deliverCall(ref, method, args, timeoutMs, pending);
    } catch (error) {
      pending.fail(error);
    }
  }

  deliverCall(
    ref: Ref,
    method: string,
    args: readonly unknown[],
    timeoutMs: number,
    reply: ReplyTarget,
  ): void {
    const cell = this.find(ref);
    if (cell === null && ref.node !== this.node) {
      if (this.router === null) reply.fail(new RuntimeError('node_down', `no way to node ${ref.node}`));
      else this.router.call(ref, method, args, timeoutMs, reply);
      return;
    }
    if (cell === null) {
      reply.fail(new RuntimeError('no_actor', `${ref} is not there (call ${method})`));
      return;
    }
    const copy = this.copy;
    const target = copy === null ? reply : copyingReply(reply, copy);
    const travelled = copy === null ? args : (copy(args) as readonly unknown[]);
    const answer = follow(this.tracing, cell.definition, method, target);
    this.accept(cell, new Message(messageCall, method, travelled, null, answer));
  }

  deliverInfo(cell: Cell, info: Info): void {
    this.deliverSystem(cell, new Message(messageInfo, info.type, noArguments, info, null));
  }

  deliverSystem(cell: Cell, message: Message): void {
    if (!cell.quiet) {
      if (!cell.alive) return;
      cell.behaviour.trace?.received(message);
    }
    cell.mailbox.pushSystem(message);
    cell.schedule();
  }

  deadLetter(ref: Ref, method: string, why: string): void {
    this.letters.add(ref, method, why);
    if (this.watchers.isWatched) this.watchers.tell({ type: 'dead_letter', ref, method, why });
  }

  registerName(cell: Cell, name: string): void {
    const holder = this.names.get(name);
    if (holder === cell) return;
    if (holder !== undefined) throw new RuntimeError('name_taken', `"${name}" is ${holder.ref}`);
    const ties = cell.tied();
    if (ties.registeredName !== null) this.names.delete(ties.registeredName);
    ties.registeredName = name;
    this.names.set(name, cell);
  }

  forgetName(name: string): void {
    this.names.delete(name);
  }

  /** An actor that asked to stop outside of a handler. */
  wakeToStop(cell: Cell): void {
    this.clock.soon(() => {
      if (cell.alive && cell.busy === null && cell.stopAsked !== null)
        this.lifecycle.stop(cell, cell.stopAsked, null);
    });
  }

  private accept(cell: Cell, message: Message): boolean {
    const { mailbox } = cell;
    if (mailbox.userLength >= cell.behaviour.mailboxMessagesMax) return this.overflow.take(cell, message);
    mailbox.pushUser(message);
    cell.schedule();
    return true;
  }

  private castElsewhere(ref: Ref, method: string, args: readonly unknown[]): boolean {
    const isHere = ref.node === this.node;
    if (!isHere && this.router !== null) return this.router.cast(ref, method, args);
    this.deadLetter(ref, method, isHere ? 'no_actor' : 'node_down');
    return false;
  }
}

/** The system as the runtime's own files see it. */
export type Kernel = ActorSystem;

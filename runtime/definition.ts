/**
 * How an actor is described: a protocol (what it answers to) and a definition (how). The protocol is an interface that
 * senders import without the implementation; arguments travel as positional arrays by method name.
 */
import type { ExitReason, Info } from './message.ts';
import type { Ref } from './ref.ts';
import type { Tracing } from './tracing.ts';

/** `start`: the arguments of `init`; `call`: requests with a reply; `cast`: one-way messages. */
export interface Protocol {
  // The parameters of a protocol's methods are checked where the protocol is used; here they can only be `any`.
  // biome-ignore lint/suspicious/noExplicitAny: parameters are contravariant, `unknown` would refuse every protocol
  readonly start: readonly any[];
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly call: { readonly [method: string]: (...args: any[]) => unknown };
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly cast: { readonly [method: string]: (...args: any[]) => void };
}

declare const noMethods: unique symbol;

/** What can be sent to a `Ref` whose protocol is not known: nothing. Write `Ref<P>`, or ask with the type, `whereis<P>(name)`. */
export interface RefWithoutProtocol {
  readonly [noMethods]?: never;
}

/** `self.call(ref).method(...)`: rejects with a `RuntimeError`. */
export type CallMethods<P extends Protocol> = string extends keyof P['call']
  ? RefWithoutProtocol
  : {
      readonly [M in keyof P['call']]: (
        ...args: Parameters<P['call'][M]>
      ) => Promise<Awaited<ReturnType<P['call'][M]>>>;
    };

/**
 * `self.cast(ref).method(...)`: false when it was refused at once (mailbox full, link busy); counted, not thrown. What
 * cannot travel to another node throws `cannot_encode`: that is the sender's own mistake.
 */
export type CastMethods<P extends Protocol> = string extends keyof P['cast']
  ? RefWithoutProtocol
  : { readonly [M in keyof P['cast']]: (...args: Parameters<P['cast'][M]>) => boolean };

/** What happens to a user message when the mailbox is full; each is counted. */
export type WhenFull = 'refuse' | 'drop_oldest' | 'drop_newest';

/** A reply that is given later than its handler returns; only its first use counts. */
export interface LaterReply {
  answer(value: unknown): void;
  fail(error: unknown): void;
}

/** An actor's own view: its state and everything that it may do. All of it fails with `actor_dead` once it has ended. */
export interface Self<State, P extends Protocol = Protocol> {
  state: State;
  readonly ref: Ref<P>;
  readonly name: string;
  /** Fires when the actor ends, for the sockets and store calls that it has under way. */
  readonly signal: AbortSignal;
  /** For work that goes on past its message; null: nothing is followed in this process. */
  readonly tracing: Tracing | null;
  trapExit: boolean;
  call<To extends Protocol>(ref: Ref<To>, timeoutMs?: number): CallMethods<To>;
  cast<To extends Protocol>(ref: Ref<To>): CastMethods<To>;
  /** Starts an unlinked child; it runs `init` in its own turn. */
  spawn<S, C extends Protocol>(definition: Definition<S, C>, ...args: C['start']): Ref<C>;
  /** As `spawn`, linked from the start: the two die together unless one traps exits. */
  spawnLink<S, C extends Protocol>(definition: Definition<S, C>, ...args: C['start']): Ref<C>;
  /** Resolves when `init` is done; rejects with `start_failed`. Linked. */
  startLink<S, C extends Protocol>(definition: Definition<S, C>, ...args: C['start']): Promise<Ref<C>>;
  link(ref: Ref): void;
  unlink(ref: Ref): void;
  /** The answer names the monitor in the `down` that follows, at once when the actor is not there. */
  monitor(ref: Ref): number;
  demonitor(monitor: number): void;
  /** Sends an exit signal; `kill` cannot be trapped and is seen by others as `killed`. */
  exit(ref: Ref, reason: ExitReason): void;
  /** Ends this actor after the present handler. */
  stop(reason?: ExitReason): void;
  /** An `info` of type `timeout` after `delayMs`; the answer cancels it. */
  after(delayMs: number, tag: string, data?: unknown): number;
  cancel(timer: number): void;
  /** An `info` of type `done` when the promise ends; the mailbox goes on meanwhile. */
  pipe(promise: Promise<unknown>, tag: string): void;
  /** True when an actor of this node has ended within the time; at once when it is not there. */
  endedWithin(ref: Ref, withinMs: number): Promise<boolean>;
  /** Inside a call: the reply is given later, and what the handler returns is ignored. */
  replyLater(): LaterReply;
  register(name: string): void;
  /** The actor of this node that registered the name; that it has this protocol is the asker's word. */
  whereis<To extends Protocol = Protocol>(name: string): Ref<To> | null;
  wallMs(): number;
  monotonicMs(): number;
  random(): number;
  log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Definition<State, P extends Protocol> {
  /** For people: shown in trees, logs and crash reports. */
  readonly name: string;
  readonly mailboxMessagesMax?: number;
  readonly whenFull?: WhenFull;
  readonly trapExit?: boolean;
  init(self: Self<State, P>, ...args: P['start']): State | Promise<State>;
  readonly call: {
    readonly [M in keyof P['call']]: (
      self: Self<State, P>,
      ...args: Parameters<P['call'][M]>
    ) => ReturnType<P['call'][M]> | Promise<Awaited<ReturnType<P['call'][M]>>> | LaterReply;
  };
  readonly cast: {
    readonly [M in keyof P['cast']]: (
      self: Self<State, P>,
      ...args: Parameters<P['cast'][M]>
    ) => void | Promise<void>;
  };
  info?(self: Self<State, P>, info: Info): void | Promise<void>;
  /** Runs once when the actor stops itself, crashes, or is asked to stop while it traps exits; never after `kill`. */
  terminate?(self: Self<State, P>, reason: ExitReason): void | Promise<void>;
}

/** Gives the compiler both types at once: `defineActor<State, CounterProtocol>({ ... })`. */
export function defineActor<State, P extends Protocol>(
  definition: Definition<State, P>,
): Definition<State, P> {
  return definition;
}

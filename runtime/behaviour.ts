/**
 * A definition made ready for its actors: one shape for all of them, whatever a program's definitions look like, and
 * handlers that are found by name without a look at the object that holds them. The actors of a definition share it.
 */
import type { Definition, Protocol, WhenFull } from './definition.ts';
import { mailboxMessagesMax } from './limits.ts';
import type { ActorTrace } from './trace.ts';

export type AnyDefinition = Definition<unknown, Protocol>;
export type Handler = (self: unknown, ...args: readonly unknown[]) => unknown;

/** The handlers of one kind. Only those that were asked for and found are kept, so a stranger's names cost nothing. */
export class Handlers {
  private readonly methods: object;
  private known: Map<string, Handler> | null = null;
  // Messages of one name come in rows: the last one found is asked first.
  private lastName = '';
  private last: Handler | null = null;

  constructor(methods: object) {
    this.methods = methods;
  }

  find(name: string): Handler | null {
    if (name === this.lastName && this.last !== null) return this.last;
    const handler = this.known?.get(name) ?? this.learn(name);
    if (handler === null) return null;
    this.lastName = name;
    this.last = handler;
    return handler;
  }

  /** Only a definition's own methods: a message that names `constructor` or `__proto__` finds nothing. */
  private learn(name: string): Handler | null {
    if (!Object.hasOwn(this.methods, name)) return null;
    const method = (this.methods as Record<string, unknown>)[name];
    if (typeof method !== 'function') return null;
    this.known ??= new Map();
    this.known.set(name, method as Handler);
    return method as Handler;
  }
}

export class Behaviour {
  readonly definition: AnyDefinition;
  readonly call: Handlers;
  readonly cast: Handlers;
  /** While a trace looks on this is 0: every message comes by where a full mailbox is judged. */
  readonly mailboxMessagesMax: number;
  /** The real one. */
  readonly messagesMax: number;
  readonly trace: ActorTrace | null;
  readonly whenFull: WhenFull;
  readonly trapExit: boolean;

  constructor(definition: AnyDefinition, trace: ActorTrace | null = null) {
    this.definition = definition;
    this.call = new Handlers(definition.call);
    this.cast = new Handlers(definition.cast);
    this.messagesMax = definition.mailboxMessagesMax ?? mailboxMessagesMax;
    this.mailboxMessagesMax = trace === null ? this.messagesMax : 0;
    this.trace = trace;
    this.whenFull = definition.whenFull ?? 'refuse';
    this.trapExit = definition.trapExit ?? false;
  }

  /** The same for an actor that is traced. */
  tracedBy(trace: ActorTrace): Behaviour {
    return new Behaviour(this.definition, trace);
  }
}

/** The behaviours of one system, each made when its definition first starts an actor. */
export class Behaviours {
  private readonly known = new WeakMap<AnyDefinition, Behaviour>();
  private last: Behaviour | null = null;

  of<S, P extends Protocol>(described: Definition<S, P>): Behaviour {
    // What a handler takes and keeps was checked where the definition was written.
    const definition = described as unknown as AnyDefinition;
    if (this.last !== null && this.last.definition === definition) return this.last;
    let behaviour = this.known.get(definition);
    if (behaviour === undefined) {
      behaviour = new Behaviour(definition);
      this.known.set(definition, behaviour);
    }
    this.last = behaviour;
    return behaviour;
  }
}

/** A spread costs more than the handler of a small message. */
export function apply(handler: Handler, self: unknown, args: readonly unknown[]): unknown {
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

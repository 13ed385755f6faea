/**
 * What follows a piece of work from message to message, as the runtime sees it: an opaque span that travels with a message
 * and under which its handler runs. Who makes spans, names and keeps them is given from outside; a system without one pays
 * a comparison with null for each message. Knows no network, no format and no library.
 */
import type { ReplyTarget } from './message.ts';

/** A step of some work: made by `Tracing`, ended once. */
export interface Span {
  /** Of the whole work; what its log lines carry. */
  readonly trace: string;
  /** What continues it in another process: W3C `traceparent`. */
  readonly header: string;
  /** What `work` sends and asks, also after it has waited, is a part of this step. */
  run<T>(work: () => T): T;
  /** With an error: it failed. What comes after the first end counts for nothing. */
  end(error?: unknown): void;
}

export type SpanKind = 'internal' | 'server' | 'client';
export type SpanFacts = Readonly<Record<string, string | number>>;

export interface Tracing {
  /** Whether any step is open in this process: asked for each message. */
  readonly isOn: boolean;
  /** Whether work is exported that nobody asked to follow. If not, what comes often is not worth a step. */
  readonly isSampling: boolean;
  /** The trace that the running code is a part of; null: of none. */
  trace(): string | null;
  /** What continues the running code's trace elsewhere; null: there is none. */
  header(): string | null;
  /** Runs `work` as a part of the trace that a header names, or as it is when the header is none. */
  under<T>(header: unknown, work: () => T): T;
  /** A step of the running code's trace; null: there is none. */
  begin(kind: SpanKind, name: string, facts?: SpanFacts): Span | null;
  /** The first step of a trace of its own, or one of the trace that the running code is a part of; null: too many are open. */
  root(kind: SpanKind, name: string, facts?: SpanFacts): Span | null;
  /** The first step of a trace that is exported; null: the sampling did not choose it, so it is not followed at all. */
  sampled(kind: SpanKind, name: string, facts?: SpanFacts): Span | null;
}

/** Stands where a message has its reply, so that a message that nobody follows looks as it always did. */
export class FollowedReply implements ReplyTarget {
  readonly span: Span;
  private readonly reply: ReplyTarget | null;

  constructor(span: Span, reply: ReplyTarget | null) {
    this.span = span;
    this.reply = reply;
  }

  answer(value: unknown): void {
    this.span.end();
    this.reply?.answer(value);
  }

  fail(error: unknown): void {
    this.span.end(error);
    this.reply?.fail(error);
  }
}

/** The reply of a message, with the step that its handling is when what its sender does is followed. */
export function follow(
  tracing: Tracing | null,
  actor: { readonly name: string },
  method: string,
  reply: ReplyTarget | null,
): ReplyTarget | null {
  if (tracing === null || !tracing.isOn) return reply;
  const span = tracing.begin('internal', `${actor.name}.${method}`);
  return span === null ? reply : new FollowedReply(span, reply);
}

/** Runs `work` as a step of its own and ends it with the promise; as it is when nothing is to be followed. */
export async function followed<T>(span: Span | null, work: () => Promise<T> | T): Promise<T> {
  if (span === null) return await work();
  try {
    const value = await span.run(work);
    span.end();
    return value;
  } catch (error) {
    span.end(error);
    throw error;
  }
}

/**
 * Messages between actors of different nodes: the runtime's `Router` over links. Encodes once, numbers calls, answers
 * them when a link is lost. Between the actor system and the mesh; which link leads to a node is the mesh's business.
 */
import {
  type ActorSystem,
  messageOf,
  Ref,
  type ReplyTarget,
  type Router,
  RuntimeError,
  type RuntimeErrorCode,
  type Signal,
} from '../runtime/index.ts';
import { type Codec, createCodec } from './codec.ts';
import { ClusterError } from './errors.ts';
import { type RoutedFrame, type RoutedHeader, routedHeadBytes, writeRoutedHead } from './frame.ts';
import type { RoutedKind } from './frame-layout.ts';
import type { Flow } from './lane.ts';
import { remoteCallsMax, remoteSweepMs } from './limits.ts';
import type { Link } from './link.ts';
import type { Urgency } from './outbox.ts';

interface RemoteCall {
  readonly node: string;
  readonly reply: ReplyTarget;
  readonly expiresAtMs: number;
}

/** The codec of an actor system: refs travel as node, boot and id. */
export function actorCodec(): Codec {
  return createCodec({
    isRef: (value) => value instanceof Ref,
    encodeRef: (ref) => [(ref as Ref).node, (ref as Ref).boot, (ref as Ref).id],
    decodeRef: (node, boot, id) => new Ref(node, boot, id),
  });
}

export class RemoteRouter implements Router {
  private readonly system: ActorSystem;
  private readonly codec: Codec;
  private readonly linkTo: (node: string) => Link | null;
  private readonly calls = new Map<number, RemoteCall>();
  private lastCallId = 0;
  private sweeping = false;
  /** Frames whose payload was no message. */
  malformed = 0;

  constructor(system: ActorSystem, codec: Codec, linkTo: (node: string) => Link | null) {
    this.system = system;
    this.codec = codec;
    this.linkTo = linkTo;
    system.router = this;
  }

  cast(ref: Ref, method: string, args: readonly unknown[]): boolean {
    const link = this.linkTo(ref.node);
    if (link === null) {
      this.system.deadLetter(ref, method, 'node_down');
      return false;
    }
    const header = { toBoot: ref.boot, toId: ref.id, fromId: 0, callId: 0, timeoutMs: 0 };
    return this.send(link, 'cast', header, [method, args], ref.id, 'cast');
  }

  call(ref: Ref, method: string, args: readonly unknown[], timeoutMs: number, reply: ReplyTarget): void {
    const link = this.linkTo(ref.node);
    if (link === null) {
      reply.fail(new RuntimeError('node_down', `no link to ${ref.node} (call ${method})`));
      return;
    }
    if (this.calls.size >= remoteCallsMax) {
      reply.fail(new RuntimeError('link_busy', `${remoteCallsMax} remote calls are under way`));
      return;
    }
    const callId = this.nextCallId();
    const wholeMs = Math.max(1, Math.ceil(timeoutMs));
    const header = { toBoot: ref.boot, toId: ref.id, fromId: 0, callId, timeoutMs: wholeMs };
    if (!this.send(link, 'call', header, [method, args], ref.id, 'call')) {
      reply.fail(new RuntimeError('link_busy', `the link to ${ref.node} is full`));
      return;
    }
    this.calls.set(callId, { node: ref.node, reply, expiresAtMs: this.system.clock.monotonicMs() + wholeMs });
    this.sweepLater();
  }

  signal(signal: Signal): boolean {
    const link = this.linkTo(signal.to.node);
    if (link === null) return false;
    const header = {
      toBoot: signal.to.boot,
      toId: signal.to.id,
      fromId: signal.from.id,
      callId: 0,
      timeoutMs: 0,
    };
    return this.send(link, signal.type, header, signalPayload(signal), signal.to.id, 'signal');
  }

  /** A routed frame that the fence let through. */
  receive(link: Link, node: string, boot: number, frame: RoutedFrame): void {
    let value: unknown;
    try {
      value = this.codec.decode(frame.payload);
    } catch (error) {
      this.refuse(link, frame, error);
      return;
    }
    const to = new Ref(this.system.node, frame.toBoot, frame.toId);
    switch (frame.kind) {
      case 'cast':
      case 'call':
        this.deliver(link, node, frame, to, value);
        return;
      case 'reply':
      case 'reply_error':
        this.answer(node, frame, value);
        return;
      default: {
        const signal = signalOf(frame.kind, new Ref(node, boot, frame.fromId), to, value);
        if (signal === null) this.refuse(link, frame, new ClusterError('cannot_decode', `a ${frame.kind}`));
        else this.system.receiveSignal(signal);
      }
    }
  }

  /** The link to that node is lost, and no other took its place. */
  lost(node: string): void {
    for (const [callId, call] of this.calls) {
      if (call.node !== node) continue;
      this.calls.delete(callId);
      call.reply.fail(new RuntimeError('node_down', `the link to ${node} was lost`));
    }
    this.system.nodeDown(node);
  }

  private deliver(link: Link, node: string, frame: RoutedFrame, to: Ref, value: unknown): void {
    if (!Array.isArray(value) || typeof value[0] !== 'string' || !Array.isArray(value[1])) {
      this.refuse(link, frame, new ClusterError('cannot_decode', 'not a method with arguments'));
      return;
    }
    const [method, args] = value as [string, unknown[]];
    if (frame.kind === 'cast') {
      this.system.deliverCast(to, method, args);
      return;
    }
    const { callId } = frame;
    this.system.deliverCall(to, method, args, frame.timeoutMs, {
      answer: (answer) => this.reply(node, callId, 'reply', answer),
      fail: (error) => this.reply(node, callId, 'reply_error', errorForm(error)),
    });
  }

  private reply(node: string, callId: number, kind: 'reply' | 'reply_error', value: unknown): void {
    const link = this.linkTo(node);
    if (link === null) return;
    const header = { toBoot: 0, toId: 0, fromId: 0, callId, timeoutMs: 0 };
    try {
      this.send(link, kind, header, value, null, 'call');
    } catch (error) {
      this.send(link, 'reply_error', header, errorForm(error), null, 'call');
    }
  }

  private answer(node: string, frame: RoutedFrame, value: unknown): void {
    const call = this.calls.get(frame.callId);
    // A late answer, or one from a node that was not asked.
    if (call === undefined || call.node !== node) return;
    this.calls.delete(frame.callId);
    if (frame.kind === 'reply') call.reply.answer(value);
    else call.reply.fail(errorOf(value));
  }

  /** What cannot be read ends this message, not the link: the frame around it was whole. */
  private refuse(link: Link, frame: RoutedFrame, error: unknown): void {
    this.malformed += 1;
    this.system.log('warn', 'payload refused', {
      from: link.address,
      kind: frame.kind,
      error: messageOf(error),
    });
    const { peer } = link;
    if (frame.kind === 'call' && peer?.identity.kind === 'node') {
      this.reply(peer.identity.name, frame.callId, 'reply_error', errorForm(error));
    }
  }

  private send(
    link: Link,
    kind: RoutedKind,
    header: RoutedHeader,
    value: unknown,
    flow: Flow,
    urgency: Urgency,
  ): boolean {
    let bytes: Buffer;
    try {
      bytes = this.codec.encode(value, routedHeadBytes);
    } catch (error) {
      throw new RuntimeError('cannot_encode', messageOf(error), error);
    }
    writeRoutedHead(bytes, 0, kind, header, bytes.length - routedHeadBytes);
    return link.sendBytes(bytes, flow, urgency);
  }

  private nextCallId(): number {
    do this.lastCallId = (this.lastCallId + 1) % 0x1_0000_0000;
    while (this.calls.has(this.lastCallId));
    return this.lastCallId;
  }

  /** Calls whose callers gave up are let go; their answers, if they come, find nobody. */
  private sweepLater(): void {
    if (this.sweeping) return;
    this.sweeping = true;
    this.system.clock.timer(remoteSweepMs, () => {
      this.sweeping = false;
      const nowMs = this.system.clock.monotonicMs();
      for (const [callId, call] of this.calls) if (call.expiresAtMs < nowMs) this.calls.delete(callId);
      if (this.calls.size > 0) this.sweepLater();
    });
  }
}

function signalPayload(signal: Signal): readonly unknown[] {
  switch (signal.type) {
    case 'monitor':
    case 'demonitor':
      return [signal.monitor];
    case 'down':
      return [signal.monitor, signal.reason, signal.detail];
    case 'exit':
      // The boot of the one that is linked: it may be an earlier one, which the peer's present boot would hide.
      return [signal.reason, signal.detail, signal.linked, signal.from.boot];
    default:
      return [];
  }
}

function signalOf(type: RoutedKind, from: Ref, to: Ref, value: unknown): Signal | null {
  if (!Array.isArray(value)) return null;
  const [first, second, third, fourth] = value as unknown[];
  const isDetail = (detail: unknown): detail is string | null =>
    detail === null || typeof detail === 'string';
  switch (type) {
    case 'link':
    case 'unlink':
      return { type, from, to };
    case 'monitor':
    case 'demonitor':
      return typeof first === 'number' ? { type, from, to, monitor: first } : null;
    case 'down':
      if (typeof first !== 'number' || typeof second !== 'string' || !isDetail(third)) return null;
      return { type, from, to, monitor: first, reason: second, detail: third };
    case 'exit':
      if (typeof first !== 'string' || !isDetail(second)) return null;
      return {
        type,
        from: typeof fourth === 'number' ? new Ref(from.node, fourth, from.id) : from,
        to,
        reason: first,
        detail: second,
        linked: third === true,
      };
    default:
      return null;
  }
}

function errorForm(error: unknown): { code: string; detail: string } {
  if (error instanceof RuntimeError) return { code: error.code, detail: error.detail };
  // A refusal with a code of its own keeps it: the caller acts on codes, not on texts.
  const { code } = error as { code?: unknown };
  return { code: typeof code === 'string' ? code : 'handler_failed', detail: messageOf(error) };
}

function errorOf(value: unknown): RuntimeError {
  const { code, detail } = (value ?? {}) as { code?: unknown; detail?: unknown };
  return new RuntimeError(
    (typeof code === 'string' ? code : 'handler_failed') as RuntimeErrorCode,
    typeof detail === 'string' ? detail : 'no detail',
  );
}

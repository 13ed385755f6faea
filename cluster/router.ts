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
  type Signal,
} from '../runtime/index.ts';
import { type Codec, createCodec } from './codec.ts';
import { ClusterError } from './errors.ts';
import type { FenceRule } from './fence.ts';
import { type RoutedFrame, type RoutedHeader, routedHeadBytes, writeRoutedHead } from './frame.ts';
import type { RoutedKind } from './frame-layout.ts';
import type { Flow } from './lane.ts';
import { remoteCallsMax, remoteSweepMs } from './limits.ts';
import type { Link } from './link.ts';
import { isFenced, mayTie } from './may-tie.ts';
import { sent, stepOf } from './message-trace.ts';
import type { Urgency } from './outbox.ts';
import { errorForm, errorOf, signalOf, signalPayload } from './router-forms.ts';
import { TakenCalls } from './taken-calls.ts';

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
  readonly taken: TakenCalls;
  /** Frames whose payload was no message. */
  malformed = 0;

  constructor(
    system: ActorSystem,
    codec: Codec,
    linkTo: (node: string) => Link | null,
    isNamed: (actor: number) => boolean = () => false,
  ) {
    this.taken = new TakenCalls(system.clock, isNamed);
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
    return this.send(link, 'cast', header, sent(this.system, link, null, method, args), ref.id, 'cast');
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
    const step = stepOf(this.system, link, method, reply);
    if (!this.send(link, 'call', header, sent(this.system, link, step, method, args), ref.id, 'call')) {
      step.fail(new RuntimeError('link_busy', `the link to ${ref.node} is full`));
      return;
    }
    this.calls.set(callId, {
      node: ref.node,
      reply: step,
      expiresAtMs: this.system.clock.monotonicMs() + wholeMs,
    });
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
    // Who is watched or linked writes back to whoever asked for it.
    if (signal.type === 'monitor' || signal.type === 'link') link.fence?.exportId(signal.from.id);
    return this.send(link, signal.type, header, signalPayload(signal), signal.to.id, 'signal');
  }

  /** Calls to other nodes that are not answered. */
  get underWay(): number {
    return this.calls.size;
  }

  /** A routed frame that the fence let through. */
  receive(link: Link, node: string, boot: number, frame: RoutedFrame): void {
    let value: unknown;
    try {
      value = (link.fence?.codec ?? this.codec).decode(frame.payload);
    } catch (error) {
      this.refuse(link, frame, error);
      return;
    }
    const to = new Ref(this.system.node, frame.toBoot, frame.toId);
    switch (frame.kind) {
      case 'cast':
      case 'call':
        this.deliver(link, node, boot, frame, to, value);
        return;
      case 'reply':
      case 'reply_error':
        this.answer(link, node, frame, value);
        return;
      default: {
        const signal = signalOf(frame.kind, new Ref(node, boot, frame.fromId), to, value);
        if (signal === null) this.refuse(link, frame, new ClusterError('cannot_decode', `a ${frame.kind}`));
        else if (!mayTie(link, signal)) {
          this.fenced(link, 'target', frame.kind);
          this.refused(link, node, boot, frame);
        } else this.system.receiveSignal(signal);
      }
    }
  }

  /** A frame that the fence did not let through: its sender learns no more than of an actor that is not there. */
  refused(link: Link, node: string, boot: number, frame: RoutedFrame): void {
    const { kind } = frame;
    if (kind === 'call') {
      const gone = new RuntimeError(
        'no_actor',
        `${new Ref(this.system.node, frame.toBoot, frame.toId)} is not there`,
      );
      this.reply(node, boot, frame.callId, 'reply_error', errorForm(gone));
    } else if (kind === 'monitor' || kind === 'link') {
      // No actor has this id: it is answered as for one that has ended.
      this.receive(link, node, boot, { ...frame, toId: 0 });
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

  private deliver(link: Link, node: string, boot: number, frame: RoutedFrame, to: Ref, value: unknown): void {
    if (!Array.isArray(value) || typeof value[0] !== 'string' || !Array.isArray(value[1])) {
      this.refuse(link, frame, new ClusterError('cannot_decode', 'not a method with arguments'));
      return;
    }
    // A tenant's node has no say about what is followed here.
    if (value.length > 2 && this.system.tracing !== null && link.fence === null) {
      this.system.tracing.under(value[2], () => this.deliver(link, node, boot, frame, to, value.slice(0, 2)));
      return;
    }
    const [method, args] = value as [string, unknown[]];
    if (frame.kind === 'cast') {
      this.system.arrivedFrom = node;
      this.system.deliverCast(to, method, args);
      this.system.arrivedFrom = null;
      return;
    }
    const { callId } = frame;
    this.taken.begin(frame.timeoutMs);
    this.system.arrivedFrom = node;
    this.system.deliverCall(to, method, args, frame.timeoutMs, {
      answer: (answer) => {
        this.reply(node, boot, callId, 'reply', answer);
        this.taken.end();
      },
      fail: (error) => {
        const tell = () => this.reply(node, boot, callId, 'reply_error', errorForm(error));
        this.taken.failed(to.id, (error as { code?: unknown } | null)?.code, tell);
      },
    });
    this.system.arrivedFrom = null;
  }

  /** To the life that asked: a later one of the same name numbers its calls anew. */
  private reply(
    node: string,
    boot: number,
    callId: number,
    kind: 'reply' | 'reply_error',
    value: unknown,
  ): void {
    const link = this.linkTo(node);
    if (link === null || link.peer?.greeting.boot !== boot) return;
    const header = { toBoot: 0, toId: 0, fromId: 0, callId, timeoutMs: 0 };
    try {
      this.send(link, kind, header, value, null, 'call');
    } catch (error) {
      this.send(link, 'reply_error', header, errorForm(error), null, 'call');
    }
  }

  private answer(link: Link, node: string, frame: RoutedFrame, value: unknown): void {
    const call = this.calls.get(frame.callId);
    // A late answer, or one from a node that was not asked.
    if (call === undefined || call.node !== node) {
      this.fenced(link, 'answer', frame.kind);
      return;
    }
    this.calls.delete(frame.callId);
    if (frame.kind === 'reply') call.reply.answer(value);
    else call.reply.fail(errorOf(value));
  }

  /** What cannot be read ends this message, not the link: the frame around it was whole. */
  private refuse(link: Link, frame: RoutedFrame, error: unknown): void {
    this.malformed += 1;
    const { peer, fence } = link;
    if (fence?.codec) {
      this.fenced(link, isFenced(error) ? 'ref' : 'malformed', `${frame.kind}: ${messageOf(error)}`);
    } else {
      const fields = { from: link.address, kind: frame.kind, error: messageOf(error) };
      this.system.log('warn', 'payload refused', fields);
    }
    const node = peer?.node ?? null;
    if (frame.kind === 'call' && node !== null)
      this.reply(node.name, peer!.greeting.boot, frame.callId, 'reply_error', errorForm(error));
  }

  private fenced(link: Link, rule: FenceRule, what: string): void {
    if (!link.fence?.far.isTenants || !link.fence.refuse(rule, what)) return;
    link.close('fenced', `${link.fence.refusals.total} refusals, the last: ${rule}`);
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
      bytes = (link.fence?.codec ?? this.codec).encode(value, routedHeadBytes);
    } catch (error) {
      throw new RuntimeError(
        'cannot_encode',
        error instanceof ClusterError ? error.detail : messageOf(error),
        error,
      );
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

/**
 * One link: hello and welcome over a judged connection, then frames both ways. Between the transport (bytes) and the
 * mesh (peers). Gathers what is sent in one turn into one write, system frames first, and is bounded: past its
 * high-water mark casts are refused, past its limit calls are too. Keeps no membership and decodes no message.
 */
import type { PeerIdentity } from '../certs/index.ts';
import type { Clock } from '../runtime/index.ts';
import type { Codec } from './codec.ts';
import { encodeControlHead, type Frame, noPayload } from './frame.ts';
import {
  type ControlFields,
  type ControlKind,
  isSystemKind,
  protocolVersion,
  protocolVersionMin,
} from './frame-layout.ts';
import { createFrameReader } from './frame-reader.ts';
import { type LinkGreeting, readGreeting } from './greeting.ts';
import {
  closeDetailBytesMax,
  frameBytesMax,
  helloTimeoutMs,
  linkHighWaterBytes,
  linkQueuedBytesMax,
  linkRetireMs,
} from './limits.ts';
import { LinkQueue } from './link-queue.ts';
import type { Connection } from './transport.ts';

export interface LinkPeer {
  readonly identity: PeerIdentity;
  readonly greeting: LinkGreeting;
  readonly address: string;
}

export interface LinkHandlers {
  up(link: Link): void;
  frame(link: Link, frame: Frame): void;
  /** Once, whether or not it was ever up. */
  down(link: Link, code: string, detail: string): void;
}

export interface LinkCounts {
  framesIn: number;
  framesOut: number;
  bytesIn: number;
  bytesOut: number;
  refusedBusy: number;
}

export interface LinkOptions {
  readonly connection: Connection;
  /** True when this side dialled. */
  readonly dialled: boolean;
  /** This side's count of its links. */
  readonly number: number;
  readonly greeting: () => LinkGreeting;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly handlers: LinkHandlers;
}

export class Link {
  readonly dialled: boolean;
  readonly number: number;
  readonly counts: LinkCounts = { framesIn: 0, framesOut: 0, bytesIn: 0, bytesOut: 0, refusedBusy: 0 };
  peer: LinkPeer | null = null;
  private readonly options: LinkOptions;
  private readonly reader = createFrameReader();
  private readonly queue = new LinkQueue();
  private flushAsked = false;
  private ended = false;
  private retired = false;
  private peerRetired = false;
  private peerHasAll = false;
  /** User frames wait: this link, whose place was taken, is not read to its end. */
  private waitsFor: Link | null = null;
  private after: Link | null = null;
  private cancelTimer: () => void = () => {};

  constructor(options: LinkOptions) {
    this.options = options;
    this.dialled = options.dialled;
    this.number = options.number;
  }

  get address(): string {
    return this.options.connection.address;
  }

  get isOpen(): boolean {
    return !this.ended;
  }

  /** Another link to the peer is kept: nothing more is sent here, and what comes is read to its end. */
  get isRetired(): boolean {
    return this.retired;
  }

  /** The link that leads to the same life of the peer now: this one, or what took its place. */
  get current(): Link {
    let link: Link = this;
    while (link.after !== null) link = link.after;
    return link;
  }

  begin(): void {
    const { connection, clock } = this.options;
    connection.handle({
      data: (chunk) => this.receive(chunk),
      drained: () => this.flush(),
      closed: (reason) => this.finish('link_closed', reason),
    });
    if (!connection.peer.ok) {
      // Both logs get the code: the refused side by this frame, ours by `down`.
      this.close('refused', `${connection.peer.code}: ${connection.peer.detail}`);
      return;
    }
    this.cancelTimer = clock.timer(helloTimeoutMs, () =>
      this.close('link_silent', `no hello within ${helloTimeoutMs} ms`),
    );
    const greeting = this.options.greeting();
    this.sendControl(
      'hello',
      { version: protocolVersion, versionMin: protocolVersionMin, boot: greeting.boot },
      this.options.codec.encode(greeting),
    );
  }

  /**
   * Sends no more, and ends with `duplicate_link` when both ends have read all that was sent. Until then the messages of
   * its successor wait, if it is to wait: none of them may overtake one that is still on its way here.
   */
  retire(successor: Link, isToWait: boolean): void {
    if (this.ended || this.retired) return;
    this.enqueue(encodeControlHead('retire', {}, 0), noPayload, false);
    this.retired = true;
    this.after = successor;
    if (isToWait) successor.waitsFor = this;
    this.cancelTimer = this.options.clock.timer(linkRetireMs, () =>
      this.close('link_silent', `replaced, and not read to its end within ${linkRetireMs} ms`),
    );
    if (this.peerRetired) this.tellAllRead();
  }

  private tellAllRead(): void {
    const header = { code: 'duplicate_link', detail: 'all was read' };
    this.enqueue(encodeControlHead('close', header, 0), noPayload, false);
    if (this.peerHasAll) this.finishRetired();
  }

  private finishRetired(): void {
    this.flush(true);
    this.finish('duplicate_link', 'another link to the peer is kept');
    this.options.connection.close(true);
  }

  /**
   * A routed frame whose head was written before its payload in one buffer. False when the link is over its high-water
   * mark (a cast, which may not wait) or its limit: nothing was taken.
   */
  sendBytes(bytes: Uint8Array, mayWait: boolean): boolean {
    return this.put(bytes, noPayload, false, mayWait);
  }

  sendControl<K extends ControlKind>(
    kind: K,
    header: ControlFields<K>,
    payload: Uint8Array = noPayload,
  ): boolean {
    return this.put(encodeControlHead(kind, header, payload.length), payload, isSystemKind(kind), true);
  }

  /** Sends the reason, then closes. */
  close(code: string, detail: string): void {
    if (this.ended) return;
    // A text of a frame is bounded in bytes, and what is quoted in a detail may be of any alphabet.
    const header = { code, detail: Buffer.from(detail).subarray(0, closeDetailBytesMax).toString() };
    this.enqueue(encodeControlHead('close', header, 0), noPayload, true);
    this.flush();
    this.finish(code, detail);
    this.options.connection.close(true);
  }

  private put(head: Uint8Array, payload: Uint8Array, system: boolean, mayWait: boolean): boolean {
    if (this.ended || this.retired) return false;
    const waiting = this.queue.bytes + this.options.connection.bufferedBytes();
    // System frames are few and bound by their own machines; without them a full link would be taken for a dead one.
    if (!system && waiting > (mayWait ? linkQueuedBytesMax : linkHighWaterBytes)) {
      this.counts.refusedBusy += 1;
      return false;
    }
    this.enqueue(head, payload, system);
    return true;
  }

  private enqueue(head: Uint8Array, payload: Uint8Array, isSystem: boolean): void {
    this.queue.put(head, payload, isSystem);
    this.counts.framesOut += 1;
    this.flushSoon();
  }

  private flushSoon(): void {
    if (this.flushAsked || this.ended) return;
    this.flushAsked = true;
    this.options.clock.soon(() => this.flush());
  }

  private flush(all = false): void {
    this.flushAsked = false;
    if (this.queue.bytes === 0 || this.ended) return;
    const { connection } = this.options;
    // User frames wait while the network is behind, so that later system frames still go before them.
    const behind = !all && (this.waitsFor !== null || connection.bufferedBytes() > linkHighWaterBytes);
    const { chunks, bytes } = this.queue.take(behind);
    if (chunks.length === 0) return;
    this.counts.bytesOut += bytes;
    connection.write(chunks);
  }

  private receive(chunk: Buffer): void {
    if (this.ended) return;
    this.counts.bytesIn += chunk.length;
    this.reader.push(chunk);
    for (let frame = this.reader.next(); frame !== null; frame = this.reader.next()) {
      this.counts.framesIn += 1;
      this.take(frame);
      if (this.ended) return;
    }
    if (this.reader.failure !== null) this.close(this.reader.failure.code, this.reader.failure.message);
  }

  private take(frame: Frame): void {
    if (frame.kind === 'close') {
      this.closedByPeer(frame.header.code, frame.header.detail);
      return;
    }
    if (this.peer !== null) {
      if (frame.kind === 'retire') this.retiredByPeer();
      else this.options.handlers.frame(this, frame);
      return;
    }
    if (frame.kind !== 'hello') {
      this.close('frame_malformed', `${frame.kind} before hello`);
      return;
    }
    const { version, versionMin } = frame.header;
    if (version < protocolVersionMin || versionMin > protocolVersion) {
      const ours = `we speak ${protocolVersionMin} to ${protocolVersion}`;
      this.close('protocol_version', `peer speaks ${versionMin} to ${version}, ${ours}`);
      return;
    }
    this.welcome(frame.header.boot, frame.payload);
  }

  private retiredByPeer(): void {
    if (this.peerRetired) {
      this.close('frame_malformed', 'retired twice');
      return;
    }
    this.peerRetired = true;
    if (this.retired) this.tellAllRead();
  }

  private closedByPeer(code: string, detail: string): void {
    if (code === 'duplicate_link' && this.retired) {
      this.peerHasAll = true;
      if (this.peerRetired) this.finishRetired();
      return;
    }
    this.flush();
    this.finish(`peer_${code}`, detail);
    this.options.connection.close(true);
  }

  private welcome(boot: number, payload: Uint8Array): void {
    const { peer } = this.options.connection;
    const greeting = readGreeting(this.options.codec, payload, boot);
    if (typeof greeting === 'string' || !peer.ok) {
      this.close('frame_malformed', `hello: ${greeting}`);
      return;
    }
    this.cancelTimer();
    this.reader.allow(frameBytesMax);
    this.peer = { identity: peer.identity, greeting, address: greeting.address || this.address };
    this.options.handlers.up(this);
  }

  private finish(code: string, detail: string): void {
    if (this.ended) return;
    this.ended = true;
    this.cancelTimer();
    this.queue.clear();
    if (this.after?.waitsFor === this) {
      this.after.waitsFor = null;
      this.after.flushSoon();
    }
    this.options.handlers.down(this, code, detail);
  }
}

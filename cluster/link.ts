/**
 * One link: hello and welcome over a judged connection, then frames both ways, until it is closed or retired. Between the
 * transport (bytes) and the mesh (peers); the outbox is its sending half. Keeps no membership and decodes no message.
 */
import type { Beat } from './beat.ts';
import { assert } from './errors.ts';
import { nodeOf } from './fence.ts';
import type { LinkFence } from './fence-link.ts';
import { Flushes } from './flushes.ts';
import { encodeControlHead, type Frame, noPayload } from './frame.ts';
import {
  type ControlFields,
  type ControlKind,
  isSystemKind,
  protocolVersion,
  protocolVersionMin,
} from './frame-layout.ts';
import { type LinkNumbers, type LinkPeer, readGreeting, versionSkew } from './greeting.ts';
import { Inbox, type InboxHandlers } from './inbox.ts';
import type { Flow } from './lane.ts';
import { closeDetailBytesMax, helloTimeoutMs, linkRetireMs } from './limits.ts';
import type { LinkCounts, LinkHandlers, LinkOptions } from './link-options.ts';
import { Outbox, type OutboxHandlers, type Urgency } from './outbox.ts';
import { partBounds } from './part-bounds.ts';
import type { ConnectionHandlers } from './transport.ts';

export class Link implements ConnectionHandlers, InboxHandlers, OutboxHandlers {
  // First what every frame looks at: it then lies together in memory.
  /** Set when a tenant's node is at one end. */
  fence: LinkFence | null = null;
  peer: LinkPeer | null = null;
  /** Of its heartbeats; null: none are sent on it. For the vigil. */
  beat: Beat | null = null;
  private readonly inbox: Inbox;
  private readonly outbox: Outbox;
  private readonly handlers: LinkHandlers;
  private ended = false;
  private retired = false;
  readonly dialled: boolean;
  readonly numbers: LinkNumbers;
  /** The node that it was dialled for, if it was known. */
  readonly expected: string | null;
  readonly sinceWallMs: number;
  /** Links to the peer that gave way to this one. */
  replaced = 0;
  private readonly options: LinkOptions;
  private retireTold = false;
  private peerRetired = false;
  private peerHasAll = false;
  /** User frames wait: this link, whose place was taken, is not read to its end. */
  private waitsFor: Link | null = null;
  private after: Link | null = null;
  private cancelTimer: () => void = () => {};

  constructor(options: LinkOptions) {
    this.options = options;
    this.handlers = options.handlers;
    this.dialled = options.dialled;
    this.numbers = options.numbers;
    this.expected = options.expected ?? null;
    this.sinceWallMs = options.clock.wallMs();
    this.inbox = new Inbox(options.clock, this, () => this.fence?.boundsIn ?? partBounds);
    const flushes = options.flushes ?? new Flushes(options.clock);
    this.outbox = new Outbox(options.connection, flushes, this, () => this.fence?.boundsOut ?? partBounds);
  }

  get address(): string {
    return this.options.connection.address;
  }

  get counts(): LinkCounts {
    return { ...this.inbox.counts, ...this.outbox.counts };
  }

  get waitingBytes(): number {
    return this.outbox.waitingBytes;
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
    connection.handle(this);
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
      this.options.codec.encode({ ...greeting, ...this.numbers }),
    );
  }

  // For the connection and the inbox: what each frame comes through is this object itself.

  drained(): void {
    this.outbox.flush();
  }

  closed(reason: string): void {
    this.finish('link_closed', reason);
  }

  data(chunk: Buffer): void {
    if (this.fence === null) this.inbox.receive(chunk);
    else {
      const restMs = this.fence.spend(this.inbox, chunk);
      if (restMs > 0 && !this.ended) this.options.connection.rest(restMs);
    }
  }

  /**
   * Sends no more, and ends with `duplicate_link` when both ends have read all that was sent. Until then the messages of
   * its successor wait, if it is to wait: none of them may overtake one that is still on its way here.
   */
  retire(successor: Link, isToWait: boolean): void {
    if (this.ended || this.retired) return;
    this.retired = true;
    this.after = successor;
    successor.replaced += this.replaced + 1;
    if (isToWait) {
      successor.waitsFor = this;
      successor.outbox.hold();
    }
    this.cancelTimer = this.options.clock.timer(linkRetireMs, () =>
      this.close('link_silent', `replaced, and not read to its end within ${linkRetireMs} ms`),
    );
    this.outbox.flush();
    if (this.peerRetired) this.tellAllRead();
  }

  // For the outbox.

  overrun(): void {
    this.close('not_reading', `${this.outbox.waitingBytes} bytes wait for the peer`);
  }

  /** When it is retired that was the last of all messages: nothing may come after what says so. */
  emptied(): void {
    if (!this.retired || this.retireTold) return;
    this.retireTold = true;
    this.outbox.put(encodeControlHead('retire', {}, 0), noPayload, null, 'signal');
  }

  private tellAllRead(): void {
    const header = { code: 'duplicate_link', detail: 'all was read' };
    this.outbox.put(encodeControlHead('close', header, 0), noPayload, null, 'system');
    if (this.peerHasAll) this.finishRetired();
  }

  private finishRetired(): void {
    this.outbox.end(null);
    this.finish('duplicate_link', 'another link to the peer is kept');
    this.options.connection.close(true);
  }

  /**
   * A routed frame whose head was written before its payload in one buffer; those of one flow keep their order. False
   * when it was refused: the link is too full for its urgency, or does not take any more.
   */
  sendBytes(bytes: Uint8Array, flow: Flow, urgency: Urgency): boolean {
    return !this.retired && this.outbox.put(bytes, noPayload, flow, urgency);
  }

  sendControl<K extends ControlKind>(
    kind: K,
    header: ControlFields<K>,
    payload: Uint8Array = noPayload,
  ): boolean {
    if (this.ended || this.retired || this.fence?.departs(kind, header) === false) return false;
    return this.putControl(kind, encodeControlHead(kind, header, payload.length), payload);
  }

  /** A whole frame as `encodeControl` made it for many links at once; not across a fence, which judges each by itself. */
  sendShared(kind: ControlKind, frame: Uint8Array): boolean {
    assert(this.fence === null, 'what crosses a fence is judged');
    return !this.ended && !this.retired && this.putControl(kind, frame, noPayload);
  }

  private putControl(kind: ControlKind, head: Uint8Array, payload: Uint8Array): boolean {
    // A delta that overtakes one before it would only be fetched again.
    const flow = kind.startsWith('registry_') ? 0 : null;
    return this.outbox.put(head, payload, flow, isSystemKind(kind) ? 'system' : 'call');
  }

  /** Sends the reason, then closes. */
  close(code: string, detail: string): void {
    if (this.ended) return;
    this.options.connection.blame?.(code);
    // A text of a frame is bounded in bytes, and what is quoted in a detail may be of any alphabet.
    const header = { code, detail: Buffer.from(detail).subarray(0, closeDetailBytesMax).toString() };
    this.outbox.end(encodeControlHead('close', header, 0));
    this.finish(code, detail);
    this.options.connection.close(true);
  }

  frame(frame: Frame, isOverlong: boolean): void {
    if (frame.kind === 'close') {
      this.closedByPeer(frame.header.code, frame.header.detail);
      return;
    }
    if (this.peer !== null) {
      if (frame.kind === 'retire') this.retiredByPeer();
      else this.handlers.frame(this, frame, isOverlong);
      return;
    }
    if (frame.kind !== 'hello') {
      this.close('frame_malformed', `${frame.kind} before hello`);
      return;
    }
    const { version, versionMin } = frame.header;
    const skew = versionSkew(version, versionMin);
    if (skew !== null) this.close('protocol_version', skew);
    else this.welcome(frame.header.boot, frame.payload);
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
    this.outbox.end(null);
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
    this.inbox.takesParts = true;
    const { identity, serial } = peer;
    const address = greeting.address || this.address;
    this.peer = { identity, node: nodeOf(identity), serial, greeting, address };
    this.handlers.up(this);
  }

  private finish(code: string, detail: string): void {
    if (this.ended) return;
    this.ended = true;
    this.cancelTimer();
    this.inbox.end();
    this.outbox.drop();
    this.handlers.down(this, code, detail);
    // After it: a successor that ends with it takes what it held along.
    if (this.after?.waitsFor === this) {
      this.after.waitsFor = null;
      this.after.outbox.release();
    }
  }
}

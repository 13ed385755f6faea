/**
 * One link: hello and welcome over a judged connection, then frames both ways. Between the transport (bytes) and the
 * mesh (peers). Gathers what is sent in one turn into one write, system frames first, and is bounded: past its
 * high-water mark casts are refused, past its limit calls are too. Keeps no membership and decodes no message.
 */
import type { PeerIdentity } from '../certs/index.ts';
import type { Clock } from '../runtime/index.ts';
import { readAddress } from './address.ts';
import type { Codec } from './codec.ts';
import { ClusterError } from './errors.ts';
import { encodeControlHead, encodeFrame, type Frame, isRouted, noPayload } from './frame.ts';
import {
  type ControlFields,
  type ControlKind,
  isSystemKind,
  protocolVersion,
  protocolVersionMin,
} from './frame-layout.ts';
import { createFrameReader } from './frame-reader.ts';
import { frameBytesMax, helloTimeoutMs, linkHighWaterBytes, linkQueuedBytesMax } from './limits.ts';
import type { Connection } from './transport.ts';

/** What a node tells of itself; its name and role are in its certificate. */
export interface Greeting {
  boot: number;
  /** Where others reach it; empty for an operator's command. */
  address: string;
  pid: number;
  /** Peers that it knows: hints, no more. */
  knows: readonly string[];
}

export interface LinkPeer {
  readonly identity: PeerIdentity;
  readonly greeting: Greeting;
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
  readonly greeting: () => Greeting;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly handlers: LinkHandlers;
}

export class Link {
  readonly dialled: boolean;
  readonly counts: LinkCounts = { framesIn: 0, framesOut: 0, bytesIn: 0, bytesOut: 0, refusedBusy: 0 };
  peer: LinkPeer | null = null;
  private readonly options: LinkOptions;
  private readonly reader = createFrameReader();
  private system: Uint8Array[] = [];
  private user: Uint8Array[] = [];
  private queuedBytes = 0;
  private flushAsked = false;
  private ended = false;
  private cancelHelloTimer: () => void = () => {};

  constructor(options: LinkOptions) {
    this.options = options;
    this.dialled = options.dialled;
  }

  get address(): string {
    return this.options.connection.address;
  }

  get isOpen(): boolean {
    return !this.ended;
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
    this.cancelHelloTimer = clock.timer(helloTimeoutMs, () =>
      this.close('link_silent', `no hello within ${helloTimeoutMs} ms`),
    );
    const greeting = this.options.greeting();
    this.sendControl(
      'hello',
      { version: protocolVersion, versionMin: protocolVersionMin, boot: greeting.boot },
      this.options.codec.encode(greeting),
    );
  }

  /** False when the link is over its high-water mark (`cast`) or its limit: nothing was taken. */
  send(frame: Frame, mayWait: boolean): boolean {
    if (this.ended) return false;
    const [head, payload] = encodeFrame(frame);
    return this.put(head, payload, !isRouted(frame) && isSystemKind(frame.kind), mayWait);
  }

  /** As `send`, for a routed frame whose head was written before its payload in one buffer. */
  sendBytes(bytes: Uint8Array, mayWait: boolean): boolean {
    return this.put(bytes, noPayload, false, mayWait);
  }

  sendControl<K extends ControlKind>(
    kind: K,
    header: ControlFields<K>,
    payload: Uint8Array = noPayload,
  ): boolean {
    if (this.ended) return false;
    return this.put(encodeControlHead(kind, header, payload.length), payload, isSystemKind(kind), true);
  }

  /** Sends the reason, then closes. */
  close(code: string, detail: string): void {
    if (this.ended) return;
    this.sendControl('close', { code, detail: detail.slice(0, 200) });
    this.flush();
    this.options.connection.close(true);
    this.finish(code, detail);
  }

  private put(head: Uint8Array, payload: Uint8Array, system: boolean, mayWait: boolean): boolean {
    if (this.ended) return false;
    const bytes = head.length + payload.length;
    const waiting = this.queuedBytes + this.options.connection.bufferedBytes();
    // System frames are few and bound by their own machines; without them a full link would be taken for a dead one.
    if (!system && waiting > (mayWait ? linkQueuedBytesMax : linkHighWaterBytes)) {
      this.counts.refusedBusy += 1;
      return false;
    }
    const lane = system ? this.system : this.user;
    lane.push(head);
    if (payload.length > 0) lane.push(payload);
    this.queuedBytes += bytes;
    this.counts.framesOut += 1;
    if (!this.flushAsked) {
      this.flushAsked = true;
      this.options.clock.soon(() => this.flush());
    }
    return true;
  }

  private flush(): void {
    this.flushAsked = false;
    if (this.queuedBytes === 0 || this.ended) return;
    const { connection } = this.options;
    // User frames wait while the network is behind, so that later system frames still go before them.
    const behind = connection.bufferedBytes() > linkHighWaterBytes;
    const chunks = behind ? this.system : this.system.concat(this.user);
    if (chunks.length === 0) return;
    this.system = [];
    if (!behind) this.user = [];
    let bytes = 0;
    for (const chunk of chunks) bytes += chunk.length;
    this.queuedBytes -= bytes;
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
      this.options.connection.close(true);
      this.finish(`peer_${frame.header.code}`, frame.header.detail);
      return;
    }
    if (this.peer !== null) {
      this.options.handlers.frame(this, frame);
      return;
    }
    if (frame.kind !== 'hello') {
      this.close('frame_malformed', `${frame.kind} before hello`);
      return;
    }
    const { version, versionMin } = frame.header;
    if (version < protocolVersionMin || versionMin > protocolVersion) {
      const detail = `peer speaks ${versionMin} to ${version}, we speak ${protocolVersionMin} to ${protocolVersion}`;
      this.close('protocol_version', detail);
      return;
    }
    this.welcome(frame.header.boot, frame.payload);
  }

  private welcome(boot: number, payload: Uint8Array): void {
    const { peer } = this.options.connection;
    const greeting = readGreeting(this.options.codec, payload, boot);
    if (typeof greeting === 'string' || !peer.ok) {
      this.close('frame_malformed', `hello: ${greeting}`);
      return;
    }
    this.cancelHelloTimer();
    this.reader.allow(frameBytesMax);
    this.peer = { identity: peer.identity, greeting, address: greeting.address || this.address };
    this.options.handlers.up(this);
  }

  private finish(code: string, detail: string): void {
    if (this.ended) return;
    this.ended = true;
    this.cancelHelloTimer();
    this.system = [];
    this.user = [];
    this.options.handlers.down(this, code, detail);
  }
}

/** A text is what is wrong with it. */
function readGreeting(codec: Codec, payload: Uint8Array, boot: number): Greeting | string {
  let value: unknown;
  try {
    value = codec.decode(payload);
  } catch (error) {
    return error instanceof ClusterError ? error.message : 'unreadable';
  }
  if (typeof value !== 'object' || value === null) return 'not an object';
  const { address, pid, knows } = value as Partial<Greeting>;
  // Empty: an operator's command, which nobody dials. Others dial what stands here.
  if (typeof address !== 'string' || (address !== '' && readAddress(address) === null)) return 'address';
  if (!Number.isInteger(pid)) return 'pid';
  if (!Array.isArray(knows) || knows.length > 2_000 || knows.some((one) => typeof one !== 'string'))
    return 'knows';
  return { boot, address, pid: pid as number, knows: knows as string[] };
}

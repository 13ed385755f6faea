/**
 * A peer with a certificate and no manners, for tests: speaks the protocol over real TLS, frame by frame, and sends
 * whatever the test says. Keeps every frame that it was sent.
 */
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { type Credential, clientTlsOptions, proveRenewal } from '../../certs/index.ts';
import { splitAddress } from '../address.ts';
import {
  type ControlFrame,
  encodeControlHead,
  encodeRoutedHead,
  type Frame,
  noPayload,
  type RoutedFrame,
  type RoutedHeader,
} from '../frame.ts';
import { type ControlFields, type ControlKind, protocolVersion, type RoutedKind } from '../frame-layout.ts';
import { createFrameReader } from '../frame-reader.ts';
import { actorCodec } from '../router.ts';

const codec = actorCodec();

export class FreePeer {
  readonly boot: number;
  readonly frames: Frame[] = [];
  isClosed = false;
  private readonly socket: TLSSocket;
  private readonly credential: Credential;
  private readonly waiting = new Set<() => void>();

  private constructor(socket: TLSSocket, boot: number, credential: Credential) {
    this.socket = socket;
    this.credential = credential;
    this.boot = boot;
    const reader = createFrameReader();
    socket.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      for (let frame = reader.next(); frame !== null; frame = reader.next()) {
        // The payload is a view of what is read next.
        this.frames.push({ ...frame, payload: Buffer.from(frame.payload) });
      }
      this.tell();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.tell();
    });
  }

  static connect(credential: Credential, address: string, boot: number): Promise<FreePeer> {
    const { host, port } = splitAddress(address);
    return new Promise((resolve, reject) => {
      const socket = tlsConnect({ ...clientTlsOptions(credential), host, port });
      socket.once('error', reject);
      socket.once('secureConnect', () => {
        const peer = new FreePeer(socket, boot, credential);
        const greeting = { address: '127.0.0.1:9', pid: 1, knows: [], link: 1, lost: 0 };
        const header = { version: protocolVersion, versionMin: protocolVersion, boot };
        peer.control('hello', header, codec.encode(greeting));
        resolve(peer);
      });
    });
  }

  routed(kind: RoutedKind, header: Partial<RoutedHeader>, value: unknown): void {
    this.routedBytes(kind, header, codec.encode(value));
  }

  routedBytes(kind: RoutedKind, header: Partial<RoutedHeader>, payload: Uint8Array): void {
    const whole = { toBoot: 0, toId: 0, fromId: 0, callId: 0, timeoutMs: 5_000, ...header };
    this.write(encodeRoutedHead(kind, whole, payload.length), payload);
  }

  control<K extends ControlKind>(kind: K, header: ControlFields<K>, payload: Uint8Array = noPayload): void {
    this.write(encodeControlHead(kind, header, payload.length), payload);
  }

  /** A proof of the certificate that it has already: as good as that of a renewed one. */
  renewal(): void {
    const secret = this.socket.exportKeyingMaterial(32, 'EXPORTER-picket-renewal-dialler', Buffer.alloc(0));
    this.control('credential', {}, codec.encode(proveRenewal(this.credential, secret)));
  }

  write(...bytes: Uint8Array[]): void {
    if (!this.isClosed) for (const one of bytes) this.socket.write(one);
  }

  /** Resolves when it holds: asked again with every frame that comes. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (!holds()) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
    });
  }

  of<K extends ControlKind>(kind: K): ControlFrame<K>[] {
    return this.frames.filter(({ kind: one }) => one === kind) as ControlFrame<K>[];
  }

  routedOf(kind: RoutedKind): RoutedFrame[] {
    return this.frames.filter((frame): frame is RoutedFrame => frame.kind === kind);
  }

  decoded(frame: Frame): unknown {
    return codec.decode(frame.payload);
  }

  /** Resolves when the network took what was written, or the connection is closed. */
  taken(): Promise<void> {
    if (this.isClosed || !this.socket.writableNeedDrain)
      return new Promise((resolve) => setImmediate(resolve));
    return new Promise((resolve) => {
      const done = () => {
        this.socket.off('drain', done).off('close', done);
        resolve();
      };
      this.socket.on('drain', done).on('close', done);
    });
  }

  end(): void {
    this.socket.destroy();
  }

  private tell(): void {
    for (const look of [...this.waiting]) look();
  }
}

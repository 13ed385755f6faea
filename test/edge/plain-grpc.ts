/**
 * A gRPC client by hand over Node's HTTP/2: frames of five bytes and a message, a status in the trailers
 * (github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). It knows no service.
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

export interface Ended {
  status: number;
  detail: string;
  messages: Buffer[];
}

export class PlainClient {
  private readonly session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.session = session;
  }

  static dial(port: number, tls: ConnectionOptions): Promise<PlainClient> {
    const socket = connectTls({ ...tls, host: '127.0.0.1', port, ALPNProtocols: ['h2'] });
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('secureConnect', () => {
        const session = connect('http://edge', { createConnection: () => socket });
        session.on('error', () => {});
        resolve(new PlainClient(session));
      });
    });
  }

  open(path: string): PlainCall {
    const stream = this.session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    return new PlainCall(stream);
  }

  unary(path: string, message: Buffer): Promise<Ended> {
    const call = this.open(path);
    call.send(message);
    call.finish();
    return call.ended;
  }

  get isClosed(): boolean {
    return this.session.closed || this.session.destroyed;
  }

  /** A ping that nobody waits for. */
  ping(): void {
    this.session.ping(() => {});
  }

  get closed(): Promise<void> {
    if (this.session.closed) return Promise.resolve();
    return new Promise((resolve) => this.session.once('close', () => resolve()));
  }

  close(): void {
    this.session.destroy();
  }
}

export class PlainCall {
  readonly ended: Promise<Ended>;
  private readonly stream: ClientHttp2Stream;
  private readonly messages: Buffer[] = [];
  private readonly waiting: ((message: Buffer) => void)[] = [];
  private given = 0;

  constructor(stream: ClientHttp2Stream) {
    this.stream = stream;
    let bytes = Buffer.alloc(0);
    stream.on('data', (data: Buffer) => {
      bytes = Buffer.concat([bytes, data]);
      while (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt32BE(1)) {
        const length = bytes.readUInt32BE(1);
        this.messages.push(bytes.subarray(5, 5 + length));
        bytes = bytes.subarray(5 + length);
        this.give();
      }
    });
    let told: IncomingHttpHeaders = {};
    const note = (headers: IncomingHttpHeaders) => {
      if (headers['grpc-status'] !== undefined) told = headers;
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('error', () => {});
    this.ended = new Promise((resolve) => {
      // A status ends the call for this side, whether or not it had said all.
      stream.once('end', () => stream.close());
      stream.once('close', () => {
        const detail = decodeURIComponent(String(told['grpc-message'] ?? ''));
        resolve({ status: Number(told['grpc-status'] ?? -1), detail, messages: this.messages });
      });
    });
  }

  send(message: Buffer): boolean {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    return this.stream.write(Buffer.concat([head, message]));
  }

  /** Bytes as they are, of a frame that may be none. */
  write(bytes: Uint8Array): boolean {
    return this.stream.write(bytes);
  }

  finish(): void {
    this.stream.end();
  }

  /** Gives it up in the middle. */
  reset(): void {
    this.stream.close(8);
  }

  /** What is written and not sent: the other side does not read. */
  get unsentBytes(): number {
    return this.stream.writableLength;
  }

  /** The next message that comes. */
  next(): Promise<Buffer> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.give();
    });
  }

  private give(): void {
    while (this.waiting.length > 0 && this.given < this.messages.length) {
      this.waiting.shift()!(this.messages[this.given]!);
      this.given += 1;
    }
  }
}

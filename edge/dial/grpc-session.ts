/**
 * A gRPC client over one TLS connection that was judged before: unary calls and streams of answers (gRPC over HTTP2). By hand, over
 * Node's HTTP/2, since the library that we serve with dials and judges by itself, and bounds neither silence nor what it holds.
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { type DialFault, faulty } from './dial-errors.ts';
import {
  callMs,
  headerPairsMax,
  keepaliveAnswerMs,
  keepaliveEveryMs,
  sessionMemoryMb,
  toldCharactersMax,
  windowBytes,
} from './dial-limits.ts';
import { FrameReader, framed } from './frame-reader.ts';

export interface SessionClock {
  timer(ms: number, run: () => void): () => void;
}

export interface Asked {
  readonly path: string;
  readonly message: Uint8Array;
  /** Of one message of the answer. */
  readonly bytesMax: number;
  /** The agent's own deadline, as it is told. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export class GrpcSession {
  private readonly session: ClientHttp2Session;
  private readonly clock: SessionClock;
  private cancelPing = () => {};
  private why: DialFault | null = null;

  constructor(socket: TLSSocket, authority: string, clock: SessionClock) {
    this.clock = clock;
    this.session = connect(`https://${authority}`, {
      createConnection: () => socket,
      maxSessionMemory: sessionMemoryMb,
      maxHeaderListPairs: headerPairsMax,
      maxReservedRemoteStreams: 0,
      settings: { enablePush: false, initialWindowSize: windowBytes },
    } as Parameters<typeof connect>[1]);
    const noteError = (error: Error) => {
      this.why ??= faultOf(error);
    };
    socket.on('error', noteError);
    this.session.on('error', noteError);
    this.session.once('close', () => this.cancelPing());
    // An agent that goes says so first; no further call is begun on it.
    this.session.on('goaway', () => this.session.close());
    this.pingLater();
  }

  get isOpen(): boolean {
    return !this.session.closed && !this.session.destroyed;
  }

  /** Why it ended, where the connection itself said so. */
  get endedBy(): DialFault | null {
    return this.why;
  }

  close(): void {
    this.session.destroy();
  }

  /** The one message of an answer. */
  async unary(asked: Asked): Promise<Buffer | DialFault> {
    let only: Buffer | null = null;
    const fault = await this.stream(asked, (message) => {
      if (only !== null) return faulty('bad_answer', 'two messages where one was to come');
      only = message;
      return null;
    });
    return fault ?? only ?? faulty('bad_answer', 'an answer without a message');
  }

  /**
   * Reads to the end; null when the agent has said all and its status is OK. `onMessage` may end it. The silence before each
   * message is bounded; how long the whole may take, the signal says.
   */
  stream(
    { path, message, bytesMax, timeoutMs, signal }: Asked,
    onMessage: (message: Buffer) => DialFault | null,
  ): Promise<DialFault | null> {
    if (signal.aborted) return Promise.resolve(faulty('cancelled', 'the poll was ended'));
    if (!this.isOpen)
      return Promise.resolve(this.why ?? faulty('connection_lost', 'the connection has ended'));
    return new Promise((resolve) => {
      const stream = this.session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        'grpc-accept-encoding': 'identity',
        'grpc-timeout': `${timeoutMs}m`,
        te: 'trailers',
      });
      const reader = new FrameReader(bytesMax);
      let told: Told = { http: null, status: null, detail: '', isGrpc: false };
      let cancelSilence = () => {};
      const onAbort = () => end(faulty('cancelled', 'the poll was ended'));
      const end = (fault: DialFault | null) => {
        cancelSilence();
        signal.removeEventListener('abort', onAbort);
        if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
        resolve(fault);
      };
      const heard = () => {
        cancelSilence();
        cancelSilence = this.clock.timer(callMs, () =>
          end(faulty('no_answer', `nothing came for ${callMs} ms`)),
        );
      };
      signal.addEventListener('abort', onAbort);
      stream.on('error', () => {});
      stream.on('response', (headers) => {
        told = read(told, headers);
      });
      stream.on('trailers', (headers) => {
        told = read(told, headers);
      });
      stream.on('data', (bytes: Buffer) => {
        // Of what is no answer of this contract nothing is read as one; its status is told at the end.
        if (!told.isGrpc) return;
        const messages = reader.read(bytes);
        if (!Array.isArray(messages)) {
          end(messages);
          return;
        }
        if (messages.length > 0) heard();
        for (const one of messages) {
          const fault = onMessage(one);
          if (fault === null) continue;
          end(fault);
          return;
        }
      });
      // The status may come after the end of what is read, and before the close that it brings about.
      stream.once('end', () => stream.close());
      stream.once('close', () => {
        const verdict = verdictOf(told, reader, stream);
        end(verdict?.fault === 'connection_lost' ? (this.why ?? verdict) : verdict);
      });
      stream.end(framed(message));
      heard();
    });
  }

  private pingLater(): void {
    this.cancelPing = this.clock.timer(keepaliveEveryMs, () => {
      if (!this.isOpen) return;
      const giveUp = this.clock.timer(keepaliveAnswerMs, () => this.close());
      const isSent = this.session.ping((error) => {
        giveUp();
        if (error === null) this.pingLater();
      });
      if (!isSent) this.close();
    });
  }
}

/** With TLS 1.3 a server refuses a client's certificate when the handshake is over on this side. */
function faultOf(error: Error): DialFault {
  const text = error.message.slice(0, toldCharactersMax);
  return faulty(/\balert\b/i.test(text) ? 'handshake_failed' : 'connection_lost', text);
}

interface Told {
  readonly http: number | null;
  readonly status: number | null;
  readonly detail: string;
  readonly isGrpc: boolean;
}

function read(told: Told, headers: IncomingHttpHeaders): Told {
  const { ':status': http, 'grpc-status': status, 'grpc-message': detail } = headers;
  const type = String(headers['content-type'] ?? '');
  return {
    http: typeof http === 'number' ? http : told.http,
    isGrpc: told.isGrpc || type.startsWith('application/grpc'),
    status: typeof status === 'string' && /^\d{1,3}$/.test(status) ? Number(status) : told.status,
    detail: typeof detail === 'string' ? unescaped(detail) : told.detail,
  };
}

function verdictOf(told: Told, reader: FrameReader, stream: ClientHttp2Stream): DialFault | null {
  const { http, status, detail, isGrpc } = told;
  if (http === null) return faulty('connection_lost', 'the connection ended before an answer');
  if (http !== 200 || !isGrpc) return faulty('bad_answer', `HTTP ${http}, no gRPC`);
  if (status !== null && status !== 0) return faulty('agent_refused', `gRPC status ${status}: ${detail}`);
  if (status === null || stream.rstCode !== 0)
    return faulty('connection_lost', 'the answer ended without a status');
  return reader.isBetween ? null : faulty('bad_answer', 'the answer ended within a message');
}

/** Percent-encoded by the contract; what does not decode stays. Printable, and not long. */
function unescaped(text: string): string {
  let plain = text;
  try {
    plain = decodeURIComponent(text);
  } catch {}
  return plain.replaceAll(/[^\x20-\x7e\u00a0-\ud7ff]/g, ' ').slice(0, toldCharactersMax);
}

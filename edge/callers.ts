/**
 * Who a call is from: known by the connection that it came on, since each connection has an injector of its own whose
 * interceptor knows its peer. It also holds a stream's next message until its handler has done with the one before, so that
 * a slow store makes the agent wait and not this node grow. Between grpc-js and the handlers.
 */
import type { ServerHttp2Stream } from 'node:http2';
import {
  ServerCredentials as credentials,
  experimental,
  type Metadata,
  type ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import { type GatewayRefusal, statusOf } from './errors.ts';
import type { IncomingBytes, IncomingStream } from './incoming-bytes.ts';
import { type EdgePeer, holderOf } from './peer.ts';

export interface Caller {
  readonly peer: EdgePeer;
  /** The handler of a stream is done with a message: the next one may come. */
  readNext(): void;
}

export interface CallersNeeds {
  readonly incoming: IncomingBytes;
  /** A stream was refused before a handler could. */
  refused(refusal: GatewayRefusal, peer: EdgePeer): void;
}

export class Callers {
  private readonly byCall = new WeakMap<Metadata, Caller>();
  private readonly needs: CallersNeeds | null;

  /** Null: what comes is not counted. */
  constructor(needs: CallersNeeds | null = null) {
    this.needs = needs;
  }

  /** Null for a call of no connection of ours. */
  of(call: { readonly metadata: Metadata }): Caller | null {
    return this.byCall.get(call.metadata) ?? null;
  }

  /** For the injector of one connection, whose TLS ended before it. */
  credentialsOf(peer: EdgePeer): ServerCredentials {
    return experimental.createServerCredentialsWithInterceptors(credentials.createInsecure(), [
      this.interceptorOf(peer),
    ]);
  }

  private interceptorOf(peer: EdgePeer): ServerInterceptor {
    return (_method, call) => {
      let isReading = false;
      let held: (() => void) | null = null;
      const incoming = this.count(peer, call);
      const readNext = () => {
        const give = held;
        held = null;
        isReading = give !== null;
        incoming?.given();
        give?.();
      };
      return new ServerInterceptingCall(call, {
        start: (next) =>
          next({
            onReceiveMetadata: (metadata, pass) => {
              this.byCall.set(metadata, { peer, readNext });
              pass(metadata);
            },
            onReceiveMessage(message, pass) {
              incoming?.read(isReading ? bytesOf(message) : 0);
              if (isReading) held = () => pass(message);
              else {
                isReading = true;
                pass(message);
              }
            },
          }),
      });
    };
  }

  /**
   * grpc-js keeps what came of a message until it is whole and tells nobody, so its own stream is listened to. The name of that
   * field is the library's: without it there is no bound, so a call is refused rather than served without one.
   */
  private count(peer: EdgePeer, call: ServerInterceptingCallInterface): IncomingStream | null {
    if (this.needs === null) return null;
    const { incoming, refused } = this.needs;
    const { stream } = call as unknown as { stream?: ServerHttp2Stream };
    if (stream === undefined) {
      call.sendStatus({
        code: status.INTERNAL,
        details: 'this version of grpc-js does not show the stream of a call',
      });
      return null;
    }
    const counted = incoming.stream(holderOf(peer), (refusal) => {
      refused(refusal, peer);
      call.sendStatus(statusOf(refusal));
      // What is sent all the same is not read any more.
      stream.close();
    });
    stream.on('data', (piece: Buffer) => counted.piece(piece));
    stream.once('close', () => counted.end());
    return counted;
  }
}

function bytesOf(message: unknown): number {
  const { bytes } = message as { bytes?: number };
  return typeof bytes === 'number' ? bytes : 0;
}

/**
 * Who a call is from: known by the connection that it came on, since each connection has an injector of its own whose
 * interceptor knows its peer. It also holds a stream's next message until its handler has done with the one before, so that
 * a slow store makes the agent wait and not this node grow. Between grpc-js and the handlers.
 */
import {
  ServerCredentials as credentials,
  experimental,
  type Metadata,
  type ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import type { EdgePeer } from './peer.ts';

export interface Caller {
  readonly peer: EdgePeer;
  /** The handler of a stream is done with a message: the next one may come. */
  readNext(): void;
}

export class Callers {
  private readonly byCall = new WeakMap<Metadata, Caller>();

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
      const readNext = () => {
        const give = held;
        held = null;
        isReading = give !== null;
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
}

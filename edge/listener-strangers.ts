/**
 * The gRPC server for those without a good certificate: enrolment, small and short. Whatever else there is to call answers
 * that a certificate is needed, and why the one that was shown does not count.
 */
import type { TLSSocket } from 'node:tls';
import { Server, ServerCredentials, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { ServiceMethods } from '../proto/index.ts';
import type { ServedContract } from './listener-contract.ts';
import {
  strangerConnectionMs,
  strangerMessageBytesMax,
  strangerSessionMemoryMb,
  strangerStreamsMax,
} from './listener-limits.ts';

type Refused = { readonly code: string; readonly detail: string } | null;

export function strangerServer(
  enrolment: ServedContract,
  others: readonly ServiceMethods[],
  refusedOf: (peer: string) => Refused,
) {
  const server = new Server({
    'grpc.max_receive_message_length': strangerMessageBytesMax,
    'grpc.max_concurrent_streams': strangerStreamsMax,
    'grpc-node.max_session_memory': strangerSessionMemoryMb,
  });
  server.addService(enrolment.methods, enrolment.handlers);
  for (const methods of others) server.addService(methods, refusing(Object.keys(methods), refusedOf));
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  return {
    take(socket: TLSSocket, clock: { timer(ms: number, run: () => void): () => void }): void {
      const cancel = clock.timer(strangerConnectionMs, () => socket.destroy());
      socket.once('close', cancel);
      injector.injectConnection(socket);
    },
    end(): void {
      injector.destroy();
      server.forceShutdown();
    },
  };
}

interface AnyCall {
  getPeer(): string;
  emit(event: 'error', error: { code: status; details: string }): void;
}

function refusing(
  names: readonly string[],
  refusedOf: (peer: string) => Refused,
): UntypedServiceImplementation {
  const refuse = (call: AnyCall, callback?: (error: { code: status; details: string }) => void) => {
    const refused = refusedOf(call.getPeer());
    const why = refused ?? {
      code: 'no_identity',
      detail: 'present the certificate that your package gave you',
    };
    const answer = { code: status.UNAUTHENTICATED, details: `${why.code}: ${why.detail}` };
    if (callback === undefined) call.emit('error', answer);
    else callback(answer);
  };
  return Object.fromEntries(names.map((name) => [name, refuse]));
}

/**
 * A message as a handler gets it: judged on its bytes, then decoded. A handler refuses what could not be decoded with its
 * reason, where grpc-js would say INTERNAL. Between the bytes of a stream and the handlers.
 */
import type { ServiceMethods } from '../proto/index.ts';
import { type GatewayRefusal, refuse } from './errors.ts';
import { judgeBytes, type MessageBounds } from './message-bounds.ts';

export type Received<T> =
  | { readonly ok: true; readonly message: T; readonly bytes: number }
  | { readonly ok: false; readonly refusal: GatewayRefusal; readonly bytes: number };

type Method = ServiceMethods[string];
/** What grpc-js takes for a method, with another reader. */
export type BoundedMethod = Omit<Method, 'requestDeserialize'> & {
  requestDeserialize(bytes: Buffer): Received<object>;
};

export function receive(method: Method, bytes: Buffer, bounds: MessageBounds): Received<object> {
  const refusal = judgeBytes(bytes, bounds);
  if (refusal !== null) return { ok: false, refusal, bytes: bytes.length };
  try {
    return { ok: true, message: method.requestDeserialize(bytes), bytes: bytes.length };
  } catch {
    // What the library says of it repeats a stranger's bytes.
    return { ok: false, refusal: refuse('bad_message', 'not a message of this rpc'), bytes: bytes.length };
  }
}

/** The methods of a service, each reading within its bounds. Every method has some: one without is a mistake of ours. */
export function boundMethods(
  methods: ServiceMethods,
  bounds: Readonly<Record<string, MessageBounds>>,
): Record<string, BoundedMethod> {
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => {
      const own = bounds[name];
      if (own === undefined) throw new Error(`no bounds for ${method.path}`);
      return [name, { ...method, requestDeserialize: (bytes: Buffer) => receive(method, bytes, own) }];
    }),
  );
}

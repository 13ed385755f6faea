/**
 * Typed senders: `self.cast(ref).tick(1)` without a closure or a proxy trap per message. The first use of a method name
 * puts a real method on the sender's prototype; every later use is an ordinary property. Names come from code, never
 * from the network, so their number is bounded by the program's text.
 */
import type { Protocol } from './definition.ts';
import type { Ref } from './ref.ts';

/** Who sends: an actor's context, or the system itself. */
export interface SendPort {
  sendCast(ref: Ref, method: string, args: readonly unknown[]): boolean;
  sendCall(ref: Ref, method: string, args: readonly unknown[], timeoutMs: number): Promise<unknown>;
}

interface Sender {
  readonly port: SendPort;
  readonly ref: Ref;
  readonly timeoutMs: number;
}

type SenderClass = new (port: SendPort, ref: Ref, timeoutMs: number) => object;

function senderClass(
  send: (sender: Sender, method: string, args: readonly unknown[]) => unknown,
): SenderClass {
  class Methods implements Sender {
    // Not fields: to define one on an object whose prototype has a proxy is slow. See below.
    declare readonly port: SendPort;
    declare readonly ref: Ref;
    declare readonly timeoutMs: number;

    constructor(port: SendPort, ref: Ref, timeoutMs: number) {
      this.port = port;
      this.ref = ref;
      this.timeoutMs = timeoutMs;
    }
  }
  const prototype = Methods.prototype as unknown as Record<string, unknown>;
  // Found before the proxy, so that the constructor's writes never come to it.
  for (const field of ['port', 'ref', 'timeoutMs']) prototype[field] = undefined;
  const firstUse = new Proxy(Object.create(null) as Record<string, unknown>, {
    get(_target, name) {
      // A sender is no promise: `await self.cast(ref)` must not look like one.
      if (typeof name !== 'string' || name === 'then') return undefined;
      const method = function (this: Sender, ...args: unknown[]) {
        return send(this, name, args);
      };
      prototype[name] = method;
      return method;
    },
  });
  Object.setPrototypeOf(prototype, firstUse);
  return Methods;
}

/** One pair of sender classes per system. */
export function createSenders() {
  const Cast = senderClass((sender, method, args) => sender.port.sendCast(sender.ref, method, args));
  const Call = senderClass((sender, method, args) =>
    sender.port.sendCall(sender.ref, method, args, sender.timeoutMs),
  );
  return {
    cast: (port: SendPort, ref: Ref<Protocol>) => new Cast(port, ref, 0),
    call: (port: SendPort, ref: Ref<Protocol>, timeoutMs: number) => new Call(port, ref, timeoutMs),
  };
}

export type Senders = ReturnType<typeof createSenders>;

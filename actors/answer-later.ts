/**
 * A call's answer that is worked out beside the mailbox of the actor that was asked. Between the handlers of the tenant
 * and what they wait for; the order of such answers is that in which the work ends.
 */
import type { Self } from '../runtime/index.ts';

/** Handlers wait for the store and the other actors beside the mailbox: a slow store must not make the tenant deaf. */
export function answer<T>(self: Self<unknown>, work: () => Promise<T>): Promise<T> {
  const reply = self.replyLater();
  work().then(
    (value) => reply.answer(value),
    (error) => reply.fail(error),
  );
  return reply as unknown as Promise<T>;
}

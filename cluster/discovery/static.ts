/** Discovery by a list that is given at the start and never changes. Between the flags or options and the seeker. */
import type { AddressSource } from '../ports/address-source.ts';

/** The list is told once; the session then stays until the node stops. */
export function staticSource(addresses: readonly string[]): AddressSource {
  return {
    title: 'static',
    pauseMs: 0,
    session({ signal, tell }) {
      tell(addresses);
      return new Promise((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      });
    },
  };
}

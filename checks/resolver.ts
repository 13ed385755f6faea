/**
 * Names to addresses, as the machine does it: `getaddrinfo`, which reads the hosts file. The plain resolver and, for an
 * agent, a bounded one around it. `getaddrinfo` cannot be called off: a check that ends leaves its lookup running on a
 * thread of libuv's until the system gives up, which is why the number at once is bounded. No answer is kept: the
 * guard judges every run's own.
 */
import { lookup } from 'node:dns/promises';
import { limits } from './limits.ts';

export interface NameResolver {
  /**
   * Addresses in the system's order, of either family for 0. Fails with an error whose `code` is the system's
   * (`ENOTFOUND`, `EAI_AGAIN`) or `lookup_queue_full`. A lookup that has not begun when `gone` answers true may be
   * dropped; its promise then never settles.
   */
  lookup(name: string, family: 0 | 4 | 6, gone: () => boolean): Promise<readonly string[]>;
}

export const systemResolver: NameResolver = {
  async lookup(name, family) {
    const answers = await lookup(name, { all: true, family, verbatim: true });
    return answers.map((answer) => answer.address);
  },
};

interface Waiter {
  gone: () => boolean;
  resolve: (addresses: readonly string[]) => void;
  reject: (error: unknown) => void;
}

interface Pending {
  name: string;
  family: 0 | 4 | 6;
  waiters: Waiter[];
}

/**
 * At most `lookupsAtOnceMax` lookups at a time, in order of asking; askers of the same name share one; those whose
 * askers have all gone are skipped, so a queue that piled up behind a dead resolver is worked off at once.
 */
export function boundedResolver(inner: NameResolver = systemResolver): NameResolver {
  const pending = new Map<string, Pending>();
  const queue: Pending[] = [];
  let running = 0;

  function startNext(): void {
    while (running < limits.lookupsAtOnceMax) {
      const next = queue.shift();
      if (next === undefined) return;
      if (next.waiters.every((waiter) => waiter.gone())) pending.delete(keyOf(next));
      else void run(next);
    }
  }

  async function run(lookup: Pending): Promise<void> {
    running += 1;
    try {
      const addresses = await inner.lookup(lookup.name, lookup.family, () => false);
      for (const waiter of lookup.waiters) waiter.resolve(addresses);
    } catch (error) {
      for (const waiter of lookup.waiters) waiter.reject(error);
    } finally {
      pending.delete(keyOf(lookup));
      running -= 1;
      startNext();
    }
  }

  return {
    lookup(name, family, gone) {
      return new Promise((resolve, reject) => {
        const waiter = { gone, resolve, reject };
        const key = keyOf({ name, family });
        const same = pending.get(key);
        if (same !== undefined) {
          same.waiters.push(waiter);
          return;
        }
        if (queue.length >= limits.lookupsWaitingMax) {
          reject(Object.assign(new Error('too many lookups are waiting'), { code: 'lookup_queue_full' }));
          return;
        }
        const lookup: Pending = { name, family, waiters: [waiter] };
        pending.set(key, lookup);
        queue.push(lookup);
        startNext();
      });
    },
  };
}

function keyOf({ name, family }: { name: string; family: number }): string {
  return `${family} ${name}`;
}

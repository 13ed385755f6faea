/**
 * Turns at the pool: as many units of work at once as there are connections, the rest wait in order. The driver's pool
 * cannot tell waiting for a turn from a server that does not answer; here a burst waits, and an absent server still fails
 * after the time to connect.
 */
import type { StoreClock } from './clock.ts';
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';

export interface Gate {
  /** Resolves when it is one's turn; every turn ends with `leave`. Rejects with `store_unavailable` after `turnWaitMs`. */
  enter(): Promise<void>;
  leave(): void;
  turns(): GateTurns;
}

/** Since the start, but for the first two. */
export interface GateTurns {
  inUse: number;
  waiting: number;
  taken: number;
  /** Turns that had to be waited for, those given up included; how long, all together and at most. */
  waited: number;
  waitedMs: number;
  waitedMsMax: number;
}

export function createGate(atOnce: number, clock: StoreClock): Gate {
  const waiting = new Set<() => void>();
  let inside = 0;
  const counts = { taken: 0, waited: 0, waitedMs: 0, waitedMsMax: 0 };
  return {
    turns: () => ({ inUse: inside, waiting: waiting.size, ...counts }),
    enter() {
      counts.taken += 1;
      if (inside < atOnce) {
        inside += 1;
        return Promise.resolve();
      }
      if (waiting.size >= limits.turnsWaitingMax) {
        return Promise.reject(new StoreError('store_unavailable', 'too much work waits for the database'));
      }
      const fromMs = clock.monotonicMs();
      const ended = () => {
        const tookMs = clock.monotonicMs() - fromMs;
        counts.waitedMs += tookMs;
        counts.waitedMsMax = Math.max(counts.waitedMsMax, tookMs);
      };
      counts.waited += 1;
      return new Promise((resolve, reject) => {
        const cancel = clock.timer(limits.turnWaitMs, () => {
          waiting.delete(go);
          ended();
          reject(
            new StoreError(
              'store_unavailable',
              `no database connection was free for ${limits.turnWaitMs} ms`,
            ),
          );
        });
        const go = () => {
          cancel();
          ended();
          resolve();
        };
        waiting.add(go);
      });
    },
    leave() {
      const [next] = waiting;
      if (!next) {
        inside -= 1;
        return;
      }
      waiting.delete(next);
      next();
    },
  };
}

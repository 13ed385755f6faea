/**
 * Which seeds are to be dialled, and when: those that no open link leads to, with a pause that doubles and varies, so that
 * the nodes of a cluster that starts do not all knock in step. Pure but for the chance that is given; the mesh dials.
 */
import type { Random } from '../runtime/index.ts';
import { seedBackoffMaxMs, seedBackoffMinMs } from './limits.ts';

interface Seed {
  readonly address: string;
  /** The node that was found there: it may call its address by another name. */
  found: string | null;
  attempts: number;
  dueMs: number;
}

export class Seeds {
  private readonly seeds: Seed[];
  private readonly random: Random;

  constructor(addresses: readonly string[], random: Random) {
    this.random = random;
    this.seeds = [...new Set(addresses)].map((address) => ({ address, found: null, attempts: 0, dueMs: 0 }));
  }

  /** A link that was dialled at this address came up. */
  found(address: string, node: string): void {
    for (const seed of this.seeds) if (seed.address === address) seed.found = node;
  }

  /** Those to be dialled now. `isLinked` knows nodes by name and addresses by what peers say of themselves. */
  due(nowMs: number, isLinked: (node: string | null, address: string) => boolean): string[] {
    const due: string[] = [];
    for (const seed of this.seeds) {
      if (isLinked(seed.found, seed.address)) {
        seed.attempts = 0;
        seed.dueMs = nowMs;
      } else if (nowMs >= seed.dueMs) {
        const wholeMs = Math.min(seedBackoffMaxMs, seedBackoffMinMs * 2 ** Math.min(seed.attempts, 16));
        seed.dueMs = nowMs + wholeMs * (0.5 + this.random.next() / 2);
        seed.attempts += 1;
        due.push(seed.address);
      }
    }
    return due;
  }
}

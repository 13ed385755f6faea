/**
 * Which of several nodes a key belongs to: rendezvous hashing (Thaler and Ravishankar, 1998). Every node that knows the
 * same members computes the same owner; a member that goes moves only its own keys, one that comes takes 1/N of each.
 * A member's score depends on the key and on itself alone, so the order between two members is the same whoever else is
 * there. Roles, weights and liveness are the caller's: it passes the members that are eligible.
 */
import { highLane, lowLane, mix32, textHash } from './hash.ts';

export interface Placement {
  /** The owner of the key; null without members. */
  ownerOf(key: string): string | null;
  /** All members, best first: the next one takes over when the first is gone. */
  rank(key: string): string[];
}

/** For many keys over one set of members: the members are hashed once. Duplicates count once. */
export function createPlacement(members: readonly string[]): Placement {
  const names = [...new Set(members)].sort();
  const highs = Uint32Array.from(names, (name) => textHash(name, highLane));
  const lows = Uint32Array.from(names, (name) => textHash(name, lowLane));
  return {
    ownerOf(key) {
      const keyHigh = textHash(key, highLane);
      const keyLow = textHash(key, lowLane);
      let best = -1;
      let bestHigh = 0;
      let bestLow = 0;
      for (let i = 0; i < names.length; i++) {
        const high = scoreHigh(keyHigh, highs[i]!);
        if (best >= 0 && high < bestHigh) continue;
        const low = scoreLow(keyLow, lows[i]!, high);
        // Names are sorted, so of two equal scores the first name stays.
        if (best < 0 || high > bestHigh || low > bestLow) {
          best = i;
          bestHigh = high;
          bestLow = low;
        }
      }
      return best < 0 ? null : names[best]!;
    },
    rank(key) {
      const keyHigh = textHash(key, highLane);
      const keyLow = textHash(key, lowLane);
      const scored = names.map((name, i) => {
        const high = scoreHigh(keyHigh, highs[i]!);
        return { name, high, low: scoreLow(keyLow, lows[i]!, high) };
      });
      scored.sort((a, b) => b.high - a.high || b.low - a.low || (a.name < b.name ? -1 : 1));
      return scored.map((one) => one.name);
    },
  };
}

/** The owner of one key. For many keys over the same members take `createPlacement`. */
export function ownerOf(key: string, members: readonly string[]): string | null {
  return createPlacement(members).ownerOf(key);
}

/** The members, best first for this key. */
export function rank(key: string, members: readonly string[]): string[] {
  return createPlacement(members).rank(key);
}

function scoreHigh(keyHigh: number, memberHigh: number): number {
  return mix32(mix32(keyHigh + memberHigh) ^ Math.imul(memberHigh, 0x9e3779b1));
}

function scoreLow(keyLow: number, memberLow: number, high: number): number {
  return mix32(mix32(keyLow ^ memberLow) + high);
}

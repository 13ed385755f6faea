/**
 * Chance as an argument: the machine's own, or a seeded sequence that a simulation or a test repeats.
 */

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

export function systemRandom(): Random {
  return { next: () => Math.random() };
}

/** mulberry32: small, good enough for jitter and simulation, never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}

/**
 * Deterministic 32-bit hashes of text and of numbers, alike on every node and every run: for placement and for comparing
 * registries. Two lanes with different seeds serve as 64 bits. Not for secrets: an adversary can make collisions, so
 * nothing that a fence decides may rest on them.
 */

export const highLane = 0x9747b28c;
export const lowLane = 0x3c6ef372;

/** The finaliser of MurmurHash3 (Appleby, public domain): every input bit reaches every output bit; a bijection. */
export function mix32(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** MurmurHash3 x86 32 with each UTF-16 unit as one block. Unsigned 32 bits. */
export function textHash(text: string, seed: number): number {
  let h = seed | 0;
  for (let i = 0; i < text.length; i++) {
    let k = Math.imul(text.charCodeAt(i), 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  return mix32(h ^ text.length);
}

/** Folds a whole number of up to 53 bits into a lane. */
export function numberHash(value: number, lane: number): number {
  const high = Math.floor(value / 0x1_0000_0000) | 0;
  return mix32((mix32((value | 0) ^ lane) + Math.imul(high, 0x9e3779b1)) ^ high);
}

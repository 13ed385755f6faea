/** Inputs for fuzzing: real ones of a corpus changed as a hostile or broken sender would change them, from a seed. */
import type { Random } from '../../runtime/index.ts';

const strange = [0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xc1, 0xdf, 0xfe, 0xff] as const;

/** A number from 0 to `below` - 1. */
export function under(random: Random, below: number): number {
  return Math.floor(random.next() * below);
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[under(random, from.length)]!;
}

/** One to four changes of one of the corpus; now and then bytes of no origin at all. */
export function mutated(random: Random, corpus: readonly Buffer[]): Buffer {
  if (random.next() < 0.05) return noise(random, under(random, 400));
  let bytes: Buffer = Buffer.from(pick(random, corpus));
  for (let left = 1 + under(random, 4); left > 0; left--) bytes = changed(random, bytes, corpus);
  return bytes;
}

function changed(random: Random, bytes: Buffer, corpus: readonly Buffer[]): Buffer {
  const at = under(random, bytes.length + 1);
  const upTo = Math.min(bytes.length, at + under(random, 40));
  switch (under(random, 7)) {
    case 0:
      if (bytes.length > 0) bytes[at % bytes.length]! ^= 1 << under(random, 8);
      return bytes;
    case 1:
      if (bytes.length > 0) bytes[at % bytes.length] = pick(random, strange);
      return bytes;
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), noise(random, under(random, 40)), bytes.subarray(at)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(upTo)]);
    case 5:
      return Buffer.concat([bytes.subarray(0, upTo), bytes.subarray(at)]);
    default: {
      const other = pick(random, corpus);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(under(random, other.length))]);
    }
  }
}

function noise(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => under(random, 256)));
}

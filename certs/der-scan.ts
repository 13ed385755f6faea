/**
 * Looks over bytes before anything is built from them: one value of DER, within bounds of depth and number, with
 * definite and shortest lengths that fit into each other. Costs no memory and little time, so that a stranger's bytes
 * that are no DER at all are refused for next to nothing. What the values mean is der.ts's question.
 */
import { limits } from './limits.ts';

/** Thrown inside this room only: the input is no DER, or not of the shape that was asked for. */
export class NotDer extends Error {}

const constructedBit = 0x20;
const universalSequence = 16;
const universalSet = 17;

/** @throws NotDer unless `bytes` are exactly one value (X.690 section 10) of at most `valuesMax` values in all. */
export function requireDer(bytes: Uint8Array, valuesMax: number): void {
  const left = { values: valuesMax };
  const end = scan(bytes, 0, bytes.length, 1, left);
  if (end !== bytes.length) throw new NotDer(`${bytes.length - end} bytes after the end`);
}

/** The offset of the first octet of content. `at` is that of the identifier. @throws NotDer */
export function contentOffset(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1];
  if (first === undefined || first === 0x80 || first > 0x83) throw new NotDer('a length that is no DER');
  return first < 0x80 ? at + 2 : at + 2 + (first & 0x7f);
}

/** The offset after the value at `at`, which `requireDer` has passed. */
export function endOf(bytes: Uint8Array, at: number): number {
  const from = contentOffset(bytes, at);
  return from + contentLength(bytes, at, from);
}

/** Gives the offset after the value at `at`, which must end at `limit` or before. */
function scan(bytes: Uint8Array, at: number, limit: number, depth: number, left: { values: number }): number {
  const identifier = bytes[at];
  if (identifier === undefined || at >= limit) throw new NotDer('an empty value');
  left.values -= 1;
  if (left.values < 0) throw new NotDer('too many values');
  if (depth > limits.derDepthMax) throw new NotDer('values too deep in each other');
  const constructed = (identifier & constructedBit) !== 0;
  requireForm(identifier, constructed);
  const from = contentOffset(bytes, at);
  const end = from + contentLength(bytes, at, from);
  if (end > limit) throw new NotDer('a length that does not fit');
  for (let next = from; constructed && next < end; ) next = scan(bytes, next, end, depth + 1, left);
  return end;
}

function requireForm(identifier: number, constructed: boolean): void {
  const tag = identifier & 0x1f;
  if (tag === 0x1f) throw new NotDer('a tag above 30');
  if (identifier >> 6 !== 0) return;
  if ((tag === universalSequence || tag === universalSet) !== constructed) {
    throw new NotDer(`universal ${tag} in the wrong form`);
  }
  if (tag === 0) throw new NotDer('an end-of-contents in a definite length');
}

function contentLength(bytes: Uint8Array, at: number, from: number): number {
  const first = bytes[at + 1]!;
  if (first < 0x80) return first;
  let length = 0;
  for (let octet = at + 2; octet < from; octet++) length = length * 256 + (bytes[octet] ?? 0);
  const shortest = length >= 0x10000 ? 3 : length >= 0x100 ? 2 : length >= 0x80 ? 1 : 0;
  if (shortest !== from - at - 2) throw new NotDer('a length that is not the shortest');
  return length;
}

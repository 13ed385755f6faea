/**
 * Changes to DER that keep it DER: a value is changed, doubled, left out, moved or taken from elsewhere, and every length
 * around it is written anew. Changed octets alone mostly break a length, and what reads the values is never reached.
 */
import type { Random } from '../../runtime/index.ts';
import { pick, under } from './mutate.ts';

interface Value {
  readonly tag: number;
  /** Values inside, or the octets of a primitive one; an octet string may hold DER, as extensions do. */
  readonly inside: Value[] | Buffer;
}

const strangeTags = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x30, 0x31, 0x80, 0xa0, 0xa3,
];

/** One to three values of one of the corpus changed. */
export function mutatedDer(random: Random, corpus: readonly Buffer[]): Buffer {
  const root = read(pick(random, corpus), 0).value;
  const donor = listed(read(pick(random, corpus), 0).value);
  for (let left = 1 + under(random, 3); left > 0; left--) change(random, root, donor);
  return write(root);
}

function change(random: Random, root: Value, donor: readonly Value[]): void {
  const holders = listed(root).filter(({ inside }) => Array.isArray(inside) && inside.length > 0);
  if (holders.length === 0) return;
  const inside = pick(random, holders).inside as Value[];
  const at = under(random, inside.length);
  const value = inside[at]!;
  switch (under(random, 7)) {
    case 0:
      inside.splice(at, 1);
      return;
    case 1:
      inside.splice(at, 0, copied(value));
      return;
    case 2:
      inside.splice(at, 1, copied(pick(random, donor)));
      return;
    case 3:
      inside.splice(at, 1, { ...value, tag: pick(random, strangeTags) });
      return;
    case 4:
      inside.splice(under(random, inside.length), 0, ...inside.splice(at, 1));
      return;
    default:
      inside.splice(at, 1, withOtherOctets(random, value));
  }
}

function withOtherOctets(random: Random, value: Value): Value {
  if (Array.isArray(value.inside)) return { tag: value.tag, inside: [...value.inside].reverse() };
  const octets = Buffer.from(value.inside);
  const at = under(random, octets.length + 1);
  const octet = Buffer.of(under(random, 256));
  const cut = random.next() < 0.5 ? at : at + 1;
  return { tag: value.tag, inside: Buffer.concat([octets.subarray(0, at), octet, octets.subarray(cut)]) };
}

/** What is put in twice must not hold itself after the next change. */
function copied({ tag, inside }: Value): Value {
  return { tag, inside: Array.isArray(inside) ? inside.map(copied) : inside };
}

/** The value and all inside it. */
function listed(value: Value, into: Value[] = []): Value[] {
  into.push(value);
  if (Array.isArray(value.inside)) for (const one of value.inside) listed(one, into);
  return into;
}

/** Good DER only: the corpus is ours. */
function read(bytes: Buffer, at: number): { value: Value; end: number } {
  const tag = bytes[at]!;
  const first = bytes[at + 1]!;
  const octets = first < 0x80 ? 0 : first & 0x7f;
  const length = octets === 0 ? first : bytes.readUIntBE(at + 2, octets);
  const from = at + 2 + octets;
  const end = from + length;
  const holdsDer = (tag & 0x20) !== 0 || (tag === 0x04 && bytes[from] === 0x30);
  if (!holdsDer) return { value: { tag, inside: bytes.subarray(from, end) }, end };
  const inside: Value[] = [];
  for (let next = from; next < end; ) {
    const one = read(bytes, next);
    inside.push(one.value);
    next = one.end;
  }
  return { value: { tag, inside }, end };
}

function write({ tag, inside }: Value): Buffer {
  const content = Array.isArray(inside) ? Buffer.concat(inside.map(write)) : inside;
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  if (length < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, length), content]);
  const long = length < 0x10000 ? [0x82] : [0x83, length >> 16];
  return Buffer.concat([Buffer.of(tag, ...long, (length >> 8) & 0xff, length & 0xff), content]);
}

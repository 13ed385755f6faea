import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { createCodec, type RemoteError } from './codec.ts';
import { ClusterError } from './errors.ts';
import { payloadBytesMax, payloadDepthMax, payloadElementsMax } from './limits.ts';

class Ref {
  readonly node: string;
  readonly boot: number;
  readonly id: number;
  constructor(node: string, boot: number, id: number) {
    this.node = node;
    this.boot = boot;
    this.id = id;
  }
}

const seen: unknown[] = [];
const codec = createCodec({
  isRef: (value) => value instanceof Ref,
  encodeRef: (ref) => [(ref as Ref).node, (ref as Ref).boot, (ref as Ref).id],
  decodeRef: (node, boot, id) => new Ref(node, boot, id),
  onRef: (ref) => seen.push(ref),
});
const around = (value: unknown) => codec.decode(codec.encode(value));

function refusal(what: () => unknown): string {
  try {
    what();
  } catch (error) {
    if (error instanceof ClusterError) return `${error.code} ${error.reason}`;
    throw error;
  }
  return 'none';
}

const text = fc.string({ unit: 'grapheme' });
const key = text.filter((one) => one !== '__proto__');
const leaf = fc.oneof(
  text,
  fc.integer(),
  fc.double({ noNaN: false }).map((one) => (Object.is(one, -0) ? 0 : one)),
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array().map((one) => Buffer.from(one)),
  fc
    .tuple(fc.stringMatching(/^[a-z0-9_-]{1,63}$/), fc.nat(2 ** 48 - 1), fc.nat(2 ** 48 - 1))
    .map(([node, boot, id]) => new Ref(node, boot, id)),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc.array(tie('any')),
    fc.dictionary(key, tie('any'), { noNullPrototype: true }),
  ),
})).any;

describe('the payload codec', () => {
  it('brings back every value of the closed set', () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(around(one)).toEqual(one);
      }),
      { numRuns: 1_500 },
    );
  });

  it('reads what msgpackr reads, from bytes that msgpackr wrote', () => {
    const plain = new Packr({ useRecords: false, moreTypes: false });
    const isPlain = (one: unknown): boolean =>
      typeof one !== 'object' || one === null || (!(one instanceof Ref) && Object.values(one).every(isPlain));
    fc.assert(
      fc.property(value.filter(isPlain), (one) => {
        const bytes = Buffer.from(plain.pack(one));
        expect(codec.decode(bytes)).toEqual(plain.unpack(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it('leaves the value that it encodes as it was, refs and all', () => {
    const ref = new Ref('core_1', 5, 6);
    const message = { a: [1, ref], b: { c: ref, n: Number.NaN } };
    expect(around(message)).toEqual(message);
    expect(message.a[1]).toBe(ref);
    expect(message.b.c).toBe(ref);
    seen.length = 0;
    around([ref, [ref]]);
    expect(seen).toEqual([ref, ref]);
  });

  it('reserves room before the bytes', () => {
    const bytes = codec.encode(['tick', 1], 32);
    expect(codec.decode(bytes.subarray(32))).toEqual(['tick', 1]);
  });

  it('does not write again over what it has given out', () => {
    const first = codec.encode(['first', 'x'.repeat(100)]);
    const copy = Buffer.from(first);
    for (let i = 0; i < 5_000; i++) codec.encode(['other', i, 'y'.repeat(i % 300)], i % 40);
    expect(first.equals(copy)).toBe(true);
  });

  it('does not let a small payload keep a large buffer', () => {
    codec.encode('x'.repeat(8_000_000));
    expect(codec.encode('small').buffer.byteLength).toBeLessThanOrEqual(65_536);
  });

  it('sends errors as code, name and message', () => {
    const back = around(Object.assign(new RangeError('no'), { code: 'E_NO' })) as RemoteError;
    expect(back).toBeInstanceOf(Error);
    expect([back.code, back.name, back.message]).toEqual(['E_NO', 'RangeError', 'no']);
    expect(back.stack).not.toContain('codec.test');
    expect((around(new Error('é'.repeat(10_000))) as Error).message).toBe('é'.repeat(4_096));
    expect(
      (around(Object.assign(new Error('m'), { code: 'é'.repeat(500) })) as RemoteError).code?.length,
    ).toBe(128);
    expect('code' in (around([new Error('m')]) as object[])[0]!).toBe(false);
  });

  const cyclic: unknown[] = [];
  cyclic.push({ inner: cyclic });
  const shared: unknown[] = [];
  let doubling: unknown = shared;
  for (let i = 0; i < 40; i++) doubling = [doubling, doubling];
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];

  it.each<[string, unknown, string]>([
    ['a function', [() => 1], 'function'],
    ['a symbol', { a: Symbol('a') }, 'symbol'],
    ['a Map', new Map(), 'class_instance'],
    ['a Set', [new Set()], 'class_instance'],
    ['a RegExp', /a/, 'class_instance'],
    ['a promise', Promise.resolve(), 'class_instance'],
    ['an instance', new (class Thing {})(), 'class_instance'],
    ['a Float64Array', new Float64Array(1), 'class_instance'],
    ['an ArrayBuffer', new ArrayBuffer(1), 'class_instance'],
    ['a cycle', cyclic, 'cyclic'],
    ['a tree that shares its branches 2^40 times', doubling, 'too_many_elements'],
    ['100,000 arrays in each other', deep, 'too_deep'],
    ['too many values', new Array(payloadElementsMax).fill(0), 'too_many_elements'],
    ['too much text', 'x'.repeat(payloadBytesMax + 1), 'too_large'],
    ['text that grows too long in UTF-8', '\u4e2d'.repeat(payloadBytesMax / 2), 'too_large'],
    ['a large bigint', 2n ** 64n, 'bigint_too_large'],
    ['a small bigint', -(2n ** 63n) - 1n, 'bigint_too_large'],
    ['an invalid date', new Date(Number.NaN), 'invalid_date'],
    ['an own __proto__', JSON.parse('{"__proto__":1}'), 'forbidden_key'],
    ['a ref that is none', new Ref('No Node', 1, 1), 'bad_ref'],
    ['a ref out of range', new Ref('core_1', 2 ** 48, 1), 'bad_ref'],
  ])('refuses to encode %s', (_what, one, reason) => {
    expect(refusal(() => codec.encode(one))).toBe(`cannot_encode ${reason}`);
    expect(around(['still', 'works'])).toEqual(['still', 'works']);
  });

  const nested = (count: number) => Buffer.concat([Buffer.alloc(count, 0x91), Buffer.of(0xc0)]);

  it.each<[string, readonly number[] | Buffer, string]>([
    ['nothing', [], 'truncated'],
    ['two values', [1, 2], 'trailing_bytes'],
    ['an array of four billion', [0xdd, 0xff, 0xff, 0xff, 0xff], 'truncated'],
    ['an object of four billion', [0xdf, 0xff, 0xff, 0xff, 0xff, 0xa0], 'truncated'],
    ['a text of four gigabytes', [0xdb, 0xff, 0xff, 0xff, 0xff], 'truncated'],
    ['bytes that are not there', [0xc6, 0x00, 0xff, 0xff, 0xff], 'truncated'],
    ['100,000 arrays in each other', nested(100_000), 'too_deep'],
    [
      'more values than allowed',
      Buffer.concat([Buffer.of(0xdd, 0, 0x1e, 0x84, 0x80), Buffer.alloc(2_000_000)]),
      'too_many_elements',
    ],
    ['the unused token', [0xc1], 'unknown_token'],
    ['a number for a key', [0x81, 1, 1], 'key_not_text'],
    ['an array for a key', [0x81, 0x90, 1], 'key_not_text'],
    ['a short __proto__', [0x81, 0xa9, ...Buffer.from('__proto__'), 1], 'forbidden_key'],
    ['a long __proto__', [0x81, 0xd9, 9, ...Buffer.from('__proto__'), 0x80], 'forbidden_key'],
    ['a record definition', [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 1], 'unknown_extension'],
    ['a regular expression', [0xd4, 0x78, 0, 0x92, 0xa1, 0x61, 0xa0], 'unknown_extension'],
    ['a reference', [0xd6, 0x70, 0, 0, 0, 1], 'unknown_extension'],
    ['a bundle of texts', [0xd6, 0x62, 0, 0, 0, 9], 'unknown_extension'],
    ['an endless integer', [0xc7, 2, 0x42, 1, 1], 'unknown_extension'],
    ['a typed array', [0xc7, 2, 0x74, 1, 1], 'unknown_extension'],
    ['another form of undefined', [0xd5, 0, 0, 0], 'unknown_extension'],
    ['a date past the last one', [0xc7, 12, 0xff, 0, 0, 0, 0, 0x7f, 0, 0, 0, 0, 0, 0, 0], 'invalid_date'],
    ['a short ref', [0xd8, 0x20, ...new Array(16).fill(0x20)], 'bad_ref'],
    ['a ref without a node', [0xc7, 12, 0x20, ...new Array(12).fill(0)], 'bad_ref'],
    ['an error cut short', [0xd5, 0x21, 9, 9], 'bad_error'],
  ])('refuses to decode %s', (_what, bytes, reason) => {
    expect(refusal(() => codec.decode(Buffer.from(bytes)))).toBe(`cannot_decode ${reason}`);
    expect(around({ still: 'works' })).toEqual({ still: 'works' });
  });

  it('decodes exactly as deep as it encodes', () => {
    let one: unknown = 1;
    for (let i = 0; i < payloadDepthMax; i++) one = [one];
    expect(around(one)).toEqual(one);
    expect(refusal(() => codec.encode([one]))).toBe('cannot_encode too_deep');
    expect(refusal(() => codec.decode(nested(payloadDepthMax + 1)))).toBe('cannot_decode too_deep');
  });

  it('makes hostile keys harmless', () => {
    const back = around({ constructor: 1, prototype: { a: 1 }, toJSON: 2, hasOwnProperty: 3 }) as object;
    expect(Object.keys(back)).toEqual(['constructor', 'prototype', 'toJSON', 'hasOwnProperty']);
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect({}.constructor).toBe(Object);
    expect(around(back)).toEqual(back);
  });

  it('copies bytes out of the frame', () => {
    const frame = Buffer.from(codec.encode([Buffer.of(1, 2, 3)]));
    const [bytes] = codec.decode(frame) as [Buffer];
    frame.fill(0);
    expect([...bytes]).toEqual([1, 2, 3]);
  });

  it('ends every one of 50,000 random or mutated inputs with a value or a stated error', () => {
    const foreign = new Packr({ structuredClone: true, moreTypes: true });
    const seeds = [
      codec.encode([
        { a: 1, b: [new Date(5), new Ref('core_1', 1, 2)], c: 'text'.repeat(20) },
        null,
        undefined,
        2n ** 40n,
      ]),
      codec.encode([new Error('no'), Buffer.alloc(40), { 'key with more than fifteen characters': -5.5 }]),
      foreign.pack([
        { a: 1 },
        { a: 2 },
        new Set([1]),
        /x/,
        new Float32Array(3),
        new Map([[1, 2]]),
        2n ** 90n,
      ]),
    ].map((one) => Buffer.from(one));
    const counts = { values: 0, errors: 0 };
    const run = (bytes: Buffer) => {
      const end = refusal(() => codec.decode(bytes));
      if (end === 'none') counts.values++;
      else {
        expect(
          end.startsWith('cannot_decode ') && !end.endsWith('codec_failed'),
          `${end} ${bytes.toString('hex')}`,
        ).toBe(true);
        counts.errors++;
      }
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => run(Buffer.from(bytes))),
      { numRuns: 20_000 },
    );
    const change = fc.tuple(fc.nat(), fc.nat(255), fc.nat());
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        (seed, changes) => {
          let bytes: Buffer = Buffer.from(seed);
          for (const [place, byte, length] of changes) {
            bytes[place % bytes.length] = byte;
            if (length % 5 === 0) bytes = bytes.subarray(0, 1 + (length % bytes.length));
          }
          run(bytes);
        },
      ),
      { numRuns: 30_000 },
    );
    expect(counts.values).toBeGreaterThan(1_000);
    expect(counts.errors).toBeGreaterThan(10_000);
    expect(around([{ after: 'all' }])).toEqual([{ after: 'all' }]);
  });
});

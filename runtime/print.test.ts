import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { printed, Ref, sketch } from './index.ts';
import { printPieceCharacters, printPieceSteps } from './limits.ts';

function print(value: unknown, charactersMax = 100_000_000) {
  const pieces: string[] = [];
  let [steps, total] = [0, 0];
  const onPiece = (visited: number) => {
    steps = Math.max(steps, visited);
    total += visited;
  };
  for (const piece of printed(value, { charactersMax, onPiece })) pieces.push(piece);
  return {
    pieces,
    text: pieces.join(''),
    steps,
    total,
    longest: Math.max(...pieces.map((one) => one.length)),
  };
}

/** Names that are no secrets, and short enough to be shown whole. */
const name = fc.string({ maxLength: 20 }).map((text) => `f${text.replace(/[a-z]/gi, '')}`);
const plain = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    ...[fc.constant(null), fc.boolean(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })],
    fc.string({ maxLength: 5_000, unit: 'binary' }),
    fc.array(tie('any'), { maxLength: 20 }),
    fc.dictionary(name, tie('any'), { maxKeys: 20, noNullPrototype: true }),
  ),
})).any;

describe('a printed value', () => {
  it('is the JSON of what is plain, put together from its pieces', () => {
    fc.assert(
      fc.property(plain, (value) => {
        const { text } = print(value);
        expect(JSON.parse(text)).toEqual(value);
      }),
    );
  });

  it('comes in pieces of bounded text and bounded work, whatever it is, and never throws', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
        (value) => {
          const { longest, steps } = print(value);
          expect(longest).toBeLessThanOrEqual(2 * printPieceCharacters);
          expect(steps).toBeLessThanOrEqual(printPieceSteps);
        },
      ),
    );
  });

  it('keeps its bounds with what is large: text, bytes, items, entries, empty places', () => {
    const large = {
      text: 'a\u0001'.repeat(30_000),
      bytes: Buffer.alloc(1_000_000, 7),
      items: Array.from({ length: 100_000 }, (_, at) => ({ at })),
      map: new Map(Array.from({ length: 50_000 }, (_, at) => [at, `value ${at}`])),
      set: new Set(Array.from({ length: 50_000 }, (_, at) => at)),
      numbers: new Float64Array(50_000),
      sparse: Object.assign([], { 4000000000: 1 }),
    };
    const { longest, steps, total, text } = print(large);
    expect(longest).toBeLessThanOrEqual(2 * printPieceCharacters);
    expect(steps).toBe(printPieceSteps);
    expect(total).toBeGreaterThan(300_000);
    expect(text).toContain('"at": 99999');
    expect(text).toContain('49999 => "value 49999"');
    expect(text).toContain('Buffer(1000000) <07070707');
    expect(text).toContain('"<1000001 empty>"');
  });

  it('runs no getter, no trap and no method of the value', () => {
    const forbidden = (): never => {
      throw new Error('it was run');
    };
    const traps = new Proxy({}, { get: forbidden, ownKeys: forbidden, getOwnPropertyDescriptor: forbidden });
    class Own extends Map<number, number> {
      override get size(): number {
        return forbidden();
      }
      override entries() {
        return forbidden();
      }
      override [Symbol.iterator]() {
        return forbidden();
      }
    }
    const bytes = new Uint8Array([1, 2]);
    for (const field of ['length', 'buffer', 'byteOffset', 'byteLength', 'toString'])
      Object.defineProperty(bytes, field, { get: forbidden });
    const items: unknown[] = [1];
    Object.defineProperty(items, '1', { get: forbidden, enumerable: true });
    const value = {
      get field(): unknown {
        return forbidden();
      },
      toJSON: () => forbidden(),
      traps,
      own: new Own([[1, 2]]),
      bytes,
      items,
      child: Object.create(traps) as object,
      odd: Object.create({
        get constructor() {
          return forbidden();
        },
      }) as object,
    };
    const { text } = print(value);
    expect(text).toContain('"field": "<getter>"');
    expect(text).toContain('"traps": "<Proxy>"');
    expect(text).toContain('1 => 2');
    expect(text).toContain('<0102>');
    expect(sketch(value, 1_000)).toContain('field: getter');
    expect(sketch(items, 1_000)).toBe('[number, getter]');
  });

  it('says where it meets itself, and how deep it is', () => {
    const circle: Record<string, unknown> = { a: 1 };
    circle.self = circle;
    expect(print(circle).text).toContain('"self": "<cycle>"');
    let deep: unknown = 'bottom';
    for (let at = 0; at < 100; at += 1) deep = { deep };
    expect(print(deep).text).toContain('"<object>"');
  });

  it('names no secret: by the name of a field, of a key, and by how a private key looks', () => {
    const pem = '-----BEGIN EC PRIVATE KEY-----\nhidden\n-----END EC PRIVATE KEY-----';
    const value = {
      dbPassword: 'hidden',
      api_key: 'hidden',
      Authorization: ['hidden'],
      map: new Map([['sessionToken', { deep: 'hidden' }]]),
      kept: pem,
      author: 'shown',
      key: { tenant: 'shown' },
    };
    const { text } = print(value);
    expect(text).not.toContain('hidden');
    expect(text.match(/<redacted>/g)).toHaveLength(5);
    expect(text.match(/"shown"/g)).toHaveLength(2);
  });

  it('ends at its bound and says so', () => {
    const { text } = print(
      Array.from({ length: 10_000 }, (_, at) => at),
      1_000,
    );
    expect(text).toHaveLength(1_000 + '\n... cut at 1000 characters\n'.length);
    expect(print('x'.repeat(100_000)).text).toBe('"<string(100000)>"');
  });

  it('goes on with what changes meanwhile', () => {
    const items = Array.from({ length: 50_000 }, (_, at) => at);
    const map = new Map(items.map((at) => [at, at]));
    const pieces = printed([items, map], { charactersMax: 1e9 });
    pieces.next();
    items.length = 10;
    map.clear();
    const rest = [...pieces].join('');
    expect(rest).toContain('empty>');
    expect(rest.trimEnd().endsWith(']')).toBe(true);
  });
});

test('a ref is shown as whoever looks may see it', () => {
  const ref = new Ref('n1', 7, 3);
  expect(print({ ref }).text).toContain('"ref n1.7.3"');
  expect([...printed({ ref }, { charactersMax: 100, ref: () => 'ref' })].join('')).toContain('"ref": "ref"');
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSecretName, type Redactions, redacted, redactText, redactValue } from './redact.ts';

const word = fc.string({ unit: fc.constantFrom(...'abcXYZ0189-_.~+/'), minLength: 8, maxLength: 40 });
const around = fc.constantFrom('', ' ', '\n', 'level=30 ', '{"msg":"', ' at x.ts:4\n');
const secretNames = [
  'password',
  'PGPASSWORD',
  'clientSecret',
  'api_key',
  'x-auth-token',
  'key',
  'tls.key',
  'privateKey',
];
const base64 = fc
  .uint8Array({ minLength: 48, maxLength: 200 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));

/** Each puts a secret into a text as it stands in logs and configuration. */
const manners: Record<string, (secret: string) => string> = {
  'a URL': (secret) => `postgresql://picket:${secret}@db.example/picket`,
  'a header': (secret) => `Authorization: Bearer ${secret}`,
  'a header in JSON': (secret) => `{"authorization":"Bearer ${secret}"}`,
  'a package token': (secret) => `picket1.${secret.replace(/[^\w-]/g, '_')}.abc`,
  'an assignment': (secret) => `password=${secret}`,
  'an assignment in quotes': (secret) => `apiKey: "${secret} and ${secret}"`,
  'a field of JSON': (secret) => JSON.stringify({ token: secret, other: 1 }),
  'a text of JSON in JSON': (secret) =>
    JSON.stringify({ line: JSON.stringify({ client_secret: `${secret}"x` }) }),
  'a query': (secret) => `GET /x?access_key=${secret}&y=1`,
  'a list': (secret) => JSON.stringify({ tokens: ['a]b', secret] }, null, 1),
  'an object': (secret) => JSON.stringify({ credentials: { user: '}', value: secret } }),
  'a flag': (secret) => `picket x --password ${secret}`,
  'a quote that was cut off': (secret) => `"secret":"${secret}`,
};

describe('a text', () => {
  test.each(Object.entries(manners))(
    'loses a secret that stands in %s, whatever is around it',
    (_name, put) => {
      fc.assert(
        fc.property(word, around, around, (secret, before, after) => {
          const counts: Redactions = {};
          const clean = redactText(`${before}${put(secret)}${after}`, counts);
          expect(clean).not.toContain(secret);
          expect(clean).not.toContain(secret.replace(/[^\w-]/g, '_'));
          expect(Object.keys(counts)).not.toEqual([]);
        }),
        { numRuns: 300 },
      );
    },
  );

  test('loses private keys, also in JSON, and of a part of one too', () => {
    fc.assert(
      fc.property(
        base64,
        fc.constantFrom('', 'EC ', 'RSA ', 'ENCRYPTED '),
        fc.boolean(),
        (body, kind, inJson) => {
          const pem = `-----BEGIN ${kind}PRIVATE KEY-----\n${body}\n-----END ${kind}PRIVATE KEY-----\n`;
          const text = inJson ? JSON.stringify({ note: pem }) : `before\n${pem}after\n`;
          const piece = body.slice(10, 40);
          expect(redactText(text)).not.toContain(piece);
          expect(redactText(text.slice(0, text.indexOf(piece) + 35))).not.toContain(piece.slice(0, 20));
          expect(redactText(text.slice(text.indexOf(body)))).not.toContain(piece);
        },
      ),
    );
  });

  test('that is clean stays as it is, byte for byte', () => {
    const clean = [
      'core_1 up 10.0.0.1:7400 {"level":30,"time":"2026-11-22T10:00:00.000Z","node":"core_1","msg":"ready","port":7400}',
      '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
      'monkey=1 keyboard: us turkey="x" tokens_max: and https://example.org/a?b=c',
      'spiffe://picket.local/node/core/core_1 key ring',
    ];
    for (const text of clean) expect(redactText(text)).toBe(text);
  });

  test('that was cleaned is clean', () => {
    const texts = fc.array(
      fc.oneof(word, fc.constantFrom(...Object.values(manners).map((put) => put('Sec-ret_12345')))),
    );
    fc.assert(
      fc.property(texts, (parts) => {
        const once = redactText(parts.join(' '));
        expect(redactText(once)).toBe(once);
      }),
    );
  });
});

describe('a value', () => {
  test('loses what lies under the name of a secret, at any depth', () => {
    fc.assert(
      fc.property(
        word,
        fc.constantFrom(...secretNames),
        fc.array(fc.string(), { maxLength: 4 }),
        (secret, name, path) => {
          const forms = [secret, [secret, 'x'], [[secret]]];
          for (const form of forms) {
            let value: unknown = { [name]: form, port: 7400 };
            for (const part of path) value = { [`_${part}`]: value };
            expect(JSON.stringify(redactValue(value))).not.toContain(secret);
          }
        },
      ),
    );
  });

  test('loses what lies in an object of secrets, and keeps a key that is an object of names', () => {
    expect(redactValue({ credentials: { user: 'ann', port: 5 } })).toEqual({
      credentials: { user: redacted, port: 5 },
    });
    expect(redactValue({ key: { tenant: 'platform', id: 'x' } })).toEqual({
      key: { tenant: 'platform', id: 'x' },
    });
    expect(redactValue({ keys: ['a'], bytes: new Uint8Array(3), big: 5n })).toEqual({
      keys: [redacted],
      bytes: '[3 bytes]',
      big: '5',
    });
  });

  test('that is clean stays as it is', () => {
    const value = { name: 'core_1', boot: 5, ok: true, none: null, list: [{ address: '10.0.0.1:7400' }] };
    expect(redactValue(value)).toEqual(value);
  });
});

test('names of secrets are known however they are spelled, and words that only look alike are not', () => {
  expect(secretNames.filter((name) => !isSecretName(name))).toEqual([]);
  expect(
    ['monkey', 'keyboard', 'tokensMax', 'secretary', 'keyRingBytesMax', 'name'].filter(isSecretName),
  ).toEqual([]);
});

test('what the exporter of traces sends along is a secret, and so is a password with any character in an address', () => {
  const clean = redactValue({
    OTEL_EXPORTER_OTLP_HEADERS: 'x-team=abcdef0123,x-other=98765',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-team=abcdef0123',
    DATABASE_URL: `postgres://picket:pa'ss <w>"o\\rd@db.example/picket`,
  });
  expect(clean).toEqual({
    OTEL_EXPORTER_OTLP_HEADERS: redacted,
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: redacted,
    DATABASE_URL: 'postgres://[redacted]@db.example/picket',
  });
  expect(redactText("connect postgres://picket:pa'ss@db failed")).toBe(
    `connect postgres://${redacted}@db failed`,
  );
});

test.each([
  '-',
  'a.',
  'a-',
  'eyJ-',
  'a://',
  'key-',
  'token.',
  'key=\\',
  '-----BEGIN ',
  'Bearer ',
  'picket1-',
  '"key":{',
])('a long run of "%s" takes no more than its length', (piece) => {
  // With patterns that begin anew at each character this takes minutes.
  const text = piece.repeat(Math.ceil((256 * 1_024) / piece.length));
  expect(redactText(text).length).toBeGreaterThan(0);
});

import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { createAuthority } from '../authority.ts';
import { limits } from '../limits.ts';
import { readPem } from '../pem.ts';
import { hashOfSecret, isEndpoint, makeToken, pinOf, readToken } from './token.ts';

const contents = {
  tenantId: 'k7mzq2wn5xjd',
  packageId: 'pkg_abcdefghijklmnop',
  endpoints: ['gateway.example.org:5443', '[2001:db8::1]:5443'],
  expiresAtMs: Date.UTC(2026, 5, 1),
  pin: Buffer.alloc(32, 7).toString('base64url'),
};
const codeOf = (text: string) => {
  const read = readToken(text);
  return read.ok ? 'ok' : read.error.code;
};

test('a token says what was put into it, and each has another secret and another key', () => {
  const [one, other] = [makeToken(contents), makeToken(contents)];
  expect(readToken(one.text)).toEqual({ ok: true, token: { ...contents, ...one.token } });
  expect(readToken(`\n ${one.text}\r\n`).ok).toBe(true);
  expect(one.token.secret).not.toBe(other.token.secret);
  expect(one.token.signer).not.toBe(other.token.signer);
  expect(hashOfSecret(one.token.secret)).toMatch(/^[0-9a-f]{64}$/);
});

test('a token of which any one bit was changed is refused with a code of the closed set', () => {
  const bytes = Buffer.from(makeToken(contents).text, 'latin1');
  const codes = new Set<string>();
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    codes.add(codeOf(changed.toString('latin1')));
  }
  expect([...codes].sort()).toEqual(['token_bad_signature', 'token_malformed', 'token_version']);
});

test('a token that was cut short at any place is refused', () => {
  const { text } = makeToken(contents);
  for (let length = 0; length < text.length; length += 1)
    expect(codeOf(text.slice(0, length)), `of ${length}`).toMatch(/^token_(malformed|version)$/);
});

test('a text that is too long, of another version, or none is refused', () => {
  const { text } = makeToken(contents);
  expect(codeOf(`${text}.${'x'.repeat(limits.tokenCharsMax)}`)).toBe('token_too_long');
  expect(codeOf('x'.repeat(1_000_000))).toBe('token_too_long');
  expect(codeOf(text.replace('picket1.', 'picket2.'))).toBe('token_version');
  expect(codeOf(`${text}.${text}`)).toBe('token_malformed');
  expect(codeOf('')).toBe('token_malformed');
});

test('contents that no token has are refused, also well signed', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signer = publicKey.export({ type: 'spki', format: 'der' }).subarray(12).toString('base64url');
  const secret = Buffer.alloc(32, 1).toString('base64url');
  const good = [
    contents.tenantId,
    contents.packageId,
    secret,
    contents.endpoints,
    contents.expiresAtMs,
    contents.pin,
    signer,
  ];
  const text = (value: unknown, json = JSON.stringify(value)) => {
    const signed = `picket1.${Buffer.from(json).toString('base64url')}`;
    return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`;
  };
  const other = (at: number, value: unknown) => good.map((one, place) => (place === at ? value : one));
  expect(codeOf(text(good))).toBe('ok');
  for (const bad of [
    other(0, 'K7mzq2wn5xjd'),
    other(1, 'pkg_1'),
    other(2, 'short'),
    other(3, []),
    other(3, ['gateway']),
    other(
      3,
      Array.from({ length: limits.tokenEndpointsMax + 1 }, () => 'a:1'),
    ),
    other(4, '2026'),
    other(5, `${contents.pin}A`),
    other(6, 7),
    [...good, 1],
    { ...good },
    null,
  ])
    expect(codeOf(text(bad)), JSON.stringify(bad)).toBe('token_malformed');
  expect(codeOf(text(good, JSON.stringify(good).replace(',', ', ')))).toBe('token_malformed');
});

test('the pin is of the key of the root, so a root with a new certificate keeps it', async () => {
  const [one, other] = await Promise.all([
    createAuthority('example.org', { wallMs: () => contents.expiresAtMs }),
    createAuthority('example.org', { wallMs: () => contents.expiresAtMs }),
  ]);
  const pin = (pem: string) => {
    const read = readPem(pem, 'CERTIFICATE');
    return read.ok ? pinOf(read.blocks[0]!) : null;
  };
  expect(pin(one.root.certificatePem)).toHaveLength(43);
  expect(pin(one.root.certificatePem)).not.toBe(pin(other.root.certificatePem));
  expect(pinOf(Buffer.from('no certificate'))).toBeNull();
});

test('an endpoint is a host and a port', () => {
  for (const good of ['a:1', '10.0.0.1:65535', '[::1]:443', 'gateway.example.org:5443'])
    expect(isEndpoint(good), good).toBe(true);
  for (const bad of [
    'a',
    'a:',
    ':1',
    'a:0',
    'a:65536',
    '::1:5',
    'http://a:1',
    'a:1/x',
    `${'a'.repeat(260)}:1`,
  ])
    expect(isEndpoint(bad), bad).toBe(false);
});

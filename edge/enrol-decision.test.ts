import { expect, test } from 'vitest';
import { hashOfSecret, makeToken } from '../certs/index.ts';
import { decideEnrolment, type PackageRow } from './enrol-decision.ts';

const nowMs = Date.UTC(2026, 5, 1);
const key = 'a'.repeat(64);
const contents = {
  tenantId: 'k7mzq2wn5xjd',
  packageId: 'pkg_abcdefghijklmnop',
  endpoints: ['127.0.0.1:5100'],
  expiresAtMs: nowMs + 1,
  pin: Buffer.alloc(32, 7).toString('base64url'),
};
const { token } = makeToken(contents);
const row: PackageRow = {
  id: contents.packageId,
  state: 'issued',
  secretHash: hashOfSecret(token.secret),
  tokenSigner: token.signer,
  expiresAtMs: contents.expiresAtMs,
  delivered: null,
};
const delivered = { keyFingerprint: key, chainPem: 'chain' };
const decided = (change: Partial<PackageRow>, with_ = key, atMs = nowMs) => {
  const decision = decideEnrolment(token, { ...row, ...change }, with_, atMs);
  return decision.type === 'refuse' ? decision.refusal.code : decision.type;
};

test('a package that is issued is given to the first key, and given again to that key until it is in use', () => {
  expect(decided({})).toBe('deliver');
  expect(decideEnrolment(token, { ...row, state: 'delivered', delivered }, key, nowMs)).toEqual({
    type: 'again',
    chainPem: 'chain',
  });
  expect(decided({ state: 'delivered', delivered }, 'b'.repeat(64))).toBe('token_already_used');
  expect(decided({ state: 'activated', delivered })).toBe('token_already_used');
});

test('what is over gives nothing, also to the key that had it', () => {
  expect(decided({}, key, contents.expiresAtMs)).toBe('token_expired');
  expect(decided({ state: 'delivered', delivered }, key, contents.expiresAtMs)).toBe('token_expired');
  expect(decided({ state: 'expired', delivered })).toBe('token_expired');
  expect(decided({ state: 'revoked', delivered })).toBe('package_revoked');
  expect(decided({ state: 'deleted', delivered })).toBe('token_unknown');
});

test('a token of another secret, key or end is told no more than one of no package at all', () => {
  const other = makeToken(contents).token;
  const refused = decideEnrolment(token, null, key, nowMs);
  expect(refused).toMatchObject({ type: 'refuse', refusal: { code: 'token_unknown' } });
  for (const change of [
    { secretHash: hashOfSecret(other.secret) },
    { secretHash: '' },
    { tokenSigner: other.signer },
    { expiresAtMs: contents.expiresAtMs + 1 },
    { secretHash: hashOfSecret(other.secret), state: 'revoked' as const },
  ])
    expect(decideEnrolment(token, { ...row, ...change }, key, nowMs)).toEqual(refused);
});

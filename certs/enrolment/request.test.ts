import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { createAuthority, createIntermediate } from '../authority.ts';
import { verifyPem } from '../inspect.ts';
import { limits } from '../limits.ts';
import { type Asked, forgeRequest } from '../testing/forge-request.ts';
import { judgeCertificateRequest } from './request-rules.ts';
import { issueRequested, makeCertificateRequest, newKeyPem } from './requested-leaf.ts';

const tenantId = 'k7mzq2wn5xjd';
const trustDomain = 'example.org';
const identity = { kind: 'tenant', trustDomain, tenantId, role: 'agent', id: 'edge_1' } as const;
const own = `spiffe://${trustDomain}/tenant/${tenantId}/agent/edge_1`;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const judged = (asked: Asked, key = privateKey) =>
  judgeCertificateRequest(forgeRequest(key, asked), identity);
const codeOf = (read: ReturnType<typeof judgeCertificateRequest>) => (read.ok ? 'ok' : read.error.code);

test.each<[string, Asked]>([
  ['nothing at all', {}],
  ['the name of the package', { commonName: 'edge_1' }],
  ['the id that it would get', { names: [own] }],
  [
    'to be no authority, to sign, and the purposes of both ends',
    {
      ca: false,
      usageBits: 0x80,
      purposes: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'],
    },
  ],
])('a request is taken that asks for %s', (_what, asked) => {
  expect(codeOf(judged(asked))).toBe('ok');
});

test.each<[string, Asked, string]>([
  ['to be an authority', { ca: true }, 'request_asks_ca'],
  ['to sign certificates', { usageBits: 0x84 }, 'request_asks_ca'],
  ['to sign revocation lists', { usageBits: 0x82 }, 'request_asks_ca'],
  ['another common name', { commonName: 'edge_2' }, 'request_asks_name'],
  ['the id of another', { names: [own.replace('edge_1', 'edge_2')] }, 'request_asks_name'],
  ['another tenant', { names: [own.replace(tenantId, 'a7mzq2wn5xjd')] }, 'request_asks_name'],
  ['a second id', { names: [own, `${own}x`] }, 'request_asks_name'],
  ['a name of the web', { names: [own], dns: 'example.org' }, 'request_asks_name'],
  ['to be a poller', { names: [own.replace('/agent/', '/poller/')] }, 'request_asks_role'],
  ['to be a node of ours', { names: ['spiffe://example.org/node/core/core_1'] }, 'request_asks_role'],
  ['to be an operator', { names: ['spiffe://example.org/operator/ann'] }, 'request_asks_role'],
  ['to agree on keys', { usageBits: 0x88 }, 'request_asks_usage'],
  ['to sign code', { purposes: ['1.3.6.1.5.5.7.3.3'] }, 'request_asks_usage'],
  ['the rights of an operator', { other: '1.3.6.1.4.1.32473.7451.1' }, 'request_malformed'],
  ['an extension of its own', { other: '1.2.3.4' }, 'request_asks_more'],
  ['a password to be kept', { challenge: true }, 'request_asks_more'],
])('a request is refused that asks for %s', (_what, asked, code) => {
  expect(codeOf(judged(asked))).toBe(code);
});

test('a request of a key that is too weak, or of another kind, is refused', () => {
  const short = generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey;
  const long = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  const old = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
  for (const key of [short, long, curve, old]) expect(codeOf(judged({}, key))).toBe('request_weak_key');
});

test('a request that another key signed is refused', () => {
  const { privateKey: signer } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  expect(codeOf(judged({ signer }))).toBe('request_bad_signature');
});

test('a request that is too long, cut short, or has one bit changed is refused', () => {
  const good = forgeRequest(privateKey, { names: [own] });
  const long = Buffer.concat([good, Buffer.alloc(limits.requestBytesMax)]);
  expect(codeOf(judgeCertificateRequest(long, identity))).toBe('request_too_large');
  for (let length = 0; length < good.length; length += 1)
    expect(codeOf(judgeCertificateRequest(good.subarray(0, length), identity))).toBe('request_malformed');
  for (let bit = 0; bit < good.length * 8; bit += 1) {
    const changed = Buffer.from(good);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(codeOf(judgeCertificateRequest(changed, identity)), `bit ${bit}`).not.toBe('ok');
  }
});

test('what is issued for a request is good for a link, for 24 hours, and for the key of the request', async () => {
  const nowMs = Date.UTC(2026, 5, 1);
  const clock = { wallMs: () => nowMs };
  const authority = await createAuthority(trustDomain, clock);
  const issuer = await createIntermediate(authority.root, trustDomain, { kind: 'tenant', tenantId }, clock);
  const request = judgeCertificateRequest(await makeCertificateRequest(await newKeyPem()), identity);
  if (!request.ok) throw new Error(request.error.code);
  const leaf = await issueRequested(issuer, identity, request.request, clock);
  expect(leaf.notAfterMs).toBe(nowMs + 24 * 3_600_000);
  const rootsPem = authority.root.certificatePem;
  expect(verifyPem({ pem: leaf.chainPem, rootsPem, nowMs })).toMatchObject({
    ok: true,
    identity,
    serial: leaf.serial,
  });
});

import { expect, test } from 'vitest';
import { CertificateMemo } from './certificate-memo.ts';
import { createAuthority, createIntermediate, issueLeaf, readPem, rootsOf, verifyPeer } from './index.ts';
import { limits } from './limits.ts';

const clock = { wallMs: () => Date.UTC(2026, 5, 1) };

test('the same bytes are read once, and others are others', () => {
  const memo = new CertificateMemo();
  const first = memo.read(Uint8Array.of(1, 2, 3));
  expect(memo.read(Uint8Array.of(1, 2, 3))).toBe(first);
  expect(memo.read(Uint8Array.of(1, 2, 4))).not.toBe(first);
  const written = Uint8Array.of(9, 9);
  const before = memo.read(written);
  written[0] = 8;
  expect(memo.read(written)).not.toBe(before);
});

test('no more are kept than allowed, and those that were asked for last stay', () => {
  const memo = new CertificateMemo();
  const first = memo.read(Uint8Array.of(0));
  for (let at = 1; at < 2 * limits.memoCertificatesMax; at += 1) {
    memo.read(Uint8Array.of(at & 0xff, at >> 8));
    expect(memo.read(Uint8Array.of(0))).toBe(first);
  }
  expect(memo.size).toBe(limits.memoCertificatesMax);
});

test('with and without a memo the verdict is the same, also of one that was changed after it was known', async () => {
  const trustDomain = 'example.org';
  const tenantId = 'k7mzq2wn5xjd';
  const authority = await createAuthority(trustDomain, clock);
  const issuer = await createIntermediate(authority.root, trustDomain, { kind: 'tenant', tenantId }, clock);
  const identity = { kind: 'tenant', trustDomain, tenantId, role: 'agent', id: 'a' } as const;
  const own = await issueLeaf(authority.root, issuer, { identity }, clock);
  const pem = readPem(own.chainPem, 'CERTIFICATE');
  const chain = pem.ok ? pem.blocks : [];
  const memo = new CertificateMemo();
  const changed = Uint8Array.from(chain[1]!);
  changed[changed.length - 3]! ^= 1;
  for (const shown of [chain, [chain[0]!, changed], chain, [...chain].reverse()]) {
    const question = { chain: shown, roots: rootsOf(own), trustDomain, nowMs: clock.wallMs() };
    expect(verifyPeer({ ...question, memo })).toEqual(verifyPeer(question));
  }
  expect(verifyPeer({ chain, roots: rootsOf(own), trustDomain, nowMs: clock.wallMs(), memo }).ok).toBe(true);
});

import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { CertificateMemo } from './certificate-memo.ts';
import {
  type Authority,
  createAuthority,
  createIntermediate,
  createRevocationList,
  issueLeaf,
  type PeerQuestion,
  type PeerVerdict,
  readPem,
  readRevocationLists,
  rootsOf,
  verifyPeer,
} from './index.ts';
import { limits } from './limits.ts';

const clock = { wallMs: () => Date.UTC(2026, 5, 1) };
const trustDomain = 'example.org';
const tenantId = 'k7mzq2wn5xjd';
const codeOf = (verdict: PeerVerdict) => (verdict.ok ? 'ok' : verdict.error.code);

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

async function agentBelow(authority: Authority) {
  const issuer = await createIntermediate(authority.root, trustDomain, { kind: 'tenant', tenantId }, clock);
  const identity = { kind: 'tenant', trustDomain, tenantId, role: 'agent', id: 'a' } as const;
  const own = await issueLeaf(authority.root, issuer, { identity }, clock);
  const pem = readPem(own.chainPem, 'CERTIFICATE');
  return { chain: pem.ok ? pem.blocks : [], roots: rootsOf(own), issuer };
}

test('with and without a memo the verdict is the same, also of one that was changed after it was known', async () => {
  const { chain, roots } = await agentBelow(await createAuthority(trustDomain, clock));
  const memo = new CertificateMemo();
  const changed = Uint8Array.from(chain[1]!);
  changed[changed.length - 3]! ^= 1;
  for (const shown of [chain, [chain[0]!, changed], chain, [...chain].reverse()]) {
    const question = { chain: shown, roots, trustDomain, nowMs: clock.wallMs() };
    expect(verifyPeer({ ...question, memo })).toEqual(verifyPeer(question));
  }
  expect(verifyPeer({ chain, roots, trustDomain, nowMs: clock.wallMs(), memo }).ok).toBe(true);
});

test('a memo that knows an authority lets in none of its leaves that is revoked or over, and none of another', async () => {
  const authority = await createAuthority(trustDomain, clock);
  const { chain, roots, issuer } = await agentBelow(authority);
  const memo = new CertificateMemo();
  const judge = (more: Partial<PeerQuestion>) =>
    codeOf(verifyPeer({ chain, roots, trustDomain, nowMs: clock.wallMs(), memo, ...more }));
  expect(judge({})).toBe('ok');
  const serial = new X509Certificate(chain[0]!).serialNumber.toLowerCase();
  const read = readRevocationLists(await createRevocationList(issuer, [serial], clock));
  const revocationLists = read.ok ? read.lists : [];
  expect(judge({ revocationLists })).toBe('revoked');
  expect(judge({ nowMs: clock.wallMs() + 3_650 * 86_400_000 })).toBe('expired');
  const other = await agentBelow(await createAuthority(trustDomain, clock));
  expect(judge({ chain: other.chain })).toBe('unknown_authority');
  expect(judge({ roots: other.roots })).toBe('unknown_authority');
  expect(judge({ chain: [other.chain[0]!, chain[1]!] })).not.toBe('ok');
  expect(judge({})).toBe('ok');
});

test('a leaf that was opened counts for its own octets alone', async () => {
  const authority = await createAuthority(trustDomain, clock);
  const [own, other] = [await agentBelow(authority), await agentBelow(authority)];
  const memo = new CertificateMemo();
  const openedLeaf = new X509Certificate(own.chain[0]!);
  for (const { chain, roots } of [own, other]) {
    const question = { chain, roots, trustDomain, nowMs: clock.wallMs(), memo };
    expect(verifyPeer({ ...question, openedLeaf })).toEqual(verifyPeer(question));
    expect(verifyPeer({ ...question, chain: [chain[0]!], openedLeaf })).toEqual(
      verifyPeer({ ...question, chain: [chain[0]!] }),
    );
  }
});

import { expect, test } from 'vitest';
import { systemClock } from '../../runtime/index.ts';
import { createAuthority, createIntermediate, issueLeaf } from '../index.ts';
import { isPossessor, provePossession } from './possession.ts';
import { makeCertificateRequest, newKeyPem } from './requested-leaf.ts';

const clock = systemClock();

test('whoever has the key of the certificate can ask for the next, with this request and no other', async () => {
  const authority = await createAuthority('test.local', clock);
  const tenantId = 'abcdefghijkl';
  const issuer = await createIntermediate(authority.root, 'test.local', { kind: 'tenant', tenantId }, clock);
  const identity = { kind: 'tenant', trustDomain: 'test.local', tenantId, role: 'agent', id: 'a' } as const;
  const { chainPem, privateKeyPem } = await issueLeaf(authority.root, issuer, { identity }, clock);
  const [request, other] = [await newRequest(), await newRequest()];
  const proof = provePossession(privateKeyPem, request);
  expect(isPossessor(chainPem, request, proof)).toBe(true);
  expect(isPossessor(chainPem, other, proof)).toBe(false);
  expect(isPossessor(chainPem, request, provePossession(await newKeyPem(), request))).toBe(false);
  for (const odd of [new Uint8Array(), new Uint8Array(72), new Uint8Array(5_000)])
    expect(isPossessor(chainPem, request, odd)).toBe(false);
  for (let at = 0; at < proof.length; at += 1) {
    const changed = Uint8Array.from(proof);
    changed[at]! ^= 1;
    expect(isPossessor(chainPem, request, changed)).toBe(false);
  }
  for (const chain of ['', 'x', issuer.certificatePem])
    expect(isPossessor(chain, request, proof)).toBe(false);
});

async function newRequest(): Promise<Uint8Array> {
  return makeCertificateRequest(await newKeyPem());
}

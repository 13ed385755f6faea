/**
 * What it takes to issue one leaf certificate with its key, and how long the event loop stands still meanwhile. Ours is
 * EC P-256 on WebCrypto; beside us node-forge, which is RSA. A leaf that its issuer's key does not confirm fails.
 */
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { createAuthority, issueNode } from '../certs/index.ts';
import { type Clock, systemClock } from '../runtime/index.ts';
import { type Bench, type Figures, median, type Running } from './bench.ts';
import { forgeIssuing } from './peers/forge.ts';
import { longestStallMs } from './stall.ts';

/** An authority under measurement. */
export interface Issuing {
  readonly issuerPem: string;
  newKeys(): Promise<unknown>;
  /** A new key, and the certificate over it. */
  newLeaf(name: string): Promise<Leaf>;
}

export interface Leaf {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

const trustDomain = 'bench.example';
/** Of each figure in a round: the search for RSA primes takes now a quarter, now four times its mean. */
const leaves = 8;
/** The call by which certs/ makes its keys. */
const p256 = { name: 'ECDSA', namedCurve: 'P-256' } as const;

export async function ourIssuing(clock: Clock): Promise<Issuing> {
  const authority = await createAuthority(trustDomain, clock);
  return {
    issuerPem: authority.nodes.certificatePem,
    newKeys: () => webcrypto.subtle.generateKey(p256, true, ['sign', 'verify']),
    async newLeaf(name) {
      const { chainPem, privateKeyPem } = await issueNode(authority, { role: 'core', name }, clock);
      return { certificatePem: chainPem, privateKeyPem };
    },
  };
}

/** @throws Error when the leaf is not the issuer's, or the key not the leaf's */
export function confirm(issuerPem: string, leaf: Leaf): void {
  const issuer = new X509Certificate(issuerPem);
  const certificate = new X509Certificate(leaf.certificatePem);
  if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey))
    throw new Error(`not issued by ${issuer.subject}`);
  if (!certificate.checkPrivateKey(createPrivateKey(leaf.privateKeyPem)))
    throw new Error('the key is not that of the certificate');
}

async function figuresOf(issuing: Issuing): Promise<Figures> {
  const keyMs = await meanMs(() => issuing.newKeys());
  let last: Leaf | undefined;
  const leafMs = await meanMs(async (n) => {
    last = await issuing.newLeaf(`core_${n}`);
  });
  confirm(issuing.issuerPem, last!);
  const stallsMs: number[] = [];
  for (let n = 0; n < leaves; n += 1) stallsMs.push(await longestStallMs(() => issuing.newLeaf(`core_${n}`)));
  return { leaf_ms: leafMs, key_ms: keyMs, loop_blocked_ms: median(stallsMs) };
}

/** One after the other. */
async function meanMs(work: (n: number) => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  for (let n = 0; n < leaves; n += 1) await work(n);
  return (performance.now() - startMs) / leaves;
}

async function running(issuing: Issuing): Promise<Running> {
  return { round: () => figuresOf(issuing), close: async () => {} };
}

export const issue: Bench = {
  name: 'issue',
  about: 'one leaf certificate with its key, and how long the loop stands still, beside node-forge',
  figures: [
    { key: 'leaf_ms', better: 'less' },
    { key: 'key_ms', better: 'less' },
    { key: 'loop_blocked_ms', better: 'less' },
  ],
  rounds: 9,
  contenders: [
    { name: 'ours', open: async () => running(await ourIssuing(systemClock())) },
    { name: 'node-forge', open: async () => running(await forgeIssuing(trustDomain, systemClock())) },
  ],
};

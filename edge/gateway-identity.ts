/**
 * Who answers at a gateway's address, judged by whoever dials it: a poller of the cluster below our roots, by the same rules
 * as on a peer link. Between a TLS client and `certs/verify`.
 */
import type { PeerCertificate } from 'node:tls';
import { chainFrom, trustDomainOfRoots, verifyPeer } from '../certs/index.ts';

/** As `checkServerIdentity` wants it: undefined, or why it is none, with `wrong_gateway` first. */
export function judgeGateway(
  certificate: PeerCertificate,
  roots: readonly Uint8Array[],
  nowMs: number,
): Error | undefined {
  const verdict = verifyPeer({
    chain: chainFrom(certificate as Parameters<typeof chainFrom>[0]),
    roots,
    trustDomain: trustDomainOfRoots(roots) ?? '',
    nowMs,
  });
  if (!verdict.ok) return new Error(`wrong_gateway: ${verdict.error.code}: ${verdict.error.detail}`);
  const { identity } = verdict;
  if (identity.kind === 'node' && identity.role === 'poller') return undefined;
  return new Error(`wrong_gateway: it is ${verdict.spiffeId}, no poller`);
}

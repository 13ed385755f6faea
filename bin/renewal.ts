/**
 * Renewal on a core: the bearer of a package's certificate gets the next one for a new key. Decides by `edge/renew-decision`,
 * issues with the tenant's authority, and has the store's one statement say whether the package is still in use.
 */
import { createHash } from 'node:crypto';
import { livingCertificatesMax, type RenewalStore } from '../actors/index.ts';
import {
  chainFromPem,
  formatSpiffeId,
  isPossessor,
  issueRequested,
  judgeCertificateRequest,
  readCertificate,
  type TenantIdentity,
} from '../certs/index.ts';
import { ProcedureError } from '../cluster/index.ts';
import { decideRenewal, type RenewAnswer, type RenewQuestion } from '../edge/index.ts';
import type { Store } from '../store/index.ts';
import { text } from './named-tenant.ts';
import { type IssuerNeeds, issuerOf } from './tenant-issuer.ts';

export interface RenewalNeeds extends IssuerNeeds {
  readonly store: Pick<Store, 'tenants' | 'packages'> & { readonly renewals: RenewalStore };
}

/** Rejects with a ProcedureError: a code of requests, packages or renewals. A suspended tenant's agents stay connected. */
export async function renew(needs: RenewalNeeds, asked: RenewQuestion): Promise<RenewAnswer> {
  const { store, trust, clock } = needs;
  const [tenantId, serial] = [text(asked.tenant), text(asked.serial)];
  const tenant = await store.tenants.find(tenantId);
  if (tenant?.id !== tenantId || (tenant.status !== 'active' && tenant.status !== 'suspended'))
    throw new ProcedureError('tenant_not_running', 'the tenant of this certificate does not live');
  const row = await store.packages.find(tenantId, { serial });
  const living = row === null ? [] : await store.renewals.living(tenantId, row.id);
  const bearer = { role: text(asked.role), id: text(asked.id) };
  const { trustDomain } = trust;
  const identity: TenantIdentity = { kind: 'tenant', trustDomain, tenantId, ...bearer };
  const presentChain =
    row?.delivered?.serial === serial
      ? row.delivered.chainPem
      : (living.find((one) => one.serial === serial)?.chainPem ?? '');
  const request = judgeCertificateRequest(octets(asked.request), identity);
  if (row !== null && !isPossessor(presentChain, octets(asked.request), octets(asked.proof)))
    throw new ProcedureError('renewal_not_proven', 'the key of the present certificate did not sign it');
  if (!request.ok) throw new ProcedureError(request.error.code, request.error.detail);
  const keyFingerprint = sha256(request.request.publicKey);
  const decision = decideRenewal({
    ...{ package: row, living, livingMax: livingCertificatesMax, bearer },
    ...{ presentKey: keyOf(presentChain), wantedKey: keyFingerprint },
  });
  if (decision.type === 'refuse') throw new ProcedureError(decision.refusal.code, decision.refusal.detail);
  if (decision.type === 'again') return { chain: decision.chainPem };
  const issuer = await issuerOf(needs, tenantId);
  const {
    chainPem,
    serial: next,
    notAfterMs,
  } = await issueRequested(issuer, identity, request.request, clock);
  const renewed = { serial: next, keyFingerprint, chainPem, endsAtMs: notAfterMs };
  if (await store.renewals.add(tenantId, row!.id, renewed, formatSpiffeId(identity)))
    return { chain: chainPem };
  throw new ProcedureError('package_ended', `package ${row!.id} changed meanwhile: ask again`);
}

function keyOf(chainPem: string): string {
  const chain = chainFromPem(chainPem);
  const leaf = chain.ok ? readCertificate(chain.chain[0]!) : null;
  return leaf?.ok === true ? sha256(leaf.certificate.publicKey) : '';
}

function octets(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new ProcedureError('bad_argument', 'octets were expected');
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

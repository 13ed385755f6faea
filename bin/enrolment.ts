/**
 * Enrolment on a core: a token and a request become a certificate, once. Decides by `edge/enrol-decision`, issues with the
 * tenant's authority, and has the store's one statement say who was first. Nothing of a token is logged.
 */
import { createHash } from 'node:crypto';
import {
  formatSpiffeId,
  issueRequested,
  judgeCertificateRequest,
  readToken,
  type TenantIdentity,
} from '../certs/index.ts';
import { ProcedureError } from '../cluster/index.ts';
import { type BearerAnswer, decideEnrolment, type EnrolAnswer, type EnrolQuestion } from '../edge/index.ts';
import type { Store } from '../store/index.ts';
import { judgeWrite, text } from './named-tenant.ts';
import { type IssuerNeeds, issuerOf } from './tenant-issuer.ts';

export interface EnrolmentNeeds extends IssuerNeeds {
  readonly store: Pick<Store, 'tenants' | 'packages'>;
}

/** Rejects with a ProcedureError: a code of tokens, requests or enrolment. */
export async function enrol(needs: EnrolmentNeeds, asked: EnrolQuestion): Promise<EnrolAnswer> {
  const read = readToken(text(asked.token));
  if (!read.ok) throw new ProcedureError(read.error.code, read.error.detail);
  const { token } = read;
  const tenant = await needs.store.tenants.find(token.tenantId);
  const find = () => needs.store.packages.find(token.tenantId, { id: token.packageId });
  let row = tenant?.id === token.tenantId ? await find() : null;
  // A second look, when another key or the end came between the first and the writing.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const { trustDomain } = needs.trust;
    const { kind: role = '', name: id = '', partition = '' } = row ?? {};
    const identity: TenantIdentity = { kind: 'tenant', trustDomain, tenantId: token.tenantId, role, id };
    const request = judgeCertificateRequest(bytes(asked.request), identity);
    const keyFingerprint = request.ok ? sha256(request.request.publicKey) : '';
    const decision = decideEnrolment(token, row, keyFingerprint, needs.clock.wallMs());
    if (decision.type === 'refuse') throw new ProcedureError(decision.refusal.code, decision.refusal.detail);
    judgeWrite(tenant!);
    if (!request.ok) throw new ProcedureError(request.error.code, request.error.detail);
    const answer = { identity: formatSpiffeId(identity), package_id: token.packageId, partition };
    if (decision.type === 'again') return { ...answer, chain: decision.chainPem };
    const issuer = await issuerOf(needs, token.tenantId);
    const { chainPem, serial } = await issueRequested(issuer, identity, request.request, needs.clock);
    const delivered = { keyFingerprint, serial, chainPem };
    if (await needs.store.packages.deliver(token.tenantId, token.packageId, delivered))
      return { ...answer, chain: chainPem };
    row = await find();
  }
  throw new ProcedureError(
    'token_already_used',
    'the package was given to another key: ask for another token',
  );
}

/**
 * What a gateway asks of one whose certificate is good: the partition of its package, which is activated when its bearer
 * comes for the first time. A certificate without a package was issued by an operator's own hand.
 */
export async function bearer(
  { store }: Pick<EnrolmentNeeds, 'store'>,
  tenantId: string,
  serial: string,
): Promise<BearerAnswer> {
  const tenant = await store.tenants.find(text(tenantId));
  if (tenant?.id !== tenantId || (tenant.status !== 'active' && tenant.status !== 'suspended'))
    throw new ProcedureError('tenant_not_running', 'the tenant of this certificate does not live');
  const row = await store.packages.find(tenantId, { serial: text(serial) });
  if (row === null) return { partition: null };
  const { partition } = row;
  if (row.state === 'activated') return { partition };
  if (row.state === 'delivered') {
    const moved = await store.packages.change(tenantId, row.id, 'activate', 'gateway', null);
    if ('package' in moved) return { partition };
    const again = await store.packages.find(tenantId, { id: row.id });
    if (again?.state === 'activated') return { partition };
  }
  if (row.state === 'revoked') throw new ProcedureError('package_revoked', `package ${row.id} was revoked`);
  throw new ProcedureError('package_ended', `package ${row.id} is over: ask for another`);
}

function bytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new ProcedureError('bad_argument', 'octets were expected');
}

function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}

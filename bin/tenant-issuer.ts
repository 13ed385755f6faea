/**
 * Who signs for a tenant's own programs, on a core: the tenant's intermediate from the database, made or replaced where the
 * authority of the platform lies in this node's data folder. Other cores use what one of them made.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AuthorityStore, TenantAuthority } from '../actors/index.ts';
import {
  certsLimits,
  openTenantAuthority,
  readAuthority,
  readCertificate,
  readPem,
  rotateTenantAuthority,
  tenantAuthorityLeftMs,
} from '../certs/index.ts';
import { ProcedureError } from '../cluster/index.ts';
import type { Clock } from '../runtime/index.ts';
import { withAuthorityLock } from './authority-lock.ts';
import { authoritiesOverlappingMax, authorityOverlapMs } from './limits.ts';
import type { NodeTrust } from './node-trust.ts';

export interface IssuerNeeds {
  readonly authorities: AuthorityStore;
  readonly trust: Pick<NodeTrust, 'roots' | 'trustDomain' | 'revocationLists'>;
  readonly clock: Clock;
  /** The folder of the authority, whether it is there or not. */
  readonly folder: string;
}

export interface Replacement {
  readonly by: string;
  readonly overlapMs: number;
}

/** Rejects with `no_tenant_authority` when there is none and this core cannot make it. */
export async function issuerOf(needs: IssuerNeeds, tenantId: string): Promise<TenantAuthority> {
  const { authorities, folder, clock } = needs;
  const row = await authorities.read(tenantId);
  const leftMs = row === null ? null : leftOf(needs, tenantId, row);
  if (row !== null && leftMs !== null && leftMs > certsLimits.intermediateRenewBeforeMs) return row;
  if (!hasRoot(folder)) {
    if (row !== null && leftMs !== null) return row;
    throw new ProcedureError(
      'no_tenant_authority',
      `nobody signs for tenant ${tenantId} yet, and this core has no root key: where the authority lies, run picket package authority --tenant ${tenantId} --authority DIR`,
    );
  }
  const made = await withAuthorityLock(folder, clock, async () =>
    openTenantAuthority(folder, await readAuthority(folder), tenantId, clock),
  );
  return await put(needs, tenantId, made, row, { by: 'enrolment', overlapMs: authorityOverlapMs });
}

/** A new key signs from now on. Rejects with `no_tenant_authority` where it cannot be signed. */
export async function rotateIssuer(
  needs: IssuerNeeds,
  tenantId: string,
  replacement: Replacement,
): Promise<void> {
  const { authorities, folder, clock } = needs;
  if (!hasRoot(folder)) {
    throw new ProcedureError(
      'no_tenant_authority',
      `this core has no root key: where the authority lies, run picket package authority --rotate --tenant ${tenantId} --authority DIR`,
    );
  }
  const row = await authorities.read(tenantId);
  await judgeOverlapping(needs, tenantId);
  const made = await withAuthorityLock(folder, clock, async () =>
    rotateTenantAuthority(folder, await readAuthority(folder), tenantId, clock, row?.certificatePem ?? null),
  );
  await put(needs, tenantId, made, row, replacement);
}

/** Takes one that was made elsewhere, when it may sign for the tenant below a root that this core trusts. */
export async function takeAuthority(
  needs: IssuerNeeds,
  tenantId: string,
  given: TenantAuthority,
  replacement: Replacement,
): Promise<void> {
  if (leftOf(needs, tenantId, given) === null) {
    throw new ProcedureError(
      'bad_argument',
      `what was brought does not sign for tenant ${tenantId} below a root that this cluster trusts, or is revoked`,
    );
  }
  const before = await needs.authorities.read(tenantId);
  if (before?.certificatePem === given.certificatePem) return;
  await judgeOverlapping(needs, tenantId);
  await put(needs, tenantId, given, before, replacement);
}

/** The serial and the end of an authority's certificate; null when it cannot be read. */
export function certificateOf(pem: string): { serial: string; notAfterMs: number } | null {
  const blocks = readPem(pem, 'CERTIFICATE');
  const read = blocks.ok && blocks.blocks.length > 0 ? readCertificate(blocks.blocks[0]!) : null;
  return read?.ok === true ? read.certificate : null;
}

export function hasRoot(folder: string): boolean {
  return existsSync(join(folder, 'root-key.pem'));
}

/** Each keeps a key alive, and revocations are signed with all of them. */
async function judgeOverlapping({ authorities }: IssuerNeeds, tenantId: string): Promise<void> {
  const former = await authorities.former(tenantId);
  const count = former.filter(({ retiredAtMs }) => retiredAtMs === null).length;
  if (count < authoritiesOverlappingMax) return;
  throw new ProcedureError(
    'too_many_authorities',
    `${count} authorities of the tenant were replaced and are not retired yet: see picket package authority`,
  );
}

function put(
  { authorities }: IssuerNeeds,
  tenantId: string,
  made: TenantAuthority,
  before: TenantAuthority | null,
  { by, overlapMs }: Replacement,
): Promise<TenantAuthority> {
  const serial = before === null ? null : (certificateOf(before.certificatePem)?.serial ?? null);
  return authorities.replace(tenantId, made, before, { by, overlapMs, serial });
}

function leftOf({ trust, clock }: IssuerNeeds, tenantId: string, { certificatePem }: TenantAuthority) {
  const { trustDomain } = trust;
  return tenantAuthorityLeftMs(certificatePem, tenantId, {
    roots: trust.roots(),
    revocationLists: trust.revocationLists(),
    trustDomain,
    nowMs: clock.wallMs(),
  });
}

/**
 * Who signs for a tenant's own programs, on a core: the tenant's intermediate from the database, made or renewed where the
 * authority of the platform lies in this node's data folder. Other cores use what one of them made.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AuthorityStore, TenantAuthority } from '../actors/index.ts';
import { certsLimits, openTenantAuthority, readAuthority, tenantAuthorityLeftMs } from '../certs/index.ts';
import { ProcedureError } from '../cluster/index.ts';
import type { Clock } from '../runtime/index.ts';
import { withAuthorityLock } from './authority-lock.ts';
import type { NodeTrust } from './node-trust.ts';

export interface IssuerNeeds {
  readonly authorities: AuthorityStore;
  readonly trust: Pick<NodeTrust, 'roots' | 'trustDomain'>;
  readonly clock: Clock;
  /** The folder of the authority, whether it is there or not. */
  readonly folder: string;
}

/** Rejects with `no_tenant_authority` when there is none and this core cannot make it. */
export async function issuerOf(needs: IssuerNeeds, tenantId: string): Promise<TenantAuthority> {
  const { authorities, folder, clock } = needs;
  const row = await authorities.read(tenantId);
  const leftMs = row === null ? null : leftOf(needs, tenantId, row);
  if (row !== null && leftMs !== null && leftMs > certsLimits.intermediateRenewBeforeMs) return row;
  if (!existsSync(join(folder, 'root-key.pem'))) {
    if (row !== null && leftMs !== null) return row;
    throw new ProcedureError(
      'no_tenant_authority',
      `nobody signs for tenant ${tenantId} yet, and this core has no root key: where the authority lies, run picket package authority --tenant ${tenantId}`,
    );
  }
  const made = await withAuthorityLock(folder, clock, async () =>
    openTenantAuthority(folder, await readAuthority(folder), tenantId, clock),
  );
  return await authorities.replace(tenantId, made, row, 'enrolment');
}

/** Takes one that was made elsewhere, when it may sign for the tenant below a root that this core trusts. */
export async function takeAuthority(
  needs: IssuerNeeds,
  tenantId: string,
  given: TenantAuthority,
  by: string,
): Promise<void> {
  if (leftOf(needs, tenantId, given) === null) {
    throw new ProcedureError(
      'bad_argument',
      `what was brought does not sign for tenant ${tenantId} below a root that this cluster trusts`,
    );
  }
  const before = await needs.authorities.read(tenantId);
  await needs.authorities.replace(tenantId, given, before, by);
}

function leftOf({ trust, clock }: IssuerNeeds, tenantId: string, { certificatePem }: TenantAuthority) {
  const { trustDomain } = trust;
  return tenantAuthorityLeftMs(certificatePem, tenantId, {
    roots: trust.roots(),
    trustDomain,
    nowMs: clock.wallMs(),
  });
}

/**
 * The end of a tenant's authority that was replaced, on the core that coordinates: its certificate goes on the root's list where
 * the root key lies in this node's data folder, then its key is destroyed, there and in the database. Repeated until it is done.
 */
import { CertsError, retireTenantAuthority } from '../certs/index.ts';
import type { Log } from '../runtime/index.ts';
import { withAuthorityLock } from './authority-lock.ts';
import { hasRoot, type IssuerNeeds } from './tenant-issuer.ts';

export type RetirementNeeds = Omit<IssuerNeeds, 'trust'> & { readonly log: Log };

/** Answers those that were retired. `isStill`: this core coordinates yet. */
export async function retireDue(
  needs: RetirementNeeds,
  isStill: () => boolean,
): Promise<{ tenantId: string; serial: string }[]> {
  const { authorities } = needs;
  const retired: { tenantId: string; serial: string }[] = [];
  for (const { tenantId, former } of await authorities.due()) {
    if (!isStill()) break;
    const { serial, certificatePem } = former;
    const isListed = await endInFolder(needs, tenantId, certificatePem);
    const why = isListed ? 'its key is destroyed, its certificate revoked' : 'its key is destroyed';
    await authorities.retire(tenantId, serial, why);
    retired.push({ tenantId, serial });
    if (!isListed)
      needs.log(
        'warn',
        `a tenant's authority was retired and is in no revocation list: where the authority lies, run picket certs revoke ${serial}`,
        { tenant: tenantId, serial },
      );
  }
  return retired;
}

/** False: the root that signed it is not here. */
async function endInFolder(
  { folder, clock }: RetirementNeeds,
  tenantId: string,
  certificatePem: string,
): Promise<boolean> {
  if (!hasRoot(folder)) return false;
  try {
    await withAuthorityLock(folder, clock, () =>
      retireTenantAuthority(folder, tenantId, certificatePem, clock),
    );
    return true;
  } catch (error) {
    if (error instanceof CertsError && error.code === 'not_ours') return false;
    throw error;
  }
}

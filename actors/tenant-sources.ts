/** The part of a tenant's tree that has its agents that only listen asked: there while the lease is, where there is a store of them. */
import type { Ref } from '../runtime/index.ts';
import type { SourceKeeperProtocol, TenantTerms } from './messages.ts';
import { sourceKeeper } from './source-keeper.ts';
import type { TenantNeeds, TenantSelf } from './tenant-state.ts';

export async function startSources(
  self: TenantSelf,
  needs: TenantNeeds,
  epoch: number,
): Promise<Ref<SourceKeeperProtocol> | null> {
  const { cluster, agentSources, importedAuthorities } = needs;
  if (agentSources === undefined || importedAuthorities === undefined) return null;
  const { tenantId, terms } = self.state;
  const keeper = sourceKeeper({ cluster, agentSources, importedAuthorities });
  return await self.startLink(keeper, tenantId, epoch, needs.allowAll(tenantId), isSuspended(terms));
}

export function isSuspended({ suspendedSinceMs }: TenantTerms): boolean {
  return suspendedSinceMs !== null;
}

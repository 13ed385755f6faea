/**
 * The parts of a tenant's tree that are there where there is a store for them, while the lease is: who has its agents that only listen
 * asked, and who reconciles its devices.
 */
import type { Ref } from '../runtime/index.ts';
import type { ReconcilerProtocol, SourceKeeperProtocol, TenantTerms } from './messages.ts';
import { reconciler } from './reconciler.ts';
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

export async function startReconciler(
  self: TenantSelf,
  { cluster, inventory, documents }: TenantNeeds,
  epoch: number,
): Promise<Ref<ReconcilerProtocol> | null> {
  if (inventory === undefined || documents === undefined) return null;
  return await self.startLink(reconciler({ cluster, inventory, documents }), self.state.tenantId, epoch);
}

export function isSuspended({ suspendedSinceMs }: TenantTerms): boolean {
  return suspendedSinceMs !== null;
}

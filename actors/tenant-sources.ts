/**
 * The parts of a tenant's tree that have its agents that only listen asked, its sources listed, its networks swept and its devices reconciled: there while
 * the lease is, where there is a store of them.
 */
import type { Ref } from '../runtime/index.ts';
import { listingKeeper } from './listing-keeper.ts';
import type {
  ListingKeeperProtocol,
  ReconcilerProtocol,
  SourceKeeperProtocol,
  SweepKeeperProtocol,
  TenantTerms,
} from './messages.ts';
import { reconciler } from './reconciler.ts';
import { sourceKeeper } from './source-keeper.ts';
import { sweepKeeper } from './sweep-keeper.ts';
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

const noWay = async () => {};

export async function startReconciler(
  self: TenantSelf,
  { cluster, inventory, documents, giveWay = noWay, inventoryCounts: counts }: TenantNeeds,
  epoch: number,
): Promise<Ref<ReconcilerProtocol> | null> {
  if (inventory === undefined || documents === undefined) return null;
  return await self.startLink(
    reconciler({ cluster, inventory, documents, giveWay, ...(counts !== undefined && { counts }) }),
    self.state.tenantId,
    epoch,
  );
}

export async function startSweeps(
  self: TenantSelf,
  needs: TenantNeeds,
  epoch: number,
): Promise<Ref<SweepKeeperProtocol> | null> {
  const { cluster, sweeps, sweepRuns } = needs;
  if (sweeps === undefined || sweepRuns === undefined) return null;
  const { tenantId, terms } = self.state;
  const keeper = sweepKeeper({ cluster, sweeps, sweepRuns });
  return await self.startLink(keeper, tenantId, epoch, needs.allowAll(tenantId), isSuspended(terms));
}

export async function startListings(
  self: TenantSelf,
  { cluster, listings, allowAll }: TenantNeeds,
  epoch: number,
): Promise<Ref<ListingKeeperProtocol> | null> {
  if (listings === undefined) return null;
  const { tenantId, terms } = self.state;
  const keeper = listingKeeper({ ...listings, cluster });
  return await self.startLink(keeper, tenantId, epoch, allowAll(tenantId), isSuspended(terms));
}

export function isSuspended({ suspendedSinceMs }: TenantTerms): boolean {
  return suspendedSinceMs !== null;
}

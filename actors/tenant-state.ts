/** What a tenant's actor needs and holds; between its life (`tenant.ts`) and what it does for callers (`tenant-checks.ts`). */
import type { Cluster, Metadata } from '../cluster/index.ts';
import type { Ref, Self } from '../runtime/index.ts';
import type { InventoryCounts } from './inventory-counts.ts';
import type { ListingKeeperNeeds } from './listing-keeper.ts';
import type {
  HealthProtocol,
  ListingKeeperProtocol,
  ReconcilerProtocol,
  SchedulerProtocol,
  SourceKeeperProtocol,
  SweepKeeperProtocol,
  TenantTerms,
  WriterProtocol,
} from './messages.ts';
import {
  healthKey,
  listingKeeperKey,
  pollerDoorKey,
  reconcilerKey,
  schedulerKey,
  sourceKeeperKey,
  sweepKeeperKey,
} from './names.ts';
import type { AgentSourceStore } from './ports/agent-source-store.ts';
import type { Check } from './ports/check.ts';
import type { CheckStore } from './ports/check-store.ts';
import type { DocumentShelf } from './ports/document-store.ts';
import type { ImportedAuthorityStore } from './ports/imported-authority-store.ts';
import type { InventoryStore } from './ports/inventory-store.ts';
import type { LeaseAnswer, LeaseStore } from './ports/lease-store.ts';
import type { ResultStore } from './ports/result-store.ts';
import type { SweepRunStore, SweepStore } from './ports/sweep-store.ts';
import { statusOf } from './tenant-news.ts';
import { TenantRefusal } from './tenant-refusal.ts';

export interface TenantNeeds {
  cluster: Cluster;
  checks: CheckStore;
  leases: LeaseStore;
  results: ResultStore;
  /** Absent: agents that only listen are not asked from here. */
  agentSources?: AgentSourceStore;
  importedAuthorities?: ImportedAuthorityStore;
  /** Absent: devices are not reconciled here. */
  inventory?: InventoryStore;
  /** Lets the loop look at its sockets, for who works long. */
  giveWay?: () => Promise<void>;
  documents?: Pick<DocumentShelf, 'read'>;
  inventoryCounts?: InventoryCounts;
  /** Absent: nothing is swept from here. */
  sweeps?: SweepStore;
  sweepRuns?: SweepRunStore;
  /** Absent: no system is listed from here. */
  listings?: Omit<ListingKeeperNeeds, 'cluster'>;
  writer: () => Ref<WriterProtocol> | null;
  /** A lease that the store did not take back, or perhaps granted (null): nobody else gets it while this core lives. */
  owed(tenantId: string, epoch: number | null): void;
  /** What the tenant's row says at the start; changes come as `terms`. */
  termsOf(tenantId: string): TenantTerms;
  /** Only for the default tenant of a one-machine cluster. */
  allowAll(tenantId: string): boolean;
}

export interface Running {
  epoch: number;
  scheduler: Ref<SchedulerProtocol>;
  health: Ref<HealthProtocol>;
  sources: Ref<SourceKeeperProtocol> | null;
  listings: Ref<ListingKeeperProtocol> | null;
  sweeps: Ref<SweepKeeperProtocol> | null;
  reconciler: Ref<ReconcilerProtocol> | null;
}

/** What the parts of a running tenant are found by. */
export const partKeys = [
  ...[schedulerKey, healthKey, pollerDoorKey, sourceKeeperKey, listingKeeperKey, sweepKeeperKey],
  reconcilerKey,
] as const;

export function partsOf({ scheduler, health, sources, listings, sweeps, reconciler }: Running): Ref[] {
  return [scheduler, health, sources, listings, sweeps, reconciler].filter((part) => part !== null);
}

export interface TenantState {
  tenantId: string;
  terms: TenantTerms;
  running: Running | null;
  checks: Map<string, Check>;
  /** Raised with every change of them; its name tells it, so that who keeps them asks again. */
  checksVersion: number;
  epoch: number | null;
  refusedBy: string | null;
  /** The question for the lease that is under way: an actor that ends must not leave a granted lease behind. */
  asking: Promise<LeaseAnswer> | null;
  /** A question had no answer and may be granted until then, monotonic; for ever until there is an answer. 0: none is open. */
  unsureUntilMs: number;
  /** The checks are being read again: a change of them had no answer. */
  rereading: boolean;
  rereadAgain: boolean;
  isUnsureOfChecks: boolean;
  /** The timer after which it is asked for again. */
  waiting: number | null;
}

export type TenantSelf = Self<TenantState>;

/** What the tenant's name says: to be changed with what it says. */
export function nameMetadataOf({ terms, checksVersion }: TenantState, epoch: number): Metadata {
  return { status: statusOf(terms), epoch, checks: `${epoch}.${checksVersion}` };
}

export function runningOf(self: TenantSelf): Running {
  const { running } = self.state;
  if (running === null)
    throw new TenantRefusal('standby', 'the tenant is not active on this core yet: try again');
  return running;
}

export function liveChecks(state: TenantState): Check[] {
  return [...state.checks.values()].filter((check) => check.archivedAtMs === null);
}

/**
 * What a tenant's reconciler knows while it runs: its plan, the memory, the document that it reads, and what is decided and not in the
 * store yet. Between the actor (`reconciler.ts`) and who performs what its plan orders (`reconciler-turns.ts`).
 */
import type { Cluster } from '../cluster/index.ts';
import type { LaterReply, Self } from '../runtime/index.ts';
import type { DocumentReading } from './document-reading.ts';
import type { InventoryCounts, UpdateTally } from './inventory-counts.ts';
import type { BatchNews } from './inventory-news.ts';
import { idOf } from './ports/device-id.ts';
import type { DocumentShelf } from './ports/document-store.ts';
import type {
  DocumentReconciled,
  DocumentToReconcile,
  InventoryStore,
  PreparedChanges,
} from './ports/inventory-store.ts';
import type { ReconcilePlan } from './reconcile-plan.ts';
import type { ReconcilerProtocol } from './reconciler-messages.ts';
import { type ByHand, TenantInventory } from './tenant-inventory.ts';

export interface ReconcilerNeeds {
  readonly cluster: Cluster;
  readonly inventory: InventoryStore;
  readonly documents: Pick<DocumentShelf, 'read'>;
  giveWay(): Promise<void>;
  /** Absent: nobody counts. */
  readonly counts?: InventoryCounts;
}

export type Asked = { readonly reply: LaterReply } & (
  | { readonly type: 'updates'; readonly partition: string; readonly updates: readonly unknown[] }
  | { readonly type: 'merge'; readonly into: string; readonly from: string; readonly byHand: ByHand }
  | { readonly type: 'unmerge'; readonly id: string; readonly byHand: ByHand }
  | {
      readonly type: 'withdraw';
      readonly partition: string;
      readonly source: string;
      readonly byHand: ByHand;
    }
);

/** What was decided, and what is said when it is in the store. */
export interface Unwritten {
  /** Null: there is nothing to write, and its turn to be told comes all the same. */
  readonly batch: {
    readonly changes: PreparedChanges;
    readonly partition: string;
    readonly news: BatchNews;
  } | null;
  readonly tally: UpdateTally;
  readonly answers: readonly (() => void)[];
  readonly over: { readonly document: DocumentToReconcile; readonly account: DocumentReconciled } | null;
}

export interface ReconcilerState {
  readonly tenantId: string;
  readonly epoch: number;
  readonly plan: ReconcilePlan<Asked>;
  memory: TenantInventory;
  isLoaded: boolean;
  reading: DocumentReading | null;
  /** The memory broke over this one: it is told as failed. */
  failedDocument: number | null;
  /** The first is being written. */
  unwritten: Unwritten[];
  writingSinceMs: number;
  isAway: boolean;
  taken: number;
  /** Reading devices that were written down, those after this one; null: none that are unseen are known of. */
  byHandAfter: number | null;
  isReadingByHand: boolean;
  /** Some were written down since that reading began. */
  isByHandWanted: boolean;
}

export type ReconcilerSelf = Self<ReconcilerState, ReconcilerProtocol>;

export function newMemory(self: Self<unknown, ReconcilerProtocol>): TenantInventory {
  return new TenantInventory(() =>
    idOf(Uint8Array.from({ length: 16 }, () => Math.floor(self.random() * 256))),
  );
}

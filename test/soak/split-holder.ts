/**
 * What a core does with its tenants, without their actors: renews its session, takes the leases of the tenants that it
 * owns by its own view of the members, and writes rows under their epochs, through the real store. A stubborn one stops
 * renewing and writes on, as a core that lost sight of everything would. Between the split tests' node and the database.
 */
import { ownerOf, type RunningNode } from '../../cluster/index.ts';
import { type Clock, messageOf } from '../../runtime/index.ts';
import { openStore, type Store } from '../../store/index.ts';
import { holderEveryMs, holderRenewMs } from './bounds.ts';

export interface HolderOrder {
  readonly url: string;
  readonly tenants: readonly string[];
}

export interface Writes {
  /** Rows that the store took, and writes that it refused because the epoch was an older one. */
  accepted: number;
  fenced: number;
  /** Questions that failed, with the last reason. */
  failed: number;
  lastFailure: string;
  /** Leases that this node believes to have. */
  held: number;
}

export class SplitHolder {
  readonly writes: Writes = { accepted: 0, fenced: 0, failed: 0, lastFailure: '', held: 0 };
  stubborn = false;
  private readonly node: RunningNode;
  private readonly clock: Clock;
  private readonly store: Store;
  private readonly tenants: readonly string[];
  private readonly epochs = new Map<string, number>();
  private renewedAtMs = Number.NEGATIVE_INFINITY;
  private lastDueMs = 0;

  constructor(node: RunningNode, clock: Clock, { url, tenants }: HolderOrder) {
    this.node = node;
    this.clock = clock;
    this.tenants = tenants;
    this.store = openStore({ url, phaseOf: () => 0, clock });
  }

  begin(): void {
    const turn = async () => {
      try {
        await this.turn();
      } catch (error) {
        this.writes.failed += 1;
        this.writes.lastFailure = messageOf(error);
      }
      this.writes.held = this.epochs.size;
      this.clock.timer(holderEveryMs, () => void turn());
    };
    void turn();
  }

  private async turn(): Promise<void> {
    if (!this.stubborn) await this.keep();
    if (this.epochs.size > 0) await this.write();
  }

  private async keep(): Promise<void> {
    const { node, store, epochs } = this;
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.renewedAtMs >= holderRenewMs) {
      await store.leases.renewSession(node.node, node.boot);
      this.renewedAtMs = nowMs;
    }
    const cores = node.members.live('core');
    for (const tenant of this.tenants) {
      const mine = ownerOf(tenant, cores) === node.node;
      const epoch = epochs.get(tenant);
      if (mine && epoch === undefined) {
        const answer = await store.leases.acquire(tenant, node.node, node.boot);
        if (answer.granted) epochs.set(tenant, answer.epoch);
      } else if (!mine && epoch !== undefined) {
        epochs.delete(tenant);
        await store.leases.release(tenant, node.node, node.boot, epoch);
      }
    }
  }

  /** The row tells who wrote it and under which epoch. */
  private async write(): Promise<void> {
    const { node, epochs } = this;
    const dueAtMs = Math.max(this.lastDueMs + 1, this.clock.wallMs());
    this.lastDueMs = dueAtMs;
    const writes = [...epochs].map(([tenantId, epoch]) => ({
      ...{ tenantId, epoch, gaps: [], late: [], watermarks: [], states: [] },
      results: [
        {
          ...{ checkId: `chk_${node.node}`, dueAtMs, startedAtMs: dueAtMs, latencyMs: 1 },
          ...{ status: 'success' as const, reason: `epoch ${epoch}`, agent: null, poller: node.node },
        },
      ],
    }));
    const { fenced } = await this.store.results.write(node.node, node.boot, writes);
    this.writes.accepted += writes.length - fenced.length;
    this.writes.fenced += fenced.length;
    for (const tenant of fenced) epochs.delete(tenant);
  }
}

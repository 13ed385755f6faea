/**
 * The way from this door to a tenant's actors on whichever core holds them: its checks, and its results into the store. An
 * answer to an agent waits for the store, so an agent that was told yes may forget what it pushed.
 */
import {
  type CheckView,
  type ResultRow,
  type SchedulerProtocol,
  schedulerKey,
  type TenantProtocol,
  tenantKey,
  type WriterProtocol,
  writerKey,
} from '../actors/messages.ts';
import type { Cluster } from '../cluster/index.ts';
import { type ActorSystem, type Clock, messageOf } from '../runtime/index.ts';
import { type GatewayRefusal, refuse } from './errors.ts';
import { FollowedTenants } from './followed-tenants.ts';
import {
  checksKeptMs,
  resultsPerMessageMax,
  storeCallMs,
  tenantCallMs,
  tenantsFollowedMax,
} from './limits.ts';
import type { EdgePeer } from './peer.ts';

export interface TenantHomeNeeds {
  readonly system: ActorSystem;
  readonly cluster: Cluster;
  readonly clock: Clock;
}

interface Kept {
  readonly version: string | null;
  readonly untilMs: number;
  readonly checks: Promise<readonly CheckView[] | GatewayRefusal>;
}

export class TenantHome {
  private readonly needs: TenantHomeNeeds;
  private readonly kept = new Map<string, Kept>();
  private readonly followed: FollowedTenants;

  /** `changed` is told of a tenant whose agents may have another config now. */
  constructor(needs: TenantHomeNeeds, changed: (tenantId: string) => void = () => {}) {
    this.needs = needs;
    this.followed = new FollowedTenants(needs.cluster, needs.clock, changed);
  }

  /** Asked for once however many agents of the tenant want them, and again when its core says that they have changed. */
  checks(tenantId: string): Promise<readonly CheckView[] | GatewayRefusal> {
    const nowMs = this.needs.clock.monotonicMs();
    const version = this.followed.checksVersion(tenantId);
    const known = this.kept.get(tenantId);
    if (known !== undefined && known.version === version && (version !== null || known.untilMs > nowMs))
      return known.checks;
    const checks = this.ask(tenantId);
    const kept = { version, untilMs: nowMs + checksKeptMs, checks };
    this.kept.delete(tenantId);
    this.kept.set(tenantId, kept);
    if (this.kept.size > tenantsFollowedMax) this.kept.delete(this.kept.keys().next().value as string);
    // What was refused is asked for again at once.
    void checks.then((answer) => {
      if (!Array.isArray(answer) && this.kept.get(tenantId) === kept) this.kept.delete(tenantId);
    });
    return checks;
  }

  /** Of these checks those that the agent is to run by itself. */
  shareOf({ tenantId, partition, id }: EdgePeer, views: readonly CheckView[]): CheckView[] {
    return this.followed.shareOf(tenantId, partition, id, views);
  }

  end(): void {
    this.followed.end();
  }

  /** Null when all of them are in the store. */
  async store(tenantId: string, rows: readonly ResultRow[]): Promise<GatewayRefusal | null> {
    const { cluster, system } = this.needs;
    const scheduler = cluster.names.lookup<SchedulerProtocol>(schedulerKey(tenantId));
    if (scheduler === null) return away('no core holds the tenant');
    for (let at = 0; at < rows.length; at += resultsPerMessageMax) {
      const sent = system.cast(scheduler).results(rows.slice(at, at + resultsPerMessageMax));
      if (!sent) return away('the link to its core is full');
    }
    try {
      // Behind the rows in its mailbox: when it answers, the writer has them.
      await system.call(scheduler, storeCallMs).totals();
      const writer = cluster.names.lookup<WriterProtocol>(writerKey(scheduler.node));
      if (writer === null) return away('its core writes nothing');
      await system.call(writer, storeCallMs).flush(tenantId);
      return null;
    } catch (error) {
      return away(messageOf(error));
    }
  }

  private async ask(tenantId: string): Promise<readonly CheckView[] | GatewayRefusal> {
    const { cluster, system } = this.needs;
    const tenant = cluster.names.lookup<TenantProtocol>(tenantKey(tenantId));
    if (tenant === null) return away('no core holds the tenant');
    try {
      return await system.call(tenant, tenantCallMs).listChecks();
    } catch (error) {
      return away(messageOf(error));
    }
  }
}

function away(detail: string): GatewayRefusal {
  return refuse('tenant_unavailable', detail);
}

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
import { checksKeptMs, resultsPerMessageMax, storeCallMs, tenantCallMs } from './limits.ts';

export interface TenantHomeNeeds {
  readonly system: ActorSystem;
  readonly cluster: Cluster;
  readonly clock: Clock;
}

interface Kept {
  readonly untilMs: number;
  readonly checks: Promise<readonly CheckView[] | GatewayRefusal>;
}

export class TenantHome {
  private readonly needs: TenantHomeNeeds;
  private readonly kept = new Map<string, Kept>();

  constructor(needs: TenantHomeNeeds) {
    this.needs = needs;
  }

  /** Asked for once however many agents of the tenant want them, and then again after `checksKeptMs`. */
  checks(tenantId: string): Promise<readonly CheckView[] | GatewayRefusal> {
    const nowMs = this.needs.clock.monotonicMs();
    for (const [id, { untilMs }] of this.kept) if (untilMs <= nowMs) this.kept.delete(id);
    const known = this.kept.get(tenantId);
    if (known !== undefined) return known.checks;
    const checks = this.ask(tenantId);
    this.kept.set(tenantId, { untilMs: nowMs + checksKeptMs, checks });
    // What was refused is asked for again at once.
    void checks.then((answer) => Array.isArray(answer) || this.kept.delete(tenantId));
    return checks;
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

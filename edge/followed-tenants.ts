/**
 * What a door knows of the tenants whose agents it has, by the registry: the version of a tenant's checks, and which of its
 * agents runs which of them. Between the registry's events and the configs that agents are given.
 */
import { type CheckView, EdgeAgents, tenantKey } from '../actors/messages.ts';
import type { Cluster, NameEvent } from '../cluster/index.ts';
import type { Clock } from '../runtime/index.ts';
import { newsGatheredMs, tenantsFollowedMax } from './limits.ts';

interface Followed {
  readonly agents: EdgeAgents;
  readonly end: AbortController;
  checksVersion: string | null;
}

export class FollowedTenants {
  private readonly cluster: Cluster;
  private readonly clock: Clock;
  /** The latest asked for last. */
  private readonly tenants = new Map<string, Followed>();
  private readonly changed = new Set<string>();
  private cancelTelling: (() => void) | null = null;
  /** Told of a tenant whose agents may have another config now. */
  private readonly tell: (tenantId: string) => void;

  constructor(cluster: Cluster, clock: Clock, tell: (tenantId: string) => void) {
    this.cluster = cluster;
    this.clock = clock;
    this.tell = tell;
  }

  /** Null: no core that tells one has the tenant. */
  checksVersion(tenantId: string): string | null {
    return this.follow(tenantId).checksVersion;
  }

  /** Of these checks those that the agent is to run by itself. */
  shareOf(tenantId: string, partition: string, id: string, views: readonly CheckView[]): CheckView[] {
    const isOwn = this.follow(tenantId).agents.sharesOf(partition, id);
    return views.filter((view) => view.partition === partition && view.enabled && isOwn(view));
  }

  end(): void {
    this.cancelTelling?.();
    for (const { end } of this.tenants.values()) end.abort();
    this.tenants.clear();
  }

  private follow(tenantId: string): Followed {
    const known = this.tenants.get(tenantId);
    this.tenants.delete(tenantId);
    const one = known ?? { agents: new EdgeAgents(), end: new AbortController(), checksVersion: null };
    this.tenants.set(tenantId, one);
    if (known !== undefined) return one;
    const { names } = this.cluster;
    const { signal } = one.end;
    names.watch({ tenant: tenantId, kind: 'agent' }, (event) => this.ofAgent(one, tenantId, event), signal);
    names.watch(tenantKey(tenantId), (event) => this.ofTenant(one, tenantId, event), signal);
    if (this.tenants.size > tenantsFollowedMax) this.forgetOldest();
    return one;
  }

  private ofAgent(one: Followed, tenantId: string, { type, entry }: NameEvent): void {
    const { partition, id } = entry.key;
    const before = one.agents.runsItself(partition, id);
    one.agents.changed(type, entry);
    if (before !== one.agents.runsItself(partition, id)) this.note(tenantId);
  }

  private ofTenant(one: Followed, tenantId: string, { type, entry }: NameEvent): void {
    const { checks } = entry.metadata;
    const version = type === 'removed' || typeof checks !== 'string' ? null : checks;
    if (version === one.checksVersion) return;
    one.checksVersion = version;
    this.note(tenantId);
  }

  private note(tenantId: string): void {
    this.changed.add(tenantId);
    this.cancelTelling ??= this.clock.timer(newsGatheredMs, () => {
      this.cancelTelling = null;
      const tenants = [...this.changed];
      this.changed.clear();
      for (const one of tenants) this.tell(one);
    });
  }

  private forgetOldest(): void {
    const [oldest] = this.tenants.keys();
    this.tenants.get(oldest!)?.end.abort();
    this.tenants.delete(oldest!);
  }
}

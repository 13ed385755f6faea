/**
 * Who watches which names, found by the tenant of a name that changed: a poller watches thousands of tenants, and a change of
 * one of its agents' names is the business of two of those watchers. Between the registry's events and `tellChange`.
 */
import type { RegistryFilter } from './registry-index.ts';

type Watching = readonly [watcher: number, filter: RegistryFilter];

export class RegistryWatchers implements Iterable<Watching> {
  private readonly all = new Map<number, RegistryFilter>();
  /** Those that name no tenant, by their numbers. */
  private ofAny: readonly Watching[] = [];
  /** Of tenants that are watched by their names. */
  private readonly ofTenant = new Map<string, Map<number, RegistryFilter>>();
  /** Of those tenants, what `of` answers: made when it is first asked for after a change. */
  private readonly answers = new Map<string, readonly Watching[]>();

  get size(): number {
    return this.all.size;
  }

  /** As they came. */
  [Symbol.iterator](): Iterator<Watching> {
    return this.all.entries();
  }

  set(watcher: number, filter: RegistryFilter): void {
    this.delete(watcher);
    this.all.set(watcher, filter);
    const { tenant } = filter;
    if (tenant === undefined) {
      this.ofAny = byNumber([...this.ofAny, [watcher, filter]]);
      this.answers.clear();
      return;
    }
    const own = this.ofTenant.get(tenant) ?? new Map<number, RegistryFilter>();
    this.ofTenant.set(tenant, own.set(watcher, filter));
    this.answers.delete(tenant);
  }

  delete(watcher: number): void {
    const filter = this.all.get(watcher);
    if (filter === undefined) return;
    this.all.delete(watcher);
    const { tenant } = filter;
    if (tenant === undefined) {
      this.ofAny = this.ofAny.filter(([number]) => number !== watcher);
      this.answers.clear();
      return;
    }
    const own = this.ofTenant.get(tenant)!;
    own.delete(watcher);
    if (own.size === 0) this.ofTenant.delete(tenant);
    this.answers.delete(tenant);
  }

  /** All whose filter may match a name of this tenant, by their numbers. */
  of(tenant: string): readonly Watching[] {
    // Mostly nobody watches by a tenant's name.
    if (this.ofTenant.size === 0) return this.ofAny;
    const known = this.answers.get(tenant);
    if (known !== undefined) return known;
    const own = this.ofTenant.get(tenant);
    if (own === undefined) return this.ofAny;
    const answer = byNumber([...this.ofAny, ...own]);
    this.answers.set(tenant, answer);
    return answer;
  }
}

function byNumber(watching: Watching[]): readonly Watching[] {
  return watching.sort(([a], [b]) => a - b);
}

/**
 * Who watches which names, found by the tenant of a name that changed: a poller watches thousands of tenants, and a change of
 * one of its agents' names is the business of two of those watchers. Between the registry's events and `tellChange`.
 */
import type { RegistryFilter } from './registry-index.ts';

type Watching = readonly [watcher: number, filter: RegistryFilter];

export class RegistryWatchers implements Iterable<Watching> {
  private readonly all = new Map<number, RegistryFilter>();
  /** Those that name no tenant. */
  private readonly ofAny = new Map<number, RegistryFilter>();
  private readonly ofTenant = new Map<string, Map<number, RegistryFilter>>();

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
      this.ofAny.set(watcher, filter);
      return;
    }
    const own = this.ofTenant.get(tenant) ?? new Map<number, RegistryFilter>();
    this.ofTenant.set(tenant, own.set(watcher, filter));
  }

  delete(watcher: number): void {
    const tenant = this.all.get(watcher)?.tenant;
    this.all.delete(watcher);
    this.ofAny.delete(watcher);
    const own = tenant === undefined ? undefined : this.ofTenant.get(tenant);
    own?.delete(watcher);
    if (own?.size === 0) this.ofTenant.delete(tenant!);
  }

  /** All whose filter may match a name of this tenant, by their numbers. */
  of(tenant: string): Iterable<Watching> {
    const own = this.ofTenant.get(tenant);
    if (own === undefined) return this.ofAny;
    if (this.ofAny.size === 0) return own;
    return [...this.ofAny, ...own].sort(([a], [b]) => a - b);
  }
}

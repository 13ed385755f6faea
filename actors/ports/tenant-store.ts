/**
 * What the tenant actors need to know of tenants. Implemented by `store/` and wired in `bin/`; only core and web nodes
 * have one. Creating a tenant provisions everything that it has (schema, role, tables) or nothing.
 */

export type TenantStatus = 'provisioning' | 'active' | 'failed' | 'suspended' | 'cancelled';

export interface Tenant {
  /** 12 of `a-z2-7`, first a letter, random, never reused. */
  id: string;
  /** For people: `a-z0-9-`, 2 to 40, starts with a letter. Unique among live tenants. */
  slug: string;
  name: string;
  status: TenantStatus;
  createdAtMs: number;
}

export type TenantRefusal = 'slug_taken' | 'bad_slug' | 'provisioning_failed';

export interface TenantStore {
  /** Expected refusals are values; a store that cannot be reached throws a `StoreError` with code `store_unavailable`. */
  create(
    slug: string,
    name: string,
  ): Promise<{ tenant: Tenant } | { refused: TenantRefusal; detail: string }>;
  list(): Promise<Tenant[]>;
  /** By id or slug; null when there is none. */
  find(idOrSlug: string): Promise<Tenant | null>;
}

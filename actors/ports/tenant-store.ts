/**
 * What the tenant actors and the doors need to know of tenants. Implemented by `store/` and wired in `bin/`; only core
 * and web nodes have one. A tenant that is created is provisioned step by step (schema, role, tables, ...): see
 * `tenant-lives.ts` for what happens to it afterwards.
 */

export type TenantStatus = 'provisioning' | 'active' | 'failed' | 'suspended' | 'cancelled';

/** Null: as many as wanted. */
export interface Quotas {
  devices: number | null;
  users: number | null;
  checks: number | null;
  /** Results stored of instants of one day (UTC). */
  resultsPerDay: number | null;
}

export interface Tenant {
  /** 12 of `a-z2-7`, first a letter, random, never reused. */
  id: string;
  /** For people: `a-z0-9-`, 2 to 40, starts with a letter. Unique among live tenants. */
  slug: string;
  name: string;
  status: TenantStatus;
  /** Since when, on the database's clock. */
  statusAtMs: number;
  createdAtMs: number;
  plan: string;
  quotas: Quotas;
  /** Whether this code works with the version of the tenant's schema. */
  schemaFits: boolean;
  /** When its data were removed; null while they are there. */
  purgedAtMs: number | null;
}

export type TenantRefusal = 'slug_taken' | 'bad_slug' | 'no_such_plan' | 'provisioning_failed';

export interface CreateOptions {
  /** Unless told, the one without quotas. */
  plan?: string;
  /** Who asks, for the audit. */
  by?: string;
}

export interface TenantStore {
  /**
   * Expected refusals are values; a store that cannot be reached throws a `StoreError` with code `store_unavailable`: then
   * the tenant may be there, `provisioning`, and whoever provisions it again finishes it.
   */
  create(
    slug: string,
    name: string,
    options?: CreateOptions,
  ): Promise<{ tenant: Tenant } | { refused: TenantRefusal; detail: string }>;
  list(): Promise<Tenant[]>;
  /** By id or slug; null when there is none. Of several with one slug the live one, else the youngest. */
  find(idOrSlug: string): Promise<Tenant | null>;
}

/**
 * The changes in a tenant's life, each written only from the state that it was judged in and noted in the audit. Implemented
 * by `store/`. Every method fails with a `StoreError` (`store_unavailable`) when the database is away, and with
 * `no_such_tenant` for an id that is nobody's.
 */
import type { TenantEvent } from './tenant-lifecycle.ts';
import type { Tenant, TenantStatus } from './tenant-store.ts';

export interface TenantChange {
  atMs: number;
  who: string;
  /** An event of the lifecycle, or `create`, `plan`, `purge`. */
  event: string;
  from: TenantStatus | null;
  to: TenantStatus;
  why: string | null;
}

export type LifeAnswer =
  | { tenant: Tenant }
  | { refused: 'bad_transition'; detail: string }
  /** It was cancelled too recently. */
  | { refused: 'still_kept'; detail: string };

export interface TenantLives {
  /** One transition of `tenantLife`, by whom and why (null: no reason given). */
  change(
    tenantId: string,
    event: Extract<TenantEvent, 'retry' | 'suspend' | 'activate' | 'cancel'>,
    by: string,
    why: string | null,
  ): Promise<LifeAnswer>;
  /**
   * Does what is missing until a tenant in `provisioning` is `active`, or `failed` with nothing of it left; each step is
   * whole or not there, so it may be called again after a kill, and by several at once. Others are answered as they are.
   */
  provision(tenantId: string): Promise<Tenant>;
  /** Removes all data of a tenant that was cancelled at least `keptMs` ago; the row stays. May be repeated. */
  purge(tenantId: string, by: string, keptMs: number): Promise<LifeAnswer>;
  /** Oldest first. */
  history(tenantId: string): Promise<TenantChange[]>;
}

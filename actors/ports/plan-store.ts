/**
 * Plans: names for what a tenant may have. Implemented by `store/`; fails with a `StoreError` (`store_unavailable`) when
 * the database is away.
 */
import type { Quotas, Tenant } from './tenant-store.ts';

export interface Plan {
  name: string;
  quotas: Quotas;
}

export interface PlanStore {
  /** By name. */
  list(): Promise<Plan[]>;
  /** Makes the plan or changes its quotas; those that are not given stay (null, when it is new). */
  set(
    name: string,
    quotas: Partial<Quotas>,
  ): Promise<{ plan: Plan } | { refused: 'bad_plan'; detail: string }>;
  /** Gives a tenant another plan; what it has beyond the new quotas stays, and it gets no more. */
  assign(
    tenantId: string,
    plan: string,
    by: string,
  ): Promise<{ tenant: Tenant } | { refused: 'no_such_plan'; detail: string }>;
}

/**
 * The authority of each tenant, its key sealed: what signs for the tenant's own agents. Implemented by `store/`; rejects
 * with a `StoreError` when the database is away, the schema is behind, or the key does not open.
 */
export interface TenantAuthority {
  certificatePem: string;
  privateKeyPem: string;
}

export interface AuthorityStore {
  /** Null: it was not made yet. */
  read(tenantId: string): Promise<TenantAuthority | null>;
  /** Puts it in the place of `before` (null: of none) and answers what is there then: another's, who was first. */
  replace(
    tenantId: string,
    authority: TenantAuthority,
    before: TenantAuthority | null,
    by: string,
  ): Promise<TenantAuthority>;
}

/**
 * The authority of each tenant, its key sealed: what signs for the tenant's own agents, and what did before it. Implemented by
 * `store/`; rejects with a `StoreError` when the database is away, the schema is behind, or the key does not open.
 */
export interface TenantAuthority {
  certificatePem: string;
  privateKeyPem: string;
}

/** Of one that was made or replaced: by whom, and of which serial the certificate in its place is. */
export interface AuthorityChange {
  by: string;
  /** What is replaced is kept this long: as long as what it signed may live. */
  overlapMs: number;
  /** Of the certificate that is replaced; null with `before` null. */
  serial: string | null;
}

/** One that signed before, without its key: nobody signs with it. */
export interface FormerAuthority {
  /** Lower-case hexadecimal. */
  serial: string;
  certificatePem: string;
  replacedAtMs: number;
  /** From then on it may be retired. */
  retireAtMs: number;
  /** Null: what it signed is good, and its key is there yet. */
  retiredAtMs: number | null;
}

export interface AuthorityStore {
  /** Null: it was not made yet. */
  read(tenantId: string): Promise<TenantAuthority | null>;
  /**
   * Puts it in the place of `before` (null: of none), which is kept among the former, in one step, and answers what is there then:
   * another's, who was first. The same certificate again changes nothing.
   */
  replace(
    tenantId: string,
    authority: TenantAuthority,
    before: TenantAuthority | null,
    change: AuthorityChange,
  ): Promise<TenantAuthority>;
  /** The latest first. */
  former(tenantId: string): Promise<FormerAuthority[]>;
  /** Those whose time is over and whose keys are there yet, of all tenants; some at a time. */
  due(): Promise<{ tenantId: string; former: FormerAuthority }[]>;
  /** Destroys the key of one whose time is over; the row stays. Again changes nothing. */
  retire(tenantId: string, serial: string, why: string): Promise<void>;
}

/**
 * Authorities of an older installation, each imported for one tenant and good for that one alone. Implemented by `store/`, audited.
 * Rejects with a `StoreError`: `authority_exists`, `no_such_authority`, `too_many_authorities`, `schema_behind`.
 */

/** What we present to an agent that such an authority signed for. */
export interface ClientCredential {
  /** Leaf first. */
  readonly chainPem: string;
  readonly privateKeyPem: string;
}

export interface NewImportedAuthority {
  /** What its certificates call the tenant. */
  readonly slug: string;
  readonly trustDomain: string;
  readonly certificatesPem: string;
  /** SHA-256 of the certificates' DER, hexadecimal. */
  readonly fingerprint: string;
  readonly client: ClientCredential | null;
}

export interface ImportedAuthority extends Omit<NewImportedAuthority, 'client'> {
  readonly id: string;
  /** Null: our own certificate is presented. */
  readonly clientChainPem: string | null;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}

export interface ImportedAuthorityStore {
  add(tenantId: string, authority: NewImportedAuthority, by: string): Promise<ImportedAuthority>;
  /** The newest first, with those that were revoked. Of a tenant whose schema has none yet: none. */
  list(tenantId: string): Promise<ImportedAuthority[]>;
  /** For good. */
  revoke(tenantId: string, id: string, by: string, why: string | null): Promise<ImportedAuthority>;
  /** Of the newest living one that has a credential; null: there is none. Rejects when its key does not open. */
  client(tenantId: string): Promise<ClientCredential | null>;
}

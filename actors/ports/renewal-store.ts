/**
 * Certificates that packages got after their first one. Implemented by `store/`. Rejects with a `StoreError` (`schema_behind`,
 * the database away). `PackageStore.find` finds a package by the serial of any of them.
 */
export interface RenewedCertificate {
  readonly serial: string;
  /** SHA-256 of the SubjectPublicKeyInfo, hexadecimal. */
  readonly keyFingerprint: string;
  readonly chainPem: string;
  readonly endsAtMs: number;
}

export interface RenewalStore {
  /** Those of the package that have not ended, the newest first; empty where the schema knows none yet. */
  living(tenantId: string, packageId: string): Promise<RenewedCertificate[]>;
  /**
   * Writes one down, noted with who. False when the package is not active any more, has `livingCertificatesMax` that have not
   * ended, or has one of this key.
   */
  add(tenantId: string, packageId: string, renewed: RenewedCertificate, by: string): Promise<boolean>;
}

/** A bearer renews at half of a life, so two live; the rest is room for bearers that began anew. */
export const livingCertificatesMax = 8;

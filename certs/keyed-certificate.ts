/**
 * What callers of this room hold and hand in: a certificate with its key, and a clock. Apart from signing.ts, so that a
 * program that compiles against our declarations does not read those of the library that signs.
 */

/** The clock that this room needs. */
export interface WallClock {
  /** Unix milliseconds. */
  wallMs(): number;
}

/** One certificate with its key, both PEM (PKCS #8, RFC 5958). */
export interface KeyedCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/**
 * Every bound of this room, unit last. What a stranger presents is measured against these before it is parsed;
 * what we issue stays inside the same ones, so no certificate of ours can fail its own check.
 */

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export const limits = {
  /** What one peer or file presents: as much as a TLS handshake carries (OpenSSL's SSL_MAX_CERT_LIST_DEFAULT). */
  presentedBytesMax: 102_400,
  presentedCertificatesMax: 256,
  /** Certificates on the way from a leaf to an anchor. Our longest has 3; the rest is room to say what is wrong. */
  pathCertificatesMax: 8,
  /** One certificate. Ours are about 700 bytes; RSA-4096 with several names stays under 3 KiB. */
  certificateBytesMax: 16_384,
  /** Nesting of DER. A certificate needs 9. */
  derDepthMax: 16,
  /** DER values in one certificate. Ours have about 80. */
  certificateDerValuesMax: 1_024,
  /** Extensions in one certificate. */
  extensionsMax: 32,
  /** General names in one subjectAltName. */
  alternativeNamesMax: 64,
  /** Attributes in one distinguished name. */
  nameAttributesMax: 32,
  /** Trust anchors that one verdict looks at: a root, its successor, and some foreign ones. */
  rootsMax: 32,
  /** Certificates of a foreign chain, its root counted: a leaf, SPIRE's own authority, one above it, a root. */
  foreignChainCertificatesMax: 4,
  /** What a policy may name. Every handshake looks through the anchors. */
  foreignAuthoritiesMax: 16,
  olderAuthoritiesMax: 1_000,
  nodeMappingsMax: 2_000,
  /** A PEM file: a chain, a key and comments. */
  pemBytesMax: 262_144,
  /** A PEM file of revocation lists: some full ones. */
  revocationPemBytesMax: 8_388_608,
  /** One revocation list, as DER. */
  revocationListBytesMax: 2_097_152,
  revocationEntriesMax: 20_000,
  /** Lists in one file: one for each intermediate that was replaced in a month, those of today, and those of tenants. */
  revocationListsMax: 512,
  /** Pairs of intermediates that were replaced and are kept: two lists each. */
  retiredPairsMax: 120,
  /** Certificates of authorities that one judge of many peers remembers: some 10 kB each. */
  memoCertificatesMax: 2_048,
  /** SPIFFE-ID 2.3: the longest id that must be supported; longer ones are refused. */
  spiffeIdBytesMax: 2_048,
  /** SPIFFE-ID 2.3. */
  trustDomainBytesMax: 255,
  /** A node's name: our own rule, the cluster's names keep to the same. */
  nodeNameCharsMax: 63,
  /** A tenant's node is called by the tenant's id, a point, and this. */
  tenantNodeNameCharsMax: 50,
  /** Names of operators, and what a tenant's certificate calls its bearer. Keeps a common name inside X.520's 64. */
  segmentCharsMax: 63,
  operatorRightsMax: 64,
  operatorRightCharsMax: 64,
  /** RFC 5280 4.1.2.2. */
  serialBytesMax: 20,
  serialBytesIssued: 16,
  rsaModulusBitsMin: 2_048,
  /** A larger modulus only buys the sender our processor time. */
  rsaModulusBitsMax: 8_192,
  rsaExponentMin: 65_537,
  /** NIST SP 800-56B 6.2: the exponent is shorter than 2^256. A longer one makes each check as dear as a signature. */
  rsaExponentBitsMax: 256,
  /** Our own rule: the longest life of a leaf, from notBefore to notAfter. */
  leafLifetimeMsMax: 30 * dayMs,
  /**
   * How far in the future a notBefore may lie. Zero: skew is the issuer's business (`issueBackdateMs`), so that every
   * judge, on a link or over a file, comes to the same verdict at the same instant.
   */
  notYetValidToleranceMs: 0,
  /** Certificates begin this long before they are made, for peers whose clocks are behind. */
  issueBackdateMs: 5 * 60_000,
  leafLifetimeMsDefault: 24 * hourMs,
  /** A leaf shorter than this could end before it is installed. */
  leafLifetimeMsMin: 1_000,
  rootLifetimeMs: 10 * 365 * dayMs,
  intermediateLifetimeMs: 365 * dayMs,
  /** An intermediate with less left than this is made anew, with the same key, by `renewAuthority`. */
  intermediateRenewBeforeMs: 120 * dayMs,
  /** How long a revocation list announces itself current; the list goes on counting afterwards. */
  revocationListLifetimeMs: 7 * dayMs,
  /** A request for a certificate, as DER. Ours have about 350 bytes. */
  requestBytesMax: 4_096,
  /** DER values in one request. Ours have about 25. */
  requestDerValuesMax: 256,
  /** An enrolment token, as text. Ours have about 600 characters; endpoints are the rest. */
  tokenCharsMax: 4_096,
  /** Gateways that one token names. */
  tokenEndpointsMax: 8,
  /** A host name of 253, brackets or not, and a port. */
  tokenEndpointCharsMax: 261,
  /** The one-time secret of a token. */
  tokenSecretBytes: 32,
} as const;

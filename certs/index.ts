/** The room's door: who is speaking. Certificates made, kept, and judged. */
export {
  type Authority,
  createAuthority,
  createIntermediate,
  createRevocationList,
  type IntermediateName,
  renewAuthority,
} from './authority.ts';
export { readAuthority, writeAuthority, writeIntermediates } from './authority-files.ts';
export { type Certificate, type CertificateRead, readCertificate } from './certificate.ts';
export { CertificateMemo } from './certificate-memo.ts';
export { credentialPath, isTrustedIn, readCredential, writeCredential } from './credential-files.ts';
export { readTextFile } from './durable-files.ts';
export { readCertificateRequest } from './enrolment/certificate-request.ts';
export { type EnrolmentCode, type EnrolmentError, enrolmentCodes } from './enrolment/codes.ts';
export {
  type Enrolled,
  readEnrolled,
  readPendingKey,
  writeEnrolled,
} from './enrolment/enrolled-files.ts';
export { isPossessor, provePossession } from './enrolment/possession.ts';
export { judgeCertificateRequest } from './enrolment/request-rules.ts';
export {
  issueRequested,
  makeCertificateRequest,
  newKeyPem,
  type RequestedLeaf,
} from './enrolment/requested-leaf.ts';
export {
  type EnrolmentToken,
  hashOfSecret,
  isEndpoint,
  makeToken,
  pinOf,
  readToken,
  type TokenContents,
  type TokenRead,
} from './enrolment/token.ts';
export { CertsError, type CertsErrorCode } from './errors.ts';
export {
  claimedTenant,
  type ImportedFor,
  type ImportRead,
  judgeImportedAuthority,
  judgeImportedClient,
  type OlderClaim,
  plainKeyPem,
  readImportedAuthority,
} from './imported-authority.ts';
export { type CertificateSummary, inspectPem, trustDomainOfRoots, verifyPem } from './inspect.ts';
export { type Credential, issueLeaf, issueNode, issueOperator, issueTenantNode } from './issue.ts';
export type { SigningScope } from './issuer-rules.ts';
export type { KeyedCertificate, WallClock } from './keyed-certificate.ts';
export { limits as certsLimits } from './limits.ts';
export { makeFolderAt } from './make-folder.ts';
export { chainFromPem, readPem, toPem } from './pem.ts';
export type { ForeignAuthority, NodeMapping, OlderTenantAuthority, PeerPolicy } from './policy.ts';
export { noPolicy } from './policy.ts';
export { type PolicyRead, readPolicy } from './policy-file.ts';
export { isRenewalProven, proveRenewal, type RenewalProof } from './renewal-proof.ts';
export {
  type RevocationList,
  type RevocationListRead,
  readRevocationList,
  readRevocationLists,
} from './revocation.ts';
export { newestLists, readRevocationFile } from './revocation-file.ts';
export {
  type Revoked,
  type Rotated,
  retiredSerials,
  revocationListPath,
  revoke,
  rotateAuthority,
} from './rotation.ts';
export {
  formatSpiffeId,
  identityOf,
  isNodeName,
  isTenantId,
  isTrustDomain,
  type NodeIdentity,
  type NodeRole,
  nodeRoles,
  type OperatorIdentity,
  type PeerIdentity,
  parseSpiffeId,
  type SpiffeId,
  type TenantIdentity,
  type TenantNodeRole,
  tenantNodeRoleOf,
  tenantNodeRoles,
} from './spiffe.ts';
export { readSvid, svidPaths } from './svid-files.ts';
export {
  openTenantAuthority,
  retireTenantAuthority,
  rotateTenantAuthority,
  tenantAuthorityLeftMs,
} from './tenant-authority.ts';
export {
  chainFrom,
  clientTlsOptions,
  isReusedSession,
  type PresentedToServer,
  presentedChain,
  presentedToServer,
  rootsOf,
  serverTlsOptions,
} from './tls-options.ts';
export { type VerdictCode, type VerdictError, verdictCodes } from './verdict.ts';
export { type PeerQuestion, type PeerVerdict, verifyPeer } from './verify.ts';

/**
 * Certificate revocation lists (RFC 5280 section 5), read once when they are loaded. A list counts for the
 * certificates of the issuer that signed it. Past its nextUpdate it goes on counting: a revocation of ours is final,
 * and an old list is better than none. Partitioned, indirect and delta lists are refused.
 */
import { judgeSignatureAlgorithm, signatureAskedOnce } from './algorithms.ts';
import {
  type AlgorithmIdentifier,
  type Certificate,
  readAlgorithm,
  readExtensionList,
  readSerial,
  sameBytes,
} from './certificate.ts';
import {
  type DerValue,
  derTags,
  expectUniversal,
  isContext,
  NotDer,
  readBitString,
  readDer,
  readSmallInteger,
  readTime,
} from './der.ts';
import { extensionOids, readExtensionValues } from './extensions.ts';
import { limits } from './limits.ts';
import { type DistinguishedName, readName } from './names.ts';
import { readPem } from './pem.ts';
import type { KeyCarrier } from './public-keys.ts';
import { refusal, type VerdictError } from './verdict.ts';

export interface RevocationList {
  readonly issuer: DistinguishedName;
  /** Of the key that signed it, when the list names it: authorities that followed each other bear one name. */
  readonly authorityKeyId: string | null;
  /** Lower-case hexadecimal, as in `Certificate.serial`. */
  readonly serials: ReadonlySet<string>;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number | null;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  /** Whether this one made the signature. Of each signer it is found out once. */
  readonly isSignedBy: (signer: KeyCarrier) => boolean;
}

export type RevocationListRead =
  | { readonly ok: true; readonly list: RevocationList }
  | { readonly ok: false; readonly error: VerdictError };

/** Reads a DER list. Its signature is checked when it is used, because the issuer is known only then. */
export function readRevocationList(der: Uint8Array): RevocationListRead {
  if (der.length > limits.revocationListBytesMax) return malformed(`${der.length} bytes`);
  try {
    // An entry is at most a handful of values: serial, date, and one or two extensions.
    const list = listOf(readDer(der, limits.revocationEntriesMax * 12));
    const weak = judgeSignatureAlgorithm(list.signatureAlgorithm);
    return weak === null ? { ok: true, list } : { ok: false, error: weak };
  } catch (error) {
    if (error instanceof NotDer) return malformed(error.message);
    throw error;
  }
}

/** All lists of a PEM text; the first that cannot be read is the reason for none. */
export function readRevocationLists(
  pem: string,
):
  | { readonly ok: true; readonly lists: RevocationList[] }
  | { readonly ok: false; readonly error: VerdictError } {
  const blocks = readPem(pem, 'X509 CRL');
  if (!blocks.ok) return blocks;
  if (blocks.blocks.length > limits.revocationListsMax) {
    return { ok: false, error: refusal('malformed', `${blocks.blocks.length} revocation lists`) };
  }
  const lists: RevocationList[] = [];
  for (const der of blocks.blocks) {
    const read = readRevocationList(der);
    if (!read.ok) return read;
    lists.push(read.list);
  }
  return { ok: true, lists };
}

/**
 * Whether `issuer` has revoked `certificate` by any of the lists. A list of another key under the same name is another
 * authority's. A list that bears the issuer's name and no other key, but not its signature, makes the chain invalid rather than being passed over: somebody has changed what was loaded.
 */
export function judgeRevocation(
  certificate: Certificate,
  issuer: Certificate,
  lists: readonly RevocationList[],
): VerdictError | null {
  for (const list of lists) {
    if (!sameBytes(list.issuer.encoded, issuer.subject.encoded)) continue;
    const { subjectKeyId } = issuer.values;
    if (list.authorityKeyId !== null && subjectKeyId !== null && list.authorityKeyId !== subjectKeyId)
      continue;
    const maySign = issuer.values.keyUsage?.has('cRLSign') === true;
    if (!maySign || !list.isSignedBy(issuer)) {
      return refusal('chain_invalid', "a revocation list in the issuer's name is not the issuer's");
    }
    if (list.serials.has(certificate.serial))
      return refusal('revoked', `serial ${certificate.serial} is revoked`);
  }
  return null;
}

function listOf(outer: DerValue): RevocationList {
  expectUniversal(outer, derTags.sequence, 'revocation list');
  if (outer.children.length !== 3) throw new NotDer('a revocation list has three parts');
  const tbs = expectUniversal(outer.children[0], derTags.sequence, 'tbsCertList');
  const fields = [...tbs.children];
  if (readSmallInteger(fields.shift(), 'version') !== 1)
    throw new NotDer('the revocation list is not of version 2');
  const inner = fields.shift();
  const signatureAlgorithm = readAlgorithm(outer.children[1], 'signatureAlgorithm');
  if (inner === undefined || !sameBytes(inner.encoded, outer.children[1]!.encoded)) {
    throw new NotDer('the signature algorithm is not the one that was signed');
  }
  const issuer = readName(fields.shift(), 'issuer');
  const thisUpdateMs = readTime(fields.shift(), 'thisUpdate');
  const nextUpdateMs = isTime(fields[0]) ? readTime(fields.shift(), 'nextUpdate') : null;
  const entries = fields[0]?.tagClass === 'universal' ? readEntries(fields.shift()) : [];
  const authorityKeyId = fields.length > 0 ? readListExtensions(fields) : null;
  const signature = readBitString(outer.children[2], 'signature');
  if (signature.unusedBits !== 0) throw new NotDer('signature is not whole octets');
  return {
    issuer,
    authorityKeyId,
    serials: new Set(entries),
    thisUpdateMs,
    nextUpdateMs,
    signatureAlgorithm,
    isSignedBy: signatureAskedOnce(signatureAlgorithm, tbs.encoded, signature.bytes),
  };
}

function readEntries(value: DerValue | undefined): string[] {
  const { children } = expectUniversal(value, derTags.sequence, 'revokedCertificates');
  if (children.length > limits.revocationEntriesMax)
    throw new NotDer(`${children.length} revocation entries`);
  return children.map(readEntry);
}

function readEntry(value: DerValue): string {
  const { children } = expectUniversal(value, derTags.sequence, 'revocation entry');
  if (children.length > 3) throw new NotDer('a revocation entry has parts too many');
  const extensions = children[2];
  readTime(children[1], 'revocationDate');
  if (extensions !== undefined && readExtensionList(extensions).some(({ critical }) => critical)) {
    throw new NotDer('a revocation entry has a critical extension');
  }
  return readSerial(children[0]);
}

/**
 * The key identifier of the list's issuer. Critical extensions say that the list is partial, indirect or a delta;
 * reading it as complete would be wrong.
 */
function readListExtensions(fields: readonly DerValue[]): string | null {
  const [field, ...more] = fields;
  if (more.length > 0 || !isContext(field, 0) || !field.constructed || field.children.length !== 1) {
    throw new NotDer('the revocation list has a field that nobody uses');
  }
  const extensions = readExtensionList(field.children[0]);
  const critical = extensions.find((extension) => extension.critical);
  if (critical !== undefined)
    throw new NotDer(`the revocation list has a critical extension ${critical.oid}`);
  const keyId = extensions.filter(({ oid }) => oid === extensionOids.authorityKeyIdentifier);
  return readExtensionValues(keyId).authorityKeyId;
}

function isTime(value: DerValue | undefined): boolean {
  return (
    value?.tagClass === 'universal' &&
    (value.tag === derTags.utcTime || value.tag === derTags.generalizedTime)
  );
}

function malformed(detail: string): RevocationListRead {
  return { ok: false, error: refusal('malformed', `revocation list: ${detail}`) };
}

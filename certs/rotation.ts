/**
 * New keys for the intermediates of nodes and operators, and revocation by our own authority, in its folder. The root stays. What an old
 * intermediate signed stays good until it ends, because every peer presents its intermediate itself and the root's
 * signature on it is still there; so the old pair is kept in `retired/`, to sign revocations, until the last leaf
 * below it must have ended.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSignedBy } from './algorithms.ts';
import { type Authority, createIntermediate, createRevocationList, intermediateNames } from './authority.ts';
import { readAuthority, readKeyed, writeKeyed } from './authority-files.ts';
import { type Certificate, readCertificate, sameBytes } from './certificate.ts';
import { makeFolder, publicFileMode, writeDurably } from './durable-files.ts';
import { CertsError } from './errors.ts';
import type { KeyedCertificate, WallClock } from './keyed-certificate.ts';
import { limits } from './limits.ts';
import { chainFromPem } from './pem.ts';
import type { RevocationList } from './revocation.ts';
import { readRevocationFile } from './revocation-file.ts';
import { retiredPairs, tenantPairs } from './tenant-keys.ts';

export interface Rotated {
  readonly authority: Authority;
  /** One line each of what was replaced; `trustedUntilMs` is the end of the old certificate. */
  readonly retired: readonly {
    readonly name: string;
    readonly serial: string;
    readonly trustedUntilMs: number;
  }[];
}

interface Signer {
  readonly name: string;
  readonly keyed: KeyedCertificate;
  readonly certificate: Certificate;
}

const retiredName = /^((?:nodes|operators)-(\d{1,16}))\.pem$/;

/** The revocation lists of the authority in `folder`; absent as long as nothing was revoked. */
export function revocationListPath(folder: string): string {
  return join(folder, 'revoked.pem');
}

/** Replaces those of nodes and operators, not of tenants, and keeps the old ones for revocation. @throws CertsError as `readAuthority`, too_many_retired */
export async function rotateAuthority(folder: string, clock: WallClock): Promise<Rotated> {
  const authority = await readAuthority(folder);
  const nowMs = clock.wallMs();
  const place = join(folder, 'retired');
  await makeFolder(place);
  await forgetOld(place, nowMs);
  const kept = (await filesIn(place)).filter((file) => retiredName.test(file)).length;
  if (kept >= 2 * limits.retiredPairsMax) {
    throw new CertsError(
      'too_many_retired',
      `${kept} replaced intermediates are kept: the oldest go after a month`,
    );
  }
  const retired = [];
  const fresh: Partial<Authority> = {};
  for (const kind of intermediateNames) {
    const { keyed, certificate } = await readKeyed(folder, kind);
    await writeKeyed(place, `${kind}-${Math.floor(nowMs)}`, keyed);
    const made = await createIntermediate(authority.root, authority.trustDomain, { kind }, clock);
    await writeKeyed(folder, kind, made);
    Object.assign(fresh, { [kind]: made });
    retired.push({ name: kind, serial: certificate.serial, trustedUntilMs: certificate.notAfterMs });
  }
  return { authority: { ...authority, ...fresh }, retired };
}

export interface Revoked {
  readonly serial: string;
  /** Whose lists name it now. */
  readonly issuers: readonly string[];
  /** It was revoked before. */
  readonly already: boolean;
}

/**
 * Revokes one certificate, for ever: by its serial (in the list of every intermediate: serials of ours are random, so
 * none names another), or by a PEM whose first certificate one of ours signed. @throws CertsError not_ours, bad_serial
 */
export async function revoke(
  folder: string,
  what: { readonly serial: string } | { readonly pem: string },
  clock: WallClock,
): Promise<Revoked> {
  const root: Signer = { name: 'root', ...(await readKeyed(folder, 'root')) };
  const intermediates = await signersIn(folder);
  const lists = await listsIn(folder);
  const { serial, signers } =
    'pem' in what ? ofCertificate(what.pem, root, intermediates) : ofSerial(what.serial, root, intermediates);
  const already = signers.every((signer) => listOf(signer, lists)?.serials.has(serial) === true);
  if (!already) {
    const texts: string[] = [];
    for (const signer of [root, ...intermediates]) {
      const known = listOf(signer, lists)?.serials ?? new Set<string>();
      const serials = signers.includes(signer) ? new Set([...known, serial]) : known;
      if (serials.size > limits.revocationEntriesMax) {
        throw tooMany(`more than ${limits.revocationEntriesMax} serials in one list`);
      }
      if (serials.size > 0) texts.push(await createRevocationList(signer.keyed, [...serials], clock));
    }
    if (texts.length > limits.revocationListsMax) throw tooMany(`${texts.length} lists`);
    const text = texts.join('');
    if (text.length > limits.revocationPemBytesMax) throw tooMany(`${text.length} bytes of lists`);
    await writeDurably(revocationListPath(folder), text, publicFileMode);
  }
  return { serial, issuers: signers.map(({ name }) => name), already };
}

function tooMany(what: string): CertsError {
  return new CertsError('too_many_revoked', `${what}: rotate and distrust the old intermediates instead`);
}

/** The serials of the intermediates of nodes and operators that were replaced and are still kept. */
export async function retiredSerials(folder: string): Promise<string[]> {
  const signers = await signersIn(folder);
  return signers
    .filter(({ name }) => name.startsWith('retired/'))
    .map(({ certificate }) => certificate.serial);
}

function ofSerial(text: string, root: Signer, intermediates: readonly Signer[]) {
  const serial = text.replaceAll(':', '').toLowerCase();
  if (!/^(?:[0-9a-f]{2}){1,20}$/.test(serial) || /^0*$/.test(serial)) {
    throw new CertsError('bad_serial', `${JSON.stringify(text)} is no serial: 2 to 40 hexadecimal digits`);
  }
  if (serial === root.certificate.serial) throw rootRefused();
  const isIntermediate = intermediates.some(({ certificate }) => certificate.serial === serial);
  return { serial, signers: isIntermediate ? [root] : intermediates };
}

function ofCertificate(pem: string, root: Signer, intermediates: readonly Signer[]) {
  const chain = chainFromPem(pem);
  if (!chain.ok) throw new CertsError('not_ours', chain.error.detail);
  const read = readCertificate(chain.chain[0]!);
  if (!read.ok) throw new CertsError('not_ours', read.detail);
  const { certificate } = read;
  if (sameBytes(certificate.encoded, root.certificate.encoded)) throw rootRefused();
  const { signatureAlgorithm, signed, signature } = certificate;
  const signer = [root, ...intermediates].find((one) =>
    isSignedBy(one.certificate, signatureAlgorithm, signed, signature),
  );
  if (signer === undefined) {
    throw new CertsError(
      'not_ours',
      'no certificate of this authority signed it: only its issuer can revoke it',
    );
  }
  return { serial: certificate.serial, signers: [signer] };
}

function rootRefused(): CertsError {
  return new CertsError(
    'not_ours',
    'that is the root, which nobody can revoke: make a new authority instead',
  );
}

async function signersIn(folder: string): Promise<Signer[]> {
  const signers: Signer[] = [];
  for (const name of intermediateNames) signers.push({ name, ...(await readKeyed(folder, name)) });
  const tenants = await tenantPairs(folder);
  const signing = new Set(tenants.map(({ certificate }) => certificate.serial));
  // A crash may have left what signs among the retired too: its list is written once.
  const replaced = await retiredPairs(folder, null);
  signers.push(...tenants, ...replaced.filter(({ certificate }) => !signing.has(certificate.serial)));
  const place = join(folder, 'retired');
  for (const file of await filesIn(place)) {
    const name = retiredName.exec(file)?.[1];
    if (name !== undefined) signers.push({ name: `retired/${name}`, ...(await readKeyed(place, name)) });
  }
  return signers;
}

/** @throws CertsError corrupt_file: what is revoked must not be lost by writing over a file that cannot be read. */
async function listsIn(folder: string): Promise<readonly RevocationList[]> {
  const path = revocationListPath(folder);
  const there = await stat(path).catch(() => null);
  return there === null ? [] : readRevocationFile(path);
}

function listOf({ certificate }: Signer, lists: readonly RevocationList[]): RevocationList | undefined {
  return lists.find(
    (list) =>
      sameBytes(list.issuer.encoded, certificate.subject.encoded) &&
      list.authorityKeyId === certificate.values.subjectKeyId &&
      list.isSignedBy(certificate),
  );
}

/** A leaf lives 30 days at most, so nothing below a pair that was retired longer ago is left to revoke. */
async function forgetOld(place: string, nowMs: number): Promise<void> {
  for (const file of await filesIn(place)) {
    const match = retiredName.exec(file);
    if (match === null || nowMs - Number(match[2]) <= limits.leafLifetimeMsMax) continue;
    await rm(join(place, file));
    await rm(join(place, `${match[1]}-key.pem`), { force: true });
  }
}

async function filesIn(place: string): Promise<string[]> {
  try {
    return (await readdir(place)).sort();
  } catch {
    return [];
  }
}

/**
 * An authority in a folder: `root.pem`, `nodes.pem`, `operators.pem`, each with its `-key.pem` beside it, mode 0600 in
 * a folder of mode 0700. A new authority appears whole or not at all.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Authority, type IntermediateName, intermediateNames } from './authority.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import {
  corrupt,
  makeFolderBeside,
  placeFolder,
  publicFileMode,
  readSecret,
  readText,
  secretFileMode,
  writeDurably,
} from './durable-files.ts';
import { CertsError } from './errors.ts';
import { keyFits } from './key-fits.ts';
import type { KeyedCertificate } from './keyed-certificate.ts';
import { readPem } from './pem.ts';
import { parseSpiffeId } from './spiffe.ts';

const remedy = 'restore the folder from a backup, or make a new authority and issue all certificates again';

/** Stores a new authority in `folder`, which must be absent or empty. @throws CertsError already_exists, io_failed */
export async function writeAuthority(folder: string, authority: Authority): Promise<void> {
  const beside = await makeFolderBeside(folder);
  try {
    for (const name of ['root', ...intermediateNames] as const)
      await writeKeyed(beside, name, authority[name]);
    if (await placeFolder(beside, folder)) return;
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
  await rm(beside, { recursive: true, force: true });
  throw new CertsError('already_exists', `${folder} is not empty: there may be an authority in it already`, {
    path: folder,
  });
}

/** Replaces the certificates of intermediates after `renewAuthority`; their keys stay. @throws CertsError io_failed */
export async function writeIntermediates(
  folder: string,
  authority: Authority,
  changed: readonly IntermediateName[],
): Promise<void> {
  for (const name of changed) {
    await writeDurably(join(folder, `${name}.pem`), authority[name].certificatePem, publicFileMode);
  }
}

/**
 * Loads an authority; its trust domain is that of the root. Checks that every key belongs to its certificate.
 * @throws CertsError missing_file, corrupt_file, unsafe_permissions, io_failed; `path` is the file
 */
export async function readAuthority(folder: string): Promise<Authority> {
  const root = await readKeyed(folder, 'root');
  const nodes = await readKeyed(folder, 'nodes');
  const operators = await readKeyed(folder, 'operators');
  const trustDomain = trustDomainOf(root.certificate);
  if (trustDomain === null) throw corrupt(join(folder, 'root.pem'), 'it names no trust domain', remedy);
  return { trustDomain, root: root.keyed, nodes: nodes.keyed, operators: operators.keyed };
}

/** The trust domain that a signing certificate of ours names in its SAN (X.509-SVID 3.2); null when there is none. */
export function trustDomainOf(certificate: Certificate): string | null {
  const uris = certificate.values.alternativeNames.filter(({ kind }) => kind === 'uri');
  const parsed = uris.length === 1 ? parseSpiffeId(uris[0]!.bytes) : null;
  return parsed?.ok === true && parsed.id.path.length === 0 ? parsed.id.trustDomain : null;
}

/** One pair: `NAME.pem` and `NAME-key.pem`. */
export async function writeKeyed(folder: string, name: string, keyed: KeyedCertificate): Promise<void> {
  await writeDurably(join(folder, `${name}-key.pem`), keyed.privateKeyPem, secretFileMode);
  await writeDurably(join(folder, `${name}.pem`), keyed.certificatePem, publicFileMode);
}

/** @throws CertsError as `readAuthority` */
export async function readKeyed(
  folder: string,
  name: string,
): Promise<{ keyed: KeyedCertificate; certificate: Certificate }> {
  const path = join(folder, `${name}.pem`);
  const keyPath = join(folder, `${name}-key.pem`);
  const certificatePem = await readText(path, remedy);
  const privateKeyPem = await readSecret(keyPath, remedy);
  const blocks = readPem(certificatePem, 'CERTIFICATE');
  if (!blocks.ok) throw corrupt(path, blocks.error.detail, remedy);
  if (blocks.blocks.length !== 1) throw corrupt(path, `${blocks.blocks.length} certificates in it`, remedy);
  const read = readCertificate(blocks.blocks[0]!);
  if (!read.ok) throw corrupt(path, read.detail, remedy);
  const misfit = keyFits(read.certificate, privateKeyPem);
  if (misfit !== null) throw corrupt(keyPath, misfit, remedy);
  return { keyed: { certificatePem, privateKeyPem }, certificate: read.certificate };
}

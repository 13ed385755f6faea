/**
 * A credential on disk: `<name>.pem` holds key, leaf and intermediate in one file of mode 0600, so that a renewal
 * replaces all three at once; `roots.pem` beside it holds what its bearer trusts.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readCertificate, sameBytes } from './certificate.ts';
import {
  corrupt,
  makeFolder,
  publicFileMode,
  readSecret,
  readText,
  secretFileMode,
  writeDurably,
} from './durable-files.ts';
import { CertsError } from './errors.ts';
import type { Credential } from './issue.ts';
import { keyFits } from './key-fits.ts';
import { readPem, toPem } from './pem.ts';
import { isName } from './spiffe.ts';

const remedy = 'issue it again from the authority';

/** The file that `writeCredential` writes. @throws CertsError bad_name */
export function credentialPath(folder: string, name: string): string {
  if (!isName(name)) throw new CertsError('bad_name', `${JSON.stringify(name)} cannot name a credential`);
  return join(folder, `${name}.pem`);
}

/**
 * Writes or replaces a credential; makes the folder with mode 0700 when it is missing. A `roots.pem` that names the
 * credential's roots among others stays as it is: somebody trusts two while one takes the other's place. @throws CertsError
 */
export async function writeCredential(folder: string, name: string, credential: Credential): Promise<string> {
  const path = credentialPath(folder, name);
  const rootsPath = join(folder, 'roots.pem');
  await makeFolder(folder);
  if (!(await isTrustedIn(rootsPath, credential)))
    await writeDurably(rootsPath, credential.rootsPem, publicFileMode);
  await writeDurably(path, credential.privateKeyPem + credential.chainPem, secretFileMode);
  return path;
}

/** Whether the file is there and names every root of the credential; one that is damaged names none. @throws CertsError */
export async function isTrustedIn(rootsPath: string, { rootsPem }: Credential): Promise<boolean> {
  if (!existsSync(rootsPath)) return false;
  const trusted = readPem(await readText(rootsPath, remedy), 'CERTIFICATE');
  const own = blocksOf(rootsPem, 'CERTIFICATE', rootsPath);
  return trusted.ok && own.every((root) => trusted.blocks.some((one) => sameBytes(one, root)));
}

/**
 * Loads a credential. Checks that it is complete and that the key is the leaf's; not that it is in date, which is the
 * business of whoever is shown it. @throws CertsError missing_file, corrupt_file, unsafe_permissions, io_failed
 */
export async function readCredential(folder: string, name: string): Promise<Credential> {
  const path = credentialPath(folder, name);
  const rootsPath = join(folder, 'roots.pem');
  const pem = await readSecret(path, remedy);
  const keys = blocksOf(pem, 'PRIVATE KEY', path);
  const chain = blocksOf(pem, 'CERTIFICATE', path);
  if (keys.length !== 1) throw corrupt(path, `${keys.length} keys in it`, remedy);
  const roots = blocksOf(await readText(rootsPath, remedy), 'CERTIFICATE', rootsPath);
  for (const [file, blocks] of [
    [path, chain],
    [rootsPath, roots],
  ] as const) {
    if (blocks.length === 0) throw corrupt(file, 'no certificate in it', remedy);
    for (const der of blocks) {
      const read = readCertificate(der);
      if (!read.ok) throw corrupt(file, read.detail, remedy);
    }
  }
  const leaf = readCertificate(chain[0]!);
  const privateKeyPem = toPem(keys[0]!, 'PRIVATE KEY');
  const misfit = leaf.ok ? keyFits(leaf.certificate, privateKeyPem) : leaf.detail;
  if (misfit !== null) throw corrupt(path, misfit, remedy);
  const joined = (blocks: readonly Uint8Array[]) => blocks.map((der) => toPem(der, 'CERTIFICATE')).join('');
  return { privateKeyPem, chainPem: joined(chain), rootsPem: joined(roots) };
}

function blocksOf(pem: string, label: 'PRIVATE KEY' | 'CERTIFICATE', path: string): Uint8Array[] {
  const read = readPem(pem, label);
  if (!read.ok) throw corrupt(path, read.error.detail, remedy);
  return read.blocks;
}

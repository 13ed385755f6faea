/**
 * A credential as SPIRE writes it to disk: the leaf and its intermediates, its key, and the roots of its trust domain, by
 * the names of `spire-agent api fetch x509 -write DIR` or those of the SPIFFE helper. Our roots are not among them: whom
 * the bearer trusts beside its own authority is the policy's and `roots.pem`'s business.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readCertificate } from './certificate.ts';
import { corrupt, readSecret, readText } from './durable-files.ts';
import type { Credential } from './issue.ts';
import { keyFits } from './key-fits.ts';
import { readPem } from './pem.ts';

interface SvidNames {
  readonly chain: string;
  readonly key: string;
  readonly bundle: string;
}

const agentNames: SvidNames = { chain: 'svid.0.pem', key: 'svid.0.key', bundle: 'bundle.0.pem' };
const helperNames: readonly SvidNames[] = ['svid_bundle.pem', 'bundle.pem'].map((bundle) => ({
  chain: 'svid.pem',
  key: 'svid_key.pem',
  bundle,
}));

/** The three files in a folder, by the names whose bundle is there; the agent's when there is none. */
export function svidPaths(folder: string): { chain: string; key: string; bundle: string } {
  const { chain, key, bundle } =
    [agentNames, ...helperNames].find((names) => existsSync(join(folder, names.bundle))) ?? agentNames;
  return { chain: join(folder, chain), key: join(folder, key), bundle: join(folder, bundle) };
}

const remedy = 'let the SPIRE agent write it again';

/**
 * Loads it; `rootsPem` is the bundle. The three files are written one after the other, so a moment's mismatch of key
 * and leaf is `corrupt_file`: read again. @throws CertsError missing_file, corrupt_file, unsafe_permissions, io_failed
 */
export async function readSvid(folder: string): Promise<Credential> {
  const { chain: path, key: keyPath, bundle: bundlePath } = svidPaths(folder);
  const [chainPem, privateKeyPem, rootsPem] = await Promise.all([
    readText(path, remedy),
    readSecret(keyPath, remedy),
    readText(bundlePath, remedy),
  ]);
  for (const [file, pem] of [
    [path, chainPem],
    [bundlePath, rootsPem],
  ] as const) {
    const read = readPem(pem, 'CERTIFICATE');
    if (!read.ok) throw corrupt(file, read.error.detail, remedy);
    if (read.blocks.length === 0) throw corrupt(file, 'no certificate in it', remedy);
    for (const der of read.blocks) {
      const one = readCertificate(der);
      if (!one.ok) throw corrupt(file, one.detail, remedy);
    }
  }
  const [leafDer] = (readPem(chainPem, 'CERTIFICATE') as { blocks: Uint8Array[] }).blocks;
  const leaf = readCertificate(leafDer!);
  const misfit = leaf.ok ? keyFits(leaf.certificate, privateKeyPem) : leaf.detail;
  if (misfit !== null) throw corrupt(keyPath, misfit, remedy);
  return { chainPem, privateKeyPem, rootsPem };
}

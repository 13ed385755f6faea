/**
 * A credential as SPIRE's agent writes it to disk (`spire-agent api fetch x509 -write DIR`): `svid.0.pem` with the leaf
 * and its intermediates, `svid.0.key`, and `bundle.0.pem` with the roots of its trust domain. Our roots are not among
 * them: whom the bearer trusts beside its own authority is the policy's and `roots.pem`'s business.
 */
import { join } from 'node:path';
import { readCertificate } from './certificate.ts';
import { corrupt, readSecret, readText } from './durable-files.ts';
import type { Credential } from './issue.ts';
import { keyFits } from './key-fits.ts';
import { readPem } from './pem.ts';

export const svidFileNames = { chain: 'svid.0.pem', key: 'svid.0.key', bundle: 'bundle.0.pem' } as const;

const remedy = 'let the SPIRE agent write it again';

/**
 * Loads it; `rootsPem` is the bundle. The three files are written one after the other, so a moment's mismatch of key
 * and leaf is `corrupt_file`: read again. @throws CertsError missing_file, corrupt_file, unsafe_permissions, io_failed
 */
export async function readSvid(folder: string): Promise<Credential> {
  const path = join(folder, svidFileNames.chain);
  const keyPath = join(folder, svidFileNames.key);
  const bundlePath = join(folder, svidFileNames.bundle);
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

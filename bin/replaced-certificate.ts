/**
 * What stands in a file that a new certificate is to be written over: whose it is, and what becomes of it. Between the command that
 * issues, and the authority's lists of what was revoked.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Authority,
  type CertificateSummary,
  type Credential,
  credentialPath,
  inspectPem,
  isTrustedIn,
  noPolicy,
  readRevocationFile,
  revocationListPath,
  verifyPem,
} from '../certs/index.ts';
import { CommandFailure } from './failure.ts';
import { readNamedFile } from './named-file.ts';

export interface Replaced {
  readonly serial: string;
  /** The file as it was. */
  readonly pem: string;
}

/** Refuses to write over what belongs to another bearer or to another authority; null: nothing is there. */
export async function requireSameBearer(
  out: string,
  name: string,
  credential: Credential,
): Promise<Replaced | null> {
  const path = credentialPath(out, name);
  const roots = join(out, 'roots.pem');
  if (existsSync(roots) && !(await isTrustedIn(roots, credential))) {
    throw new CommandFailure(
      'already_exists',
      `${roots} is of another authority: use another --out, or add this root to it`,
    );
  }
  if (!existsSync(path)) return null;
  const pem = readNamedFile(path);
  const [before] = summariesOf(pem);
  const [now] = summariesOf(credential.chainPem);
  if (before !== undefined && before.names.join() === now?.names.join())
    return { serial: before.serial, pem };
  throw new CommandFailure(
    'already_exists',
    `${path} belongs to ${before?.names.join() ?? 'another'}: use another --out`,
  );
}

/** A sentence: whoever has a copy of what was replaced can use it still, or why not. By the lists in the authority's folder. */
export function fateOf(
  { serial, pem }: Replaced,
  folder: string,
  authority: Authority,
  nowMs: number,
): string {
  const lists = revocationListPath(folder);
  const verdict = verifyPem({
    ...{ pem, rootsPem: authority.root.certificatePem, trustDomain: authority.trustDomain, nowMs },
    ...{ revocationListsPem: existsSync(lists) ? readFileSync(lists, 'utf8') : '', policy: noPolicy },
  });
  const [leaf] = summariesOf(pem);
  const replaced = `it replaced serial ${serial}, which`;
  if (verdict.ok) return `${replaced} stays good until ${leaf?.not_after} unless it is revoked`;
  const { code, detail } = verdict.error;
  if (code === 'revoked') return `${replaced} is revoked already`;
  if (code === 'expired') return `${replaced} ended at ${leaf?.not_after}`;
  return `${replaced} is refused already (${code}: ${detail})`;
}

/** All serials that the authority in the folder has revoked, whatever signed them. */
export async function revokedSerials(folder: string): Promise<ReadonlySet<string>> {
  const path = revocationListPath(folder);
  const lists = existsSync(path) ? await readRevocationFile(path) : [];
  return new Set(lists.flatMap(({ serials }) => [...serials]));
}

type Summary = Exclude<CertificateSummary, { readonly error: unknown }>;

/** Of what cannot be read there are none. */
export function summariesOf(pem: string): readonly Summary[] {
  const read = inspectPem(pem);
  return read.ok ? read.certificates.flatMap((one) => ('serial' in one ? [one] : [])) : [];
}

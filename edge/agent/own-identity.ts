/**
 * Who this agent is: what an enrolment left in its folder, and what a renewal put in its place, there or, where that folder
 * may not be written, in the state's. Between the files of `certs/` and the program.
 */
import { createPublicKey } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Credential,
  certsLimits,
  chainFromPem,
  type Enrolled,
  makeCertificateRequest,
  provePossession,
  readCertificate,
  readCredential,
  readEnrolled,
  readPendingKey,
  verifyPem,
  writeCredential,
} from '../../certs/index.ts';
import { AgentError } from './errors.ts';
import type { Life } from './renewal-time.ts';

export interface OwnIdentity {
  readonly enrolled: Enrolled;
  /** Of its certificate: what the gateway calls it. */
  readonly agentId: string;
  readonly credential: Credential;
  readonly life: Life;
}

const name = 'edge';

/** @throws AgentError not_enrolled, no_agent, certificate_expired, certificate_refused; CertsError of damaged files */
export async function readIdentity(folder: string, renewed: string, nowMs: number): Promise<OwnIdentity> {
  const found = await readEnrolled(folder);
  if (found === null)
    throw new AgentError(
      'not_enrolled',
      `nothing was enrolled into ${folder}: run picket enroll --dir ${folder}`,
    );
  const { enrolled } = found;
  let { credential } = found;
  if (renewed !== folder && existsSync(join(renewed, `${name}.pem`))) {
    const other = await readCredential(renewed, name);
    if (lifeOf(other).endsAtMs > lifeOf(credential).endsAtMs) credential = other;
  }
  const { chainPem: pem, rootsPem } = credential;
  const verdict = verifyPem({ pem, rootsPem, nowMs });
  const remedy = `ask for a new package (picket package create) and enrol with its token into another folder`;
  if (!verdict.ok) {
    const { code, detail } = verdict.error;
    if (code === 'expired')
      throw new AgentError(
        'certificate_expired',
        `the certificate of ${enrolled.identity} in ${folder} has ended (${detail}): ${remedy}`,
      );
    throw new AgentError(
      'certificate_refused',
      `the certificate in ${folder} is refused: ${detail}: ${remedy}`,
    );
  }
  const { identity } = verdict;
  if (identity.kind !== 'tenant' || identity.role !== 'agent' || verdict.spiffeId !== enrolled.identity)
    throw new AgentError(
      'no_agent',
      `${folder} is of ${verdict.spiffeId}, and an agent of its own is needed`,
    );
  return { enrolled, agentId: identity.id, credential, life: lifeOf(credential) };
}

/** The next request for a certificate, by a key that is kept until its certificate came, proven by the present key. */
export async function nextRequest(
  folder: string,
  present: Credential,
): Promise<{ request: Uint8Array; proof: Uint8Array; privateKeyPem: string }> {
  const pending = join(folder, 'pending-key.pem');
  let privateKeyPem = await readPendingKey(folder);
  if (publicKeyOf(privateKeyPem).equals(publicKeyOf(present.privateKeyPem))) {
    // Left behind by an end between the certificate's writing and the key's removal.
    await rm(pending, { force: true });
    privateKeyPem = await readPendingKey(folder);
  }
  const request = await makeCertificateRequest(privateKeyPem);
  return { request, proof: provePossession(present.privateKeyPem, request), privateKeyPem };
}

/** Judges what came and puts key and chain in the place of the present ones, both at once. @throws AgentError bad_renewal */
export async function takeRenewed(
  folder: string,
  present: OwnIdentity,
  came: { chainPem: string; privateKeyPem: string },
  nowMs: number,
): Promise<OwnIdentity> {
  const { rootsPem } = present.credential;
  const credential: Credential = { ...came, rootsPem };
  const verdict = verifyPem({ pem: came.chainPem, rootsPem, nowMs });
  if (!verdict.ok)
    throw new AgentError(
      'bad_renewal',
      `what came is refused: ${verdict.error.code}: ${verdict.error.detail}`,
    );
  if (verdict.spiffeId !== present.enrolled.identity)
    throw new AgentError('bad_renewal', `what came is of ${verdict.spiffeId}`);
  const leaf = leafOf(came.chainPem);
  if (leaf === null || !publicKeyOf(came.privateKeyPem).equals(Buffer.from(leaf.publicKey)))
    throw new AgentError('bad_renewal', 'what came is of another key');
  await writeCredential(folder, name, credential);
  await readCredential(folder, name);
  await rm(join(folder, 'pending-key.pem'), { force: true });
  return { ...present, credential, life: lifeOf(credential) };
}

export function lifeOf({ chainPem }: Pick<Credential, 'chainPem'>): Life {
  const leaf = leafOf(chainPem);
  if (leaf === null) return { issuedAtMs: 0, endsAtMs: 0 };
  const { notBeforeMs, notAfterMs: endsAtMs } = leaf;
  return { issuedAtMs: Math.min(endsAtMs, notBeforeMs + certsLimits.issueBackdateMs), endsAtMs };
}

function leafOf(chainPem: string) {
  const chain = chainFromPem(chainPem);
  const read = chain.ok ? readCertificate(chain.chain[0]!) : null;
  return read?.ok === true ? read.certificate : null;
}

function publicKeyOf(privateKeyPem: string): Buffer {
  return createPublicKey(privateKeyPem).export({ type: 'spki', format: 'der' });
}

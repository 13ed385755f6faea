/**
 * `picket enroll`: at the edge, from a token to a credential in a folder. Needs no cluster in reach but the gateways that
 * the token names. May be repeated: the same folder asks with the same key.
 */
import { createPublicKey } from 'node:crypto';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import {
  type Credential,
  type Enrolled,
  makeCertificateRequest,
  readEnrolled,
  readPendingKey,
  readToken,
  verifyPem,
  writeEnrolled,
} from '../../certs/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { CommandFailure, codeOf } from '../failure.ts';
import { readSecret } from '../read-secret.ts';
import type { Surroundings } from './up.ts';

interface Flags {
  tokenFile: string;
  dir: string;
  json?: boolean;
}

export function addEnrollCommand(program: Command, { output }: Surroundings): void {
  program
    .command('enroll')
    .description('at the edge: turn a token into a certificate of this machine')
    .requiredOption('--token-file <file>', 'the token; - for stdin')
    .requiredOption('--dir <dir>', 'where key, certificate, root and config are kept')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nThe key is made here and never leaves. Repeat it after a failure: the same folder gets the same certificate.\n\nExample:\n  picket enroll --token-file - --dir /var/lib/picket-agent < token\n',
    )
    .action(async (flags: Flags) => {
      try {
        const { identity, gateways } = await enroll(await readSecret(flags.tokenFile), resolve(flags.dir));
        if (flags.json) output.json({ ok: true, identity, error: null });
        else output.line(`${identity} in ${resolve(flags.dir)}; it dials ${gateways.join(', ')}`);
      } catch (error) {
        const code = codeOf(error) ?? 'failed';
        const detail = (error as Error).message;
        // A script reads one shape, whatever went wrong.
        if (flags.json) output.json({ ok: false, identity: null, error: { code, detail } });
        throw error instanceof CommandFailure ? error : new CommandFailure(code, detail);
      }
    });
}

async function enroll(text: string, folder: string): Promise<Enrolled> {
  const clock = systemClock();
  const read = readToken(text);
  if (!read.ok) throw new CommandFailure(read.error.code, `${read.error.detail}: copy the token whole`);
  const { token } = read;
  const before = await readEnrolled(folder);
  if (before !== null) return sameAgain(before, token.packageId, folder, clock.wallMs());
  const end = new Date(token.expiresAtMs).toISOString();
  if (token.expiresAtMs <= clock.wallMs())
    throw new CommandFailure('token_expired', `the token was good until ${end}: ask for another one`);
  const privateKeyPem = await readPendingKey(folder);
  const publicKey = createPublicKey(privateKeyPem).export({ type: 'spki', format: 'der' });
  const request = await makeCertificateRequest(privateKeyPem);
  const { enrolAt } = await import('../../edge/index.ts');
  const wanted = { token, text: text.trim(), request, publicKey, nowMs: () => clock.wallMs() };
  const answer = await enrolAt(wanted);
  if (!answer.ok) throw new CommandFailure(answer.error.code, answer.error.detail);
  const { identity, partition, chainPem, rootsPem } = answer;
  const { tenantId, packageId, endpoints: gateways } = token;
  const enrolled: Enrolled = { identity, tenantId, packageId, partition, gateways };
  await writeEnrolled(folder, enrolled, { chainPem, rootsPem, privateKeyPem });
  return enrolled;
}

/** What was written before the last answer could be told is the answer. */
function sameAgain(
  { enrolled, credential }: { enrolled: Enrolled; credential: Credential },
  packageId: string,
  folder: string,
  nowMs: number,
): Enrolled {
  if (enrolled.packageId !== packageId)
    throw new CommandFailure(
      'already_exists',
      `${folder} holds ${enrolled.identity}: use another --dir, or remove it first`,
    );
  const { chainPem: pem, rootsPem } = credential;
  const verdict = verifyPem({ pem, rootsPem, nowMs });
  if (verdict.ok) return enrolled;
  const { code, detail } = verdict.error;
  throw new CommandFailure(
    code,
    `the certificate in ${folder} is refused: ${detail}: enrol with a new token into another --dir`,
  );
}

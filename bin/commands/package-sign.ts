/**
 * `picket package sign`: enrols for a machine that has no Picket: its request, made there over a key that stays there, and its
 * token become its certificate. Needs no operator, only a gateway in reach.
 */
import { X509Certificate } from 'node:crypto';
import type { Command } from 'commander';
import { readCertificateRequest, readPem, readToken } from '../../certs/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { CommandFailure } from '../failure.ts';
import { readNamedFile } from '../named-file.ts';
import { NewFile } from '../new-file.ts';
import { readSecret } from '../read-secret.ts';
import type { Surroundings } from './up.ts';

interface Flags {
  tokenFile: string;
  request: string;
  out: string;
  force?: boolean;
  json?: boolean;
}

export function addSignCommand(packages: Command, { output }: Surroundings): void {
  packages
    .command('sign')
    .description('turn a token and the request of another machine into its certificate')
    .requiredOption('--token-file <file>', 'the token; - for stdin')
    .requiredOption('--request <file>', 'the request (PKCS #10, PEM) over a key of EC P-256')
    .requiredOption('--out <file>', 'where its certificates go')
    .option('--force', 'write over it')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nFor the install script of a bundle, on a machine with openssl alone. May be repeated with the same request.\n\nExample:\n  picket package sign --token-file token --request request.pem --out certificate.pem\n',
    )
    .action(async (flags: Flags) => {
      const text = (await readSecret(flags.tokenFile)).trim();
      const read = readToken(text);
      if (!read.ok) throw new CommandFailure(read.error.code, `${read.error.detail}: copy the token whole`);
      const { request, publicKey } = requestOf(flags.request);
      const file = new NewFile(flags.out, flags.force === true);
      try {
        const { enrolAt } = await import('../../edge/index.ts');
        const clock = systemClock();
        const nowMs = () => clock.wallMs();
        const answer = await enrolAt({ token: read.token, text, request, publicKey, nowMs });
        if (!answer.ok) throw new CommandFailure(answer.error.code, answer.error.detail);
        file.data(Buffer.from(answer.chainPem));
        file.finish();
        const { identity, chainPem } = answer;
        const notAfter = new Date(new X509Certificate(chainPem).validTo).toISOString();
        if (flags.json) output.json({ ok: true, identity, not_after: notAfter, error: null });
        else output.line(`${flags.out}: ${identity}, until ${notAfter}`);
      } catch (error) {
        file.abandon();
        throw error;
      }
    });
}

function requestOf(path: string): { request: Uint8Array; publicKey: Uint8Array } {
  const blocks = readPem(readNamedFile(path), 'CERTIFICATE REQUEST');
  if (!blocks.ok || blocks.blocks.length !== 1)
    throw new CommandFailure('request_malformed', `${path} holds no request: one block CERTIFICATE REQUEST`);
  const request = blocks.blocks[0]!;
  const read = readCertificateRequest(request);
  if (!read.ok) throw new CommandFailure(read.error.code, read.error.detail);
  return { request, publicKey: read.request.publicKey };
}

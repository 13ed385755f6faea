/** `picket certs`: what a certificate file says, and the verdict that a link would give. Needs no running cluster. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { inspectPem, verifyPem } from '../../certs/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { CommandFailure } from '../failure.ts';
import type { Surroundings } from './up.ts';

export function addCertCommands(program: Command, { output }: Surroundings): void {
  const certs = program.command('certs').description('certificates: inspect and verify');

  certs
    .command('inspect')
    .description('what the certificates in a file say')
    .argument('<file>', 'PEM')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  picket certs inspect .picket/credentials/core_1.pem\n')
    .action((file: string, flags: { json?: boolean }) => {
      const read = inspectPem(readText(file));
      if (!read.ok)
        throw new CommandFailure(read.error.code, `${file}: ${read.error.code}: ${read.error.detail}`);
      if (flags.json) {
        output.json(read.certificates);
        return;
      }
      for (const [index, certificate] of read.certificates.entries()) {
        if (index > 0) output.line('');
        for (const [key, value] of Object.entries(certificate)) {
          output.line(
            `${key.padEnd(22)}${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
          );
        }
      }
    });

  certs
    .command('verify')
    .description('the verdict on a chain, the same that a link would give')
    .argument('<file>', 'PEM: the leaf, then its intermediates')
    .requiredOption('--ca <file>', 'PEM of the roots that are trusted')
    .option('--trust-domain <domain>', 'default: the one that the roots name')
    .option('--crl <file>', 'PEM of revocation lists')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  picket certs verify core_1.pem --ca .picket/credentials/roots.pem --json\n',
    )
    .action((file: string, flags: { ca: string; trustDomain?: string; crl?: string; json?: boolean }) => {
      const verdict = verifyPem({
        pem: readText(file),
        rootsPem: readText(flags.ca),
        nowMs: systemClock().wallMs(),
        ...(flags.trustDomain !== undefined && { trustDomain: flags.trustDomain }),
        ...(flags.crl !== undefined && { revocationListsPem: readText(flags.crl) }),
      });
      const identity = verdict.ok ? verdict.identity : null;
      const error = verdict.ok ? null : verdict.error;
      if (flags.json) output.json({ ok: verdict.ok, identity, error });
      else if (identity !== null) output.line(`ok: ${JSON.stringify(identity)}`);
      if (error !== null) throw new CommandFailure(error.code, `${error.code}: ${error.detail}`);
    });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailure('no_such_file', `${file} cannot be read: ${(error as Error).message}`);
  }
}

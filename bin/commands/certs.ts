/** `picket certs inspect|verify`: what a certificate file says, and the verdict that a link would give. */
import type { Command } from 'commander';
import {
  inspectPem,
  noPolicy,
  readPem,
  readPolicy,
  trustDomainOfRoots,
  verifyPem,
} from '../../certs/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { CommandFailure } from '../failure.ts';
import { addAuthorityCommands, readText } from './authority.ts';
import type { Surroundings } from './up.ts';

interface VerifyFlags {
  ca: string;
  trustDomain?: string;
  crl?: string;
  policy?: string;
  json?: boolean;
}

export function addCertCommands(program: Command, around: Surroundings): void {
  const { output } = around;
  const certs = program.command('certs').description('the authority and its certificates');
  addAuthorityCommands(certs, around);

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
    .option('--policy <file>', 'authorities that are taken beside the roots')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  picket certs verify core_1.pem --ca .picket/credentials/roots.pem --json\n',
    )
    .action(async (file: string, flags: VerifyFlags) => {
      const rootsPem = readText(flags.ca);
      const roots = readPem(rootsPem, 'CERTIFICATE');
      const ours = flags.trustDomain ?? trustDomainOfRoots(roots.ok ? roots.blocks : []) ?? '';
      const policy = flags.policy === undefined ? noPolicy : (await readPolicy(flags.policy, ours)).policy;
      const verdict = verifyPem({
        pem: readText(file),
        rootsPem,
        policy,
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

/** `picket certs inspect|verify`: what a certificate file says, and the verdict that a link would give. */
import type { Command } from 'commander';
import {
  CertsError,
  inspectPem,
  isTrustDomain,
  noPolicy,
  type PeerVerdict,
  readPem,
  readPolicy,
  trustDomainOfRoots,
  verifyPem,
} from '../../certs/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { CommandFailure, usage } from '../failure.ts';
import { readNamedFile } from '../named-file.ts';
import { addAuthorityCommands } from './authority.ts';
import type { Surroundings } from './up.ts';

interface VerifyFlags {
  ca: string;
  trustDomain?: string;
  crl?: string;
  policy?: string;
  json?: boolean;
}

export function addCertCommands(program: Command, around: Surroundings): void {
  const certs = program.command('certs').description('the authority and its certificates');
  addAuthorityCommands(certs, around);
  addInspect(certs, around);
  addVerify(certs, around);
}

function addInspect(certs: Command, { output }: Surroundings): void {
  certs
    .command('inspect')
    .description('what the certificates in a file say')
    .argument('<file>', 'PEM')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  picket certs inspect .picket/credentials/core_1.pem\n')
    .action((file: string, flags: { json?: boolean }) => {
      const read = inspectPem(readNamedFile(file));
      if (!read.ok) {
        throw new CommandFailure(read.error.code, `${read.error.code}: ${file}: ${read.error.detail}`);
      }
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
}

function addVerify(certs: Command, { output }: Surroundings): void {
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
      '\nStatus 0: taken; 1: refused, or a file cannot be read; 2: usage. The codes are in docs/ERRORS.md.\n\nExamples:\n  picket certs verify core_1.pem --ca .picket/credentials/roots.pem --json\n  picket certs verify core_1.pem --ca roots.pem --crl .picket/authority/revoked.pem\n',
    )
    .action(async (file: string, flags: VerifyFlags) => {
      const verdict = await verdictOn(file, flags).catch((error: unknown) => {
        // A script reads one shape, whatever went wrong.
        if (flags.json && isStated(error)) {
          const { code, message: detail } = error;
          output.json({ ok: false, identity: null, error: { code, detail } });
        }
        throw error;
      });
      const identity = verdict.ok ? verdict.identity : null;
      const error = verdict.ok ? null : verdict.error;
      if (flags.json) output.json({ ok: verdict.ok, identity, error });
      else if (identity !== null) output.line(`ok: ${JSON.stringify(identity)}`);
      if (error !== null) throw new CommandFailure(error.code, `${error.code}: ${error.detail}`);
    });
}

async function verdictOn(file: string, flags: VerifyFlags): Promise<PeerVerdict> {
  const { trustDomain, crl } = flags;
  if (trustDomain !== undefined && !isTrustDomain(trustDomain)) {
    throw usage(`--trust-domain ${JSON.stringify(trustDomain)} is none: use a-z, 0-9, ".", "-" and "_"`);
  }
  const rootsPem = readNamedFile(flags.ca);
  const roots = readPem(rootsPem, 'CERTIFICATE');
  if (!roots.ok || roots.blocks.length === 0) {
    const why = roots.ok ? 'there is no PEM certificate in it' : roots.error.detail;
    throw new CommandFailure('no_roots', `${flags.ca}: ${why}`);
  }
  const revocationListsPem = crl === undefined ? '' : readNamedFile(crl);
  if (crl !== undefined && !revocationListsPem.includes('-----BEGIN X509 CRL-----')) {
    throw new CommandFailure('no_list', `${crl}: there is no PEM revocation list in it`);
  }
  const ours = trustDomain ?? trustDomainOfRoots(roots.blocks) ?? '';
  return verifyPem({
    pem: readNamedFile(file),
    rootsPem,
    trustDomain: ours,
    revocationListsPem,
    policy: flags.policy === undefined ? noPolicy : (await readPolicy(flags.policy, ours)).policy,
    nowMs: systemClock().wallMs(),
  });
}

function isStated(error: unknown): error is CommandFailure | CertsError {
  return error instanceof CertsError || (error instanceof CommandFailure && error.code !== 'usage');
}

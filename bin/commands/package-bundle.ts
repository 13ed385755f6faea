/**
 * `picket package bundle`: a file for those who install at a customer's, with the token and all that is needed beside it. The key
 * of the program is not in it: the machine makes its own.
 */
import { type Command, Option } from 'commander';
import { type Enrolled, formatSpiffeId, pinOf, readPem, readToken } from '../../certs/index.ts';
import { bundleContents } from '../bundle/contents.ts';
import { tarGz } from '../bundle/tar-file.ts';
import { parseDuration } from '../durations.ts';
import { CommandFailure, usage } from '../failure.ts';
import { NewFile } from '../new-file.ts';
import { type OperatorSession, type Target, withOperator } from '../operator-session.ts';
import type { PackageAsked, PackageTrust } from '../package-procedures.ts';
import type { PackageView } from '../package-views.ts';
import { readSecret } from '../read-secret.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

interface Flags extends Target {
  tenant: string;
  create?: boolean;
  package?: string;
  tokenFile?: string;
  name?: string;
  kind: string;
  partition?: string;
  expires: string;
  endpoint?: string[];
  out: string;
  force?: boolean;
  json?: boolean;
}

const example = `Whoever has the file can become the program until its token is used or over: send it by a way that nobody else reads. It
has an install script for systemd and for containers, and one that needs nothing but openssl: see its README.txt. A token is
shown once, so a package that was made before needs it again: --package ID --token-file FILE.

Examples:
  picket package bundle --tenant acme --create --name site_4 --endpoint gateway.example.org:5443 --out site_4.tar.gz
  picket package bundle --tenant acme --package pkg_abcdefghijklmnop --token-file token --out site_4.tar.gz
`;

export function addBundleCommand(packages: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = packages
    .command('bundle')
    .description('token, certificates to trust, config and an install script in one .tar.gz')
    .option('--create', 'make the package too: takes the options of picket package create')
    .option('--name <name>', 'with --create: what the program is called')
    .addOption(new Option('--kind <kind>', 'with --create: agent, poller or collector').default('agent'))
    .option('--partition <partition>', 'with --create: address space of the tenant that it is in')
    .option('--expires <duration>', 'with --create: how long the token may be used, 1s to 30d', '24h')
    .option(
      '--endpoint <host:port>',
      'with --create: where it dials (again for more)',
      (one: string, all: string[] = []) => [...all, one],
    )
    .option('--package <id>', 'one that was made before')
    .option('--token-file <file>', 'with --package: its token; - for stdin')
    .requiredOption('--out <file>', 'the file to write, mode 0600')
    .option('--force', 'write over it');
  tenantCommand(command, surroundings, example).action(async (flags: Flags) => {
    judgeFlags(flags);
    const given = flags.tokenFile === undefined ? null : await readSecret(flags.tokenFile);
    // Before there is a token that is shown once: a file that cannot be written must not cost a package.
    const file = new NewFile(flags.out, flags.force === true);
    try {
      const view = await withOperator(flags, async (session) => {
        const found = await packageOf(session, flags, given);
        file.data(await pack(session, flags.tenant, found));
        return found.view;
      });
      file.finish();
      const { out } = flags;
      output.note(
        `${out} holds the token of package ${view.id}: a secret until it is used or ${view.expires_at}; send it by a way that nobody else reads`,
      );
      if (flags.json) output.json({ ...view, file: out, bytes: file.bytes });
      else output.line(out);
    } catch (error) {
      file.abandon();
      throw error;
    }
  });
}

function judgeFlags({ create, package: id, tokenFile, name }: Flags): void {
  if ((create === true) === (id !== undefined)) throw usage('give either --create or --package ID');
  if (create === true && name === undefined) throw usage('--create needs --name');
  if (create === true && tokenFile !== undefined) throw usage('--token-file goes with --package');
  if (id !== undefined && tokenFile === undefined)
    throw usage('a token is kept nowhere: --package needs its --token-file');
}

interface Found {
  readonly view: PackageView;
  readonly token: string;
}

async function packageOf(session: OperatorSession, flags: Flags, given: string | null): Promise<Found> {
  const { tenant, kind, partition = null, endpoint: endpoints = null, package: id } = flags;
  if (given === null) {
    const lifeMs = parseDuration(flags.expires, '--expires');
    const asked: PackageAsked = { tenant, kind, name: flags.name!, partition, lifeMs, endpoints };
    const { token, ...view } = await session.call<PackageView & { token: string }>('package_create', asked);
    return { view, token };
  }
  const rows = await session.call<PackageView[]>('package_list', { tenant });
  const view = rows.find((row) => row.id === id);
  if (view === undefined)
    throw new CommandFailure('no_such_package', `the tenant has no package "${id}": see picket package list`);
  if (view.status !== 'issued')
    throw new CommandFailure('package_ended', `package ${id} is ${view.status}: its token is used or over`);
  return { view, token: given };
}

async function pack(session: OperatorSession, tenant: string, { view, token }: Found): Promise<Buffer> {
  const read = readToken(token);
  if (!read.ok) throw new CommandFailure(read.error.code, `${read.error.detail}: copy the token whole`);
  if (read.token.packageId !== view.id || read.token.tenantId !== view.tenant_id)
    throw new CommandFailure('bad_argument', `the token is of package ${read.token.packageId}`);
  const {
    root,
    chain,
    trust_domain: trustDomain,
  } = await session.call<PackageTrust>('package_trust', {
    tenant,
  });
  const der = readPem(root, 'CERTIFICATE');
  if (!der.ok || der.blocks.length !== 1 || pinOf(der.blocks[0]!) !== read.token.pin)
    throw new CommandFailure('bad_argument', 'the token pins another root than that of this cluster');
  const { tenant_id: tenantId, id: packageId, kind: role, name, partition } = view;
  const identity = formatSpiffeId({ kind: 'tenant', trustDomain, tenantId, role, id: name });
  const gateways = read.token.endpoints;
  const enrolled: Enrolled = { identity, tenantId, packageId, partition, gateways };
  const facts = { token, enrolled, expiresAt: view.expires_at, root, chain };
  return tarGz(bundleContents(facts), Math.floor(Date.parse(view.created_at) / 1_000));
}

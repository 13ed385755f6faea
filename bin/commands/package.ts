/** `picket package`: what an operator makes for a program in a customer's network, so that it becomes part of a tenant. */
import type { Command } from 'commander';
import { openTenantAuthority, readAuthority } from '../../certs/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { withAuthorityLock } from '../authority-lock.ts';
import { parseDuration } from '../durations.ts';
import { CommandFailure, codeOf, usage } from '../failure.ts';
import { type Target, withOperator } from '../operator-session.ts';
import type { PackageAsked } from '../package-procedures.ts';
import type { PackageView } from '../package-views.ts';
import { table } from '../table.ts';
import { addImportCommands } from './imported-authority.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

interface Flags extends Target {
  tenant: string;
  json?: boolean;
}

type CreateFlags = Flags & {
  kind: string;
  name: string;
  partition?: string;
  expires: string;
  endpoint?: string[];
};

interface Created extends PackageView {
  endpoints: string[];
  token: string;
}

export function addPackageCommands(program: Command, surroundings: Surroundings): void {
  const packages = program
    .command('package')
    .description("programs in a tenant's own networks: their packages and tokens");
  addCreate(packages, surroundings);
  addList(packages, surroundings);
  addEnd(packages, surroundings, 'revoke', 'revoke it and its certificate; its connections drop within 5 s');
  addEnd(packages, surroundings, 'delete', 'revoke it and its certificate, and list it no more');
  addAuthority(packages, surroundings);
}

function addCreate(packages: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = packages
    .command('create')
    .description('make one; its token is shown this once and kept nowhere')
    .requiredOption('--name <name>', 'what the program is called: a-z, 0-9, "_" and "-", at most 50')
    .option('--kind <kind>', 'agent, poller or collector', 'agent')
    .option('--partition <partition>', 'address space of the tenant that it is in')
    .option('--expires <duration>', 'how long the token may be used, 1s to 30d', '24h')
    .option(
      '--endpoint <host:port>',
      'where it dials, from where it is (again for more; default: the gateways of the cluster)',
      (one: string, all: string[] = []) => [...all, one],
    );
  const example =
    'Whoever has the token and is first gets the certificate: send it by a way that nobody else reads.\n\nExample:\n  picket package create --tenant acme --kind agent --name site_4 --endpoint gateway.example.org:5443\n';
  tenantCommand(command, surroundings, example).action(async (flags: CreateFlags) => {
    const { tenant, kind, name, partition = null, endpoint: endpoints = null } = flags;
    const lifeMs = parseDuration(flags.expires, '--expires');
    const asked: PackageAsked = { tenant, kind, name, partition, lifeMs, endpoints };
    const made = await withOperator(flags, (session) => session.call<Created>('package_create', asked));
    if (flags.json) {
      output.json(made);
      return;
    }
    output.note(
      `package ${made.id} for ${kind} ${name} of ${made.tenant}, to be used by ${made.expires_at}:`,
    );
    output.line(made.token);
  });
}

function addList(packages: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = packages.command('list').description('those that were not deleted, the newest first');
  tenantCommand(command, surroundings, 'Example:\n  picket package list --tenant acme\n').action(
    async (flags: Flags) => {
      const { tenant } = flags;
      const rows = await withOperator(flags, (session) =>
        session.call<PackageView[]>('package_list', { tenant }),
      );
      if (flags.json) output.json(rows);
      else output.line(show(rows));
    },
  );
}

function addEnd(
  packages: Command,
  surroundings: Surroundings,
  verb: 'revoke' | 'delete',
  what: string,
): void {
  const { output } = surroundings;
  const command = packages
    .command(verb)
    .description(what)
    .argument('<id>', 'see picket package list')
    .option('--why <text>', 'for the history');
  const example = `Example:\n  picket package ${verb} pkg_abcdefghijklmnop --tenant acme\n`;
  tenantCommand(command, surroundings, example).action(
    async (id: string, flags: Flags & { why?: string }) => {
      const { tenant, why = null } = flags;
      const row = await withOperator(flags, (session) =>
        session.call<PackageView>(`package_${verb}`, { tenant, id, why }),
      );
      if (flags.json) output.json(row);
      else output.line(show([row]));
    },
  );
}

function addAuthority(packages: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = packages
    .command('authority')
    .description("sign a tenant's authority here, where the root key lies, and bring it to the cluster")
    .option('--authority <dir>', 'the folder that picket certs init made');
  addImportCommands(command, surroundings);
  const example =
    'For clusters whose cores do not hold the root key; needed once a year for each tenant.\n\nExample:\n  picket --at core.example.org:7400 --as ./ann.pem package authority --tenant acme --authority /root/picket/authority\n';
  tenantCommand(command, surroundings, example).action(async (flags: Flags & { authority?: string }) => {
    const { authority: folder } = flags;
    if (folder === undefined) throw usage('name the folder of the authority with --authority');
    const clock = systemClock();
    const answer = await withOperator(flags, async (session) => {
      const rows = await session.call<{ id: string; slug: string }[]>('tenant_list', null);
      const row = rows.find(({ id, slug }) => id === flags.tenant || slug === flags.tenant);
      if (row === undefined)
        throw new CommandFailure(
          'no_such_tenant',
          `there is no tenant "${flags.tenant}": see picket tenant list`,
        );
      const made = await withAuthorityLock(folder, clock, async () =>
        openTenantAuthority(folder, await readAuthority(folder), row.id, clock),
      ).catch((error: Error) => {
        throw new CommandFailure(codeOf(error) ?? 'failed', error.message);
      });
      const asked = { tenant: row.id, certificate: made.certificatePem, key: made.privateKeyPem };
      return await session.call<{ tenant: string; tenant_id: string }>('package_authority', asked);
    });
    if (flags.json) output.json(answer);
    else output.line(`the cluster signs for tenant ${answer.tenant} from now on`);
  });
}

function show(rows: readonly PackageView[]): string {
  return table(
    ['ID', 'KIND', 'NAME', 'PARTITION', 'STATUS', 'EXPIRES', 'SERIAL'],
    rows.map((row) => [
      row.id,
      row.kind,
      row.name,
      row.partition,
      row.status,
      row.expires_at,
      row.serial ?? '',
    ]),
  );
}

/** `picket integration`: what a tenant is connected with. Credentials go in by a file or stdin, and come out nowhere here. */
import type { Command } from 'commander';
import { type Target, withOperator } from '../operator-session.ts';
import type { IntegrationView } from '../people-views.ts';
import { readSecret } from '../read-secret.ts';
import { table } from '../table.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

interface IntegrationFlags extends Target {
  tenant: string;
  json?: boolean;
  name: string;
  kind: string;
  endpoint: string;
  credentialsFile?: string;
}

export function addIntegrationCommands(program: Command, surroundings: Surroundings): void {
  const integration = program
    .command('integration')
    .description('what a tenant is connected with: add, list, remove');
  for (const add of [addAdd, addList, addRemove]) add(integration, surroundings);
}

function addAdd(integration: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = integration
    .command('add')
    .description('keep where something is and what opens it')
    .requiredOption('--name <name>', 'one integration of a tenant has it')
    .requiredOption('--kind <kind>', 'armis, netbox, ...: a-z, 0-9, "_" and "-"')
    .requiredOption('--endpoint <url>', 'is shown: without a name or password in it')
    .option('--credentials-file <file>', 'as the other side takes them; "-" for stdin');
  const example = `Credentials are never taken from the command line, which every user of the machine can read.

Examples:
  picket integration add --tenant acme --name cmdb --kind netbox --endpoint https://cmdb.example/api --credentials-file token
  pass show cmdb | picket integration add --name cmdb --kind netbox --endpoint https://cmdb.example/api --credentials-file -
`;
  tenantCommand(command, surroundings, example).action(async (flags: IntegrationFlags) => {
    const { tenant, name, kind, endpoint, credentialsFile } = flags;
    const credentials = credentialsFile === undefined ? null : await readSecret(credentialsFile);
    const asked = { tenant, integration: { name, kind, endpoint, credentials } };
    const row = await withOperator(flags, (session) =>
      session.call<IntegrationView>('integration_add', asked),
    );
    if (flags.json) output.json(row);
    else output.line(show([row]));
  });
}

function addList(integration: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = integration.command('list').description('all of a tenant, without their credentials');
  tenantCommand(command, surroundings, 'Example:\n  picket integration list --tenant acme --json\n').action(
    async (flags: IntegrationFlags) => {
      const { tenant } = flags;
      const rows = await withOperator(flags, (session) =>
        session.call<IntegrationView[]>('integration_list', { tenant }),
      );
      if (flags.json) output.json(rows);
      else output.line(show(rows));
    },
  );
}

function addRemove(integration: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = integration
    .command('remove')
    .description('forget it with its credentials')
    .argument('<name>', 'name or id');
  tenantCommand(command, surroundings, 'Example:\n  picket integration remove cmdb --tenant acme\n').action(
    async (id: string, flags: IntegrationFlags) => {
      const { tenant } = flags;
      const row = await withOperator(flags, (session) =>
        session.call<IntegrationView>('integration_remove', { tenant, id }),
      );
      if (flags.json) output.json(row);
      else output.line(`removed ${row.name} (${row.id})`);
    },
  );
}

function show(rows: readonly IntegrationView[]): string {
  return table(
    ['NAME', 'KIND', 'ENDPOINT', 'CREDENTIALS', 'ID'],
    rows.map(({ name, kind, endpoint, credentials, id }) => [name, kind, endpoint, credentials, id]),
  );
}

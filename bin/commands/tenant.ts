/** `picket tenant`: customers of the platform. */
import { type Command, Option } from 'commander';
import { withOperator } from '../operator-session.ts';
import { table } from '../table.ts';
import type { TenantView } from '../views.ts';
import type { Surroundings } from './up.ts';

interface TenantFlags {
  data: string;
  json?: boolean;
  name?: string;
}

export function addTenantCommands(program: Command, { output, environment }: Surroundings): void {
  const data = () =>
    new Option('--data <dir>', 'state of the cluster').default(environment.PICKET_DATA || './.picket');
  const json = () => new Option('--json', 'print JSON');
  const show = (rows: readonly TenantView[]) =>
    table(
      ['TENANT', 'ID', 'NAME', 'STATUS', 'CREATED'],
      rows.map((row) => [row.slug, row.id, row.name, row.status, row.created_at]),
    );

  const tenant = program.command('tenant').description('customers: create and list');

  tenant
    .command('create')
    .description('make a tenant, with all that belongs to it')
    .argument('<slug>', 'for people: a-z, 0-9 and "-", 2 to 40, begins with a letter')
    .option('--name <name>', 'its full name (default: the slug)')
    .addOption(data())
    .addOption(json())
    .addHelpText('after', '\nExample:\n  picket tenant create acme --name "Acme Ltd"\n')
    .action(async (slug: string, flags: TenantFlags) => {
      const row = await withOperator(flags, (session) =>
        session.call<TenantView>('tenant_create', { slug, name: flags.name ?? slug }, 60_000),
      );
      if (flags.json) output.json(row);
      else output.line(show([row]));
    });

  tenant
    .command('list')
    .description('all tenants')
    .addOption(data())
    .addOption(json())
    .addHelpText('after', '\nExample:\n  picket tenant list --json\n')
    .action(async (flags: TenantFlags) => {
      const rows = await withOperator(flags, (session) => session.call<TenantView[]>('tenant_list', null));
      if (flags.json) output.json(rows);
      else output.line(show(rows));
    });
}

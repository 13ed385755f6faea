/** `picket tenant`: customers of the platform, from the first step to the last. */
import { type Command, Option } from 'commander';
import { confirm } from '../confirm.ts';
import { provisioningTimeoutMs, purgeTimeoutMs } from '../limits.ts';
import { type Target, withOperator } from '../operator-session.ts';
import { table } from '../table.ts';
import type { TenantChangeView, TenantView } from '../views.ts';
import { dataOption } from './node.ts';
import type { Surroundings } from './up.ts';

interface TenantFlags extends Target {
  json?: boolean;
  name?: string;
  plan?: string;
  why?: string;
  yes?: boolean;
}

export function addTenantCommands(program: Command, surroundings: Surroundings): void {
  const tenant = program
    .command('tenant')
    .description('customers: create, list, suspend, activate, cancel, purge, retry, plan, history');
  for (const add of [addCreate, addList, addChanges, addPurge, addRetry, addPlan, addHistory])
    add(tenant, surroundings);
}

const json = () => new Option('--json', 'print JSON');

function addCreate(tenant: Command, { output, environment }: Surroundings): void {
  tenant
    .command('create')
    .description('make a tenant, with all that belongs to it')
    .argument('<slug>', 'for people: a-z, 0-9 and "-", 2 to 40, begins with a letter')
    .option('--name <name>', 'its full name (default: the slug)')
    .option('--plan <plan>', 'what it may have (default: enterprise, without quotas); see picket plan list')
    .addOption(dataOption(environment))
    .addOption(json())
    .addHelpText('after', '\nExample:\n  picket tenant create acme --name "Acme Ltd" --plan pro\n')
    .action(async (slug: string, flags: TenantFlags) => {
      const asked = { slug, name: flags.name ?? slug, plan: flags.plan ?? null };
      const row = await withOperator(flags, (session) =>
        session.call<TenantView>('tenant_create', asked, provisioningTimeoutMs),
      );
      if (flags.json) output.json(row);
      else output.line(showTenants([row]));
    });
}

function addList(tenant: Command, { output, environment }: Surroundings): void {
  tenant
    .command('list')
    .description('all tenants')
    .addOption(dataOption(environment))
    .addOption(json())
    .addHelpText('after', '\nExample:\n  picket tenant list --json\n')
    .action(async (flags: TenantFlags) => {
      const rows = await withOperator(flags, (session) => session.call<TenantView[]>('tenant_list', null));
      if (flags.json) output.json(rows);
      else output.line(showTenants(rows));
    });
}

const changes = [
  {
    event: 'suspend',
    does: 'stop its checks; what it has can be read, and every instant that does not run is in a gap',
    lost: null,
  },
  { event: 'activate', does: 'end its suspension', lost: null },
  {
    event: 'cancel',
    does: 'end it for good; its data are kept for 30 days, then removed',
    lost: 'A cancelled tenant does not come back.',
  },
] as const;

function addChanges(tenant: Command, { output, environment }: Surroundings): void {
  for (const { event, does, lost } of changes) {
    const command = tenant
      .command(event)
      .description(does)
      .argument('<tenant>', 'slug or id')
      .option('--why <text>', 'the reason, for its history')
      .addOption(dataOption(environment))
      .addOption(json())
      .addHelpText('after', `\nExample:\n  picket tenant ${event} acme --why "as agreed"\n`);
    if (lost !== null) command.option('--yes', 'do not ask (without a terminal nothing is asked either)');
    command.action(async (name: string, flags: TenantFlags) => {
      if (lost !== null) await confirm(`${lost} Cancel ${name}?`, flags.yes);
      const asked = { tenant: name, why: flags.why ?? null };
      const row = await withOperator(flags, (session) => session.call<TenantView>(`tenant_${event}`, asked));
      if (flags.json) output.json(row);
      else output.line(showTenants([row]));
    });
  }
}

function addPurge(tenant: Command, { output, environment }: Surroundings): void {
  tenant
    .command('purge')
    .description(
      'remove the data of a cancelled tenant now; its row stays, so that its id is never used again',
    )
    .argument('<tenant>', 'slug or id')
    .option('--yes', 'do not ask (without a terminal nothing is asked either)')
    .addOption(dataOption(environment))
    .addOption(json())
    .addHelpText('after', '\nExample:\n  picket tenant purge acme --yes\n')
    .action(async (name: string, flags: TenantFlags) => {
      await confirm(`All data of tenant ${name} are removed, for good.`, flags.yes);
      const row = await withOperator(flags, (session) =>
        session.call<TenantView>('tenant_purge', { tenant: name }, purgeTimeoutMs),
      );
      if (flags.json) output.json(row);
      else output.line(showTenants([row]));
    });
}

function addRetry(tenant: Command, { output, environment }: Surroundings): void {
  tenant
    .command('retry')
    .description('make a tenant that failed')
    .argument('<tenant>', 'slug or id')
    .addOption(dataOption(environment))
    .addOption(json())
    .addHelpText('after', '\nExample:\n  picket tenant retry acme\n')
    .action(async (name: string, flags: TenantFlags) => {
      const row = await withOperator(flags, (session) =>
        session.call<TenantView>('tenant_retry', { tenant: name }, provisioningTimeoutMs),
      );
      if (flags.json) output.json(row);
      else output.line(showTenants([row]));
    });
}

function addPlan(tenant: Command, { output, environment }: Surroundings): void {
  tenant
    .command('plan')
    .description('give a tenant another plan; what it has beyond it stays, and it gets no more')
    .argument('<tenant>', 'slug or id')
    .argument('<plan>', 'see picket plan list')
    .addOption(dataOption(environment))
    .addOption(json())
    .addHelpText('after', '\nExample:\n  picket tenant plan acme pro\n')
    .action(async (name: string, plan: string, flags: TenantFlags) => {
      const row = await withOperator(flags, (session) =>
        session.call<TenantView>('tenant_plan', { tenant: name, plan }),
      );
      if (flags.json) output.json(row);
      else output.line(showTenants([row]));
    });
}

function addHistory(tenant: Command, { output, environment }: Surroundings): void {
  tenant
    .command('history')
    .description('what was done to a tenant: when, by whom, why')
    .argument('<tenant>', 'slug or id')
    .addOption(dataOption(environment))
    .addOption(json())
    .addHelpText('after', '\nExample:\n  picket tenant history acme\n')
    .action(async (name: string, flags: TenantFlags) => {
      const rows = await withOperator(flags, (session) =>
        session.call<TenantChangeView[]>('tenant_history', { tenant: name }),
      );
      if (flags.json) output.json(rows);
      else
        output.line(
          table(
            ['AT', 'EVENT', 'FROM', 'TO', 'WHO', 'WHY'],
            rows.map(({ at, event, from, to, who, why }) => [at, event, from, to, who, why]),
          ),
        );
    });
}

function showTenants(rows: readonly TenantView[]): string {
  return table(
    ['TENANT', 'ID', 'NAME', 'STATUS', 'PLAN', 'CREATED'],
    rows.map((row) => [
      row.slug,
      row.id,
      row.name,
      row.purged_at === null ? row.status : `${row.status} (purged)`,
      row.plan,
      row.created_at,
    ]),
  );
}

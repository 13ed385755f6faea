/** `picket plan`: what tenants may have. */
import { type Command, Option } from 'commander';
import type { Quotas } from '../../actors/index.ts';
import { usage } from '../failure.ts';
import { type Target, withOperator } from '../operator-session.ts';
import { table } from '../table.ts';
import type { PlanView } from '../views.ts';
import { dataOption } from './node.ts';
import type { Surroundings } from './up.ts';

interface PlanFlags extends Target {
  json?: boolean;
  devices?: string;
  users?: string;
  checks?: string;
  resultsPerDay?: string;
}

export function addPlanCommands(program: Command, { output, environment }: Surroundings): void {
  const json = () => new Option('--json', 'print JSON');
  const plan = program.command('plan').description('what tenants may have: list, set');

  plan
    .command('list')
    .description('all plans with their quotas')
    .addOption(dataOption(environment))
    .addOption(json())
    .addHelpText('after', '\nExample:\n  picket plan list --json\n')
    .action(async (flags: PlanFlags) => {
      const rows = await withOperator(flags, (session) => session.call<PlanView[]>('plan_list', null));
      if (flags.json) output.json(rows);
      else output.line(showPlans(rows));
    });

  plan
    .command('set')
    .description('make a plan, or change the quotas that are given; for all tenants that have it')
    .argument('<name>', 'a-z, 0-9 and "-", 2 to 40, begins with a letter')
    .option('--devices <count>', 'or "none"')
    .option('--users <count>', 'or "none"')
    .option('--checks <count>', 'live checks, or "none"')
    .option('--results-per-day <count>', 'instants of a day (UTC) that are run, or "none"')
    .addOption(dataOption(environment))
    .addOption(json())
    .addHelpText('after', '\nExample:\n  picket plan set pro --checks 10000 --results-per-day none\n')
    .action(async (name: string, flags: PlanFlags) => {
      const quotas = quotasOf(flags);
      const row = await withOperator(flags, (session) =>
        session.call<PlanView>('plan_set', { name, quotas }),
      );
      if (flags.json) output.json(row);
      else output.line(showPlans([row]));
    });
}

/** Only those that were given. */
function quotasOf({ devices, users, checks, resultsPerDay }: PlanFlags): Partial<Quotas> {
  const given = { devices, users, checks, resultsPerDay };
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, text]) => (text === undefined ? [] : [[key, countOf(key, text)]])),
  );
}

function countOf(quota: string, text: string): number | null {
  if (text === 'none') return null;
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count))
    throw usage(`--${quota.replace(/[A-Z]/g, '-$&').toLowerCase()} "${text}": neither a count nor "none"`);
  return count;
}

function showPlans(rows: readonly PlanView[]): string {
  return table(
    ['PLAN', 'DEVICES', 'USERS', 'CHECKS', 'RESULTS A DAY'],
    rows.map(({ name, quotas }) => [
      name,
      quotas.devices,
      quotas.users,
      quotas.checks,
      quotas.results_per_day,
    ]),
  );
}

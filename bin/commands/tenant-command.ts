/** What every command about a tenant's own rows takes: the tenant, where the cluster is, how it answers, and its example. */
import { type Command, Option } from 'commander';
import { dataOption } from './node.ts';
import type { Surroundings } from './up.ts';

/** `example`: shown below the options, with its heading. */
export function tenantCommand(command: Command, { environment }: Surroundings, example: string): Command {
  return command
    .addOption(new Option('--tenant <tenant>', 'slug or id').default('default'))
    .addOption(dataOption(environment))
    .option('--json', 'print JSON')
    .addHelpText('after', `\n${example}`);
}

/** `picket metrics`: the numbers of one node, as Prometheus would scrape them; through the cluster, so that no port is needed. */
import { type Command, Option } from 'commander';
import { ask } from '../ask-node.ts';
import { withOperator } from '../operator-session.ts';
import { dataOption } from './node.ts';
import type { Surroundings } from './up.ts';

const help = `
The same text as at http://HOST:PORT/metrics of \`picket node --metrics HOST:PORT\`. docs/METRICS.md says what each number is.

Examples:
  picket metrics core_1
  picket metrics poller_1 --openmetrics
  picket metrics agent_1 --json
`;

export function addMetricsCommand(program: Command, { output, environment }: Surroundings): void {
  program
    .command('metrics')
    .description('the numbers of a node, as Prometheus reads them')
    .argument('[node]', 'whose (default: any core)')
    .addOption(dataOption(environment))
    .addOption(new Option('--openmetrics', 'in the form of OpenMetrics'))
    .addOption(new Option('--json', 'print the text and its content type as JSON'))
    .addHelpText('after', help)
    .action(
      async (node: string | undefined, flags: { data: string; openmetrics?: boolean; json?: boolean }) => {
        const form = flags.openmetrics ? 'openmetrics' : 'text';
        const told = await withOperator(flags, (session) =>
          ask<{ type: string; text: string }>(session, node, 'metrics', { form }),
        );
        if (flags.json) output.json(told);
        else output.line(told.text.trimEnd());
      },
    );
}

/** `picket db load` and `picket db explain`: what a node of a running cluster asks of the database, and how that goes. */
import { type Command, Option } from 'commander';
import { ask } from '../ask-node.ts';
import type { ExplainView, LoadView } from '../database-procedures.ts';
import { usage } from '../failure.ts';
import { explainedMax } from '../limits.ts';
import { withOperator } from '../operator-session.ts';
import { table } from '../table.ts';
import { dataOption } from './node.ts';
import type { Surroundings } from './up.ts';

interface LoadFlags {
  data: string;
  node?: string;
  top: string;
  json?: boolean;
}

export function addLoad(db: Command, { output, environment }: Surroundings): void {
  db.command('load')
    .description('statements and connections of one node: how often, how long, waited for how long')
    .option('--node <name>', 'a core or web node; unless told, whichever core answers')
    .addOption(dataOption(environment))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nSince the node started. Examples:\n  picket db load\n  picket db load --node web_1 --json\n',
    )
    .action(async (flags: LoadFlags) => {
      const load = await withOperator(flags, (session) =>
        ask<LoadView>(session, flags.node, 'db_load', null),
      );
      if (flags.json) output.json(load);
      else output.line(showLoad(load));
    });
}

export function addExplain(db: Command, { output, environment }: Surroundings): void {
  db.command('explain')
    .description(
      'how the server goes about the statements that took a node longest on average; runs none of them',
    )
    .addOption(new Option('--top <count>', `at most ${explainedMax}`).default('5'))
    .option('--node <name>', 'a core or web node; unless told, whichever core answers')
    .addOption(dataOption(environment))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  picket db explain --top 3\n  picket db explain --node web_1 --json\n',
    )
    .action(async (flags: LoadFlags) => {
      const top = Number(flags.top);
      if (!/^\d+$/.test(flags.top) || top < 1 || top > explainedMax)
        throw usage(`--top "${flags.top}": 1 to ${explainedMax}`);
      const rows = await withOperator(flags, (session) =>
        ask<ExplainView[]>(session, flags.node, 'db_explain', { top }),
      );
      if (flags.json) output.json(rows);
      else output.line(rows.map(showExplained).join('\n\n'));
    });
}

function showLoad({ node, pools, statements }: LoadView): string {
  const connections = table(
    ['POOL', 'CONNECTIONS', 'MOST', 'IN USE', 'WAITING', 'TURNS', 'WAITED', 'WAITED MS', 'LONGEST MS'],
    pools.map((row) => [
      row.pool,
      row.connections,
      row.connections_max,
      row.in_use,
      row.waiting,
      row.turns,
      row.turns_waited,
      row.waited_ms,
      row.waited_ms_max,
    ]),
  );
  const asked = table(
    ['STATEMENT', 'POOL', 'AS', 'COUNT', 'FAILED', 'TOTAL MS', 'MEAN MS', 'P50 MS', 'P99 MS', 'MAX MS'],
    statements.map((row) => [
      row.name,
      row.pool,
      row.as,
      row.count,
      row.failed,
      row.total_ms,
      row.mean_ms,
      row.p50_ms,
      row.p99_ms,
      row.max_ms,
    ]),
  );
  return `${node}\n${connections}\n\n${asked}`;
}

function showExplained({
  name,
  as,
  count,
  mean_ms: mean,
  statement,
  plan,
  refused,
  index,
}: ExplainView): string {
  const head = `${name}, as ${as}: ${count} times, ${mean} ms on average`;
  const told = refused === null ? plan.join('\n') : `not explained: ${refused}`;
  const help =
    index === null ? '' : `\n${index.ddl} would help: cost ${index.cost_before} to ${index.cost_after}`;
  return `${head}\n${statement.trim()}\n${told}${help}`;
}

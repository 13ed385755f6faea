/** `picket children`: what the distributed supervisor runs where, in which state, and why a child does not run. */
import { type Command, Option } from 'commander';
import type { ChildReport } from '../../cluster/index.ts';
import { ask } from '../ask-node.ts';
import { withOperator } from '../operator-session.ts';
import { table } from '../table.ts';
import type { Surroundings } from './up.ts';

interface ChildrenFlags {
  data: string;
  json?: boolean;
  node?: string;
  kind?: string;
  state?: string;
}

export function addChildrenCommand(program: Command, { output, environment }: Surroundings): void {
  program
    .command('children')
    .description('the supervised children of the cluster: what runs where, and what does not and why')
    .option('--kind <kind>', 'only those of this kind')
    .option('--state <state>', 'only running, starting, stopping, waiting, failed, unknown_kind or unplaced')
    .addOption(
      new Option('--data <dir>', 'state of the cluster').default(environment.PICKET_DATA || './.picket'),
    )
    .addOption(new Option('--node <name>', 'as that node sees it (default: any core)'))
    .addOption(new Option('--json', 'print JSON'))
    .addHelpText(
      'after',
      '\nThese are the children that programs start with supervisor.start, or that rows want. A failed one is tried\n' +
        'again by itself: NEXT says in how many seconds. picket explain child ID tells more of one.\n\n' +
        'Examples:\n  picket children\n  picket children --state failed\n  picket children --kind meter --json\n',
    )
    .action(async (flags: ChildrenFlags) => {
      const query = flags.kind === undefined ? null : { kind: flags.kind };
      const all = await withOperator(flags, (session) =>
        ask<ChildReport[]>(session, flags.node, 'children', query),
      );
      const children = all.filter(({ state }) => flags.state === undefined || state === flags.state);
      if (flags.json) {
        output.json(children.map(viewOf));
        return;
      }
      const cells = children.map((one) => [
        ...[one.id, one.kind, one.tenant, one.node, one.owner, one.state, one.restarts],
        ...[inSeconds(one.nextAttemptMs), one.reason],
      ]);
      const headings = ['ID', 'KIND', 'TENANT', 'NODE', 'OWNER', 'STATE', 'RESTARTS', 'NEXT', 'REASON'];
      output.line(table(headings, cells));
      if (all.length === 0) output.note('nobody has asked for a supervised child in this cluster');
    });
}

function viewOf({ nextAttemptMs, sinceMs, ...child }: ChildReport) {
  return { ...child, since_ms: sinceMs, next_attempt_ms: nextAttemptMs };
}

function inSeconds(ms: number | null): string | null {
  return ms === null ? null : (ms / 1_000).toFixed(1);
}

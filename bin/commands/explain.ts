/** `picket explain`: why a check, a device, a node or a supervised child is in the state that it is in. */
import { type Command, Option } from 'commander';
import type { Explanation } from '../../actors/index.ts';
import type { ChildExplanation, Member } from '../../cluster/index.ts';
import { ask } from '../ask-node.ts';
import { CommandFailure } from '../failure.ts';
import { type OperatorSession, withOperator } from '../operator-session.ts';
import type { Surroundings } from './up.ts';

interface ExplainFlags {
  data: string;
  json?: boolean;
  tenant?: string;
  node?: string;
}

export function addExplainCommands(program: Command, surroundings: Surroundings): void {
  const explain = program.command('explain').description('why something is in the state that it is in');
  addExplain(explain, surroundings, {
    name: 'check',
    description: 'why a check is up, degraded, down or unknown',
    argument: ['<id>', 'of the check'],
    option: ['--tenant <tenant>', 'slug or id (default: whichever has the check)'],
    example: 'picket explain check chk_abcdefghijklmnop',
    find: (session, id, { tenant }) =>
      session.call<Explanation>('explain_check', { tenant: tenant ?? null, id }),
  });
  addExplain(explain, surroundings, {
    name: 'device',
    description:
      'why a device is the one that it is: who said what of it when, merges and their evidence, conflicts, aliases',
    argument: ['<id>', 'of the device, also of one that was merged into another'],
    option: ['--tenant <tenant>', 'slug or id (default: default)'],
    example: 'picket explain device sr:14f9ca79-be46-436f-b6b5-9a83ca66a350 --tenant acme',
    find: (session, id, { tenant }) =>
      session.call<Explanation>('explain_device', { tenant: tenant ?? 'default', id }),
  });
  addExplain(explain, surroundings, {
    name: 'node',
    description: 'why a node is up, suspect, down or left: what was decided about it, latest last',
    argument: ['<name>', 'of the node'],
    option: ['--node <name>', 'as that node sees it (default: any core)'],
    example: 'picket explain node poller_1 --node core_2',
    find: explainNode,
  });
  addExplain(explain, surroundings, {
    name: 'child',
    description: 'why a supervised child is where it is, and in its state: what happened to it, latest last',
    argument: ['<id>', 'of the child: see picket children'],
    option: ['--node <name>', 'as that node sees it (default: any core)'],
    example: "picket explain child 'meter 7'",
    find: explainChild,
  });
}

interface Subject {
  name: string;
  description: string;
  argument: [string, string];
  option: [string, string];
  example: string;
  find(session: OperatorSession, subject: string, flags: ExplainFlags): Promise<Explanation>;
}

function addExplain(explain: Command, { output, environment }: Surroundings, subject: Subject): void {
  explain
    .command(subject.name)
    .description(subject.description)
    .argument(...subject.argument)
    .option(...subject.option)
    .addOption(
      new Option('--data <dir>', 'state of the cluster').default(environment.PICKET_DATA || './.picket'),
    )
    .addOption(new Option('--json', 'print JSON'))
    .addHelpText('after', `\nExample:\n  ${subject.example}\n`)
    .action(async (id: string, flags: ExplainFlags) => {
      const answer = await withOperator(flags, (session) => subject.find(session, id, flags));
      if (flags.json) {
        output.json(answer);
        return;
      }
      output.line(`${answer.subject}: ${answer.state}`);
      for (const why of answer.because) output.line(`  ${why}`);
    });
}

async function explainNode(
  session: OperatorSession,
  name: string,
  { node }: ExplainFlags,
): Promise<Explanation> {
  const members = await ask<Member[]>(session, node, 'members', null);
  const member = members.find((one) => one.name === name);
  if (member === undefined)
    throw new CommandFailure('no_such_node', `there is no node "${name}": see picket members`);
  return { subject: name, state: member.status, because: [...member.because] };
}

async function explainChild(
  session: OperatorSession,
  id: string,
  { node }: ExplainFlags,
): Promise<Explanation> {
  const told = await ask<ChildExplanation | null>(session, node, 'explain_child', { id });
  if (told === null)
    throw new CommandFailure('no_such_child', `nobody wants a child "${id}": see picket children`);
  return { ...told, because: [...told.because] };
}

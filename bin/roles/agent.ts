/** An agent node: runs checks. Loads no database, and nothing that reaches one. */
import { agent } from '../../actors/index.ts';
import { createIcmpProber, findProber } from '../../checks/index.ts';
import { childOf, supervisor } from '../../runtime/index.ts';
import { agentFamilies } from '../role-families.ts';
import { declareStatus } from '../status.ts';
import { keepTree } from './keep-tree.ts';
import type { RoleContext, RunningRole } from './role.ts';
import { sessionJournal } from './session-journal.ts';

export async function start(context: RoleContext): Promise<RunningRole> {
  const { node, environment, log } = context;
  declareStatus(node, null);
  const journal = sessionJournal(context, null);
  const program = await findProber(environment.PATH ?? '');
  if (program === null) log('warn', 'no fping and no ping on the PATH: icmp checks go to other agents', {});
  const icmp = program === null ? null : createIcmpProber(program);
  const tree = node.system.spawn(
    supervisor({ name: 'agent_tree', restartsMax: 10, withinMs: 30_000 }, [
      { id: 'agent', start: childOf(agent({ cluster: node, icmp })) },
    ]),
  );
  context.watch.metrics.add(agentFamilies(node));
  const stop = keepTree(context, tree);
  return {
    records: journal.records,
    async stop() {
      await stop();
      await icmp?.close();
      await journal.stop();
    },
  };
}

/** An agent node: runs checks. Loads no database, and nothing that reaches one. */
import { agent } from '../../actors/index.ts';
import { createIcmpProber, findProber } from '../../checks/index.ts';
import { childOf, supervisor } from '../../runtime/index.ts';
import type { RoleContext, RunningRole } from './role.ts';
import { stopTree } from './stop-tree.ts';

export async function start({ node, environment, log }: RoleContext): Promise<RunningRole> {
  const program = await findProber(environment.PATH ?? '');
  if (program === null) log('warn', 'no fping and no ping on the PATH: icmp checks go to other agents', {});
  const icmp = program === null ? null : createIcmpProber(program);
  const tree = node.system.spawn(
    supervisor({ name: 'agent_tree', restartsMax: 10, withinMs: 30_000 }, [
      { id: 'agent', start: childOf(agent({ cluster: node, icmp })) },
    ]),
  );
  return {
    async stop() {
      await stopTree(node.system, tree);
      await icmp?.close();
    },
  };
}

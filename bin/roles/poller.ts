/** A poller node: dispatches checks. Loads no database, and nothing that reaches one. */
import { poller } from '../../actors/index.ts';
import { childOf, supervisor } from '../../runtime/index.ts';
import type { RoleContext, RunningRole } from './role.ts';
import { stopTree } from './stop-tree.ts';

export async function start({ node }: RoleContext): Promise<RunningRole> {
  const tree = node.system.spawn(
    supervisor({ name: 'poller_tree', restartsMax: 10, withinMs: 30_000 }, [
      { id: 'poller', start: childOf(poller({ cluster: node })) },
    ]),
  );
  return { stop: () => stopTree(node.system, tree) };
}

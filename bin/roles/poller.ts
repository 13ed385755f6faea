/** A poller node: dispatches checks. Loads no database, and nothing that reaches one. */
import { poller } from '../../actors/index.ts';
import { childOf, supervisor } from '../../runtime/index.ts';
import { declareStatus } from '../status.ts';
import { keepTree } from './keep-tree.ts';
import type { RoleContext, RunningRole } from './role.ts';

export async function start(context: RoleContext): Promise<RunningRole> {
  const { node } = context;
  declareStatus(node, null);
  const tree = node.system.spawn(
    supervisor({ name: 'poller_tree', restartsMax: 10, withinMs: 30_000 }, [
      { id: 'poller', start: childOf(poller({ cluster: node })) },
    ]),
  );
  return { stop: keepTree(context, tree) };
}

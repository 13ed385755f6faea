/**
 * The supervision tree of a role: started, and kept for as long as the process is. A tree that ends by itself (too many
 * restarts) ends the process, so that the launcher starts it anew; nothing that looks alive and does nothing is left.
 */
import type { Ref } from '../../runtime/index.ts';
import type { RoleContext } from './role.ts';

/** Answers how to end it in order. */
export function keepTree({ node, fail }: RoleContext, tree: Ref): () => Promise<void> {
  let stopping = false;
  const ended = node.system.ended(tree);
  void ended.then((reason) => {
    if (!stopping) fail(`the tree of this node ended: ${reason}`);
  });
  return async () => {
    stopping = true;
    node.system.exit(tree, 'shutdown');
    await ended;
  };
}

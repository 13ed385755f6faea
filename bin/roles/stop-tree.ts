/** Ends a supervision tree in order and waits for it. */
import type { ActorSystem, Ref } from '../../runtime/index.ts';

export async function stopTree(system: ActorSystem, tree: Ref): Promise<void> {
  const ended = system.ended(tree);
  system.exit(tree, 'shutdown');
  await ended;
}

/**
 * What a session sees of the actors of this node, and the one of them that an operator names. An actor of another tenant, or of
 * nobody's, is answered as one that is not there. Between the commands that look into actors and the labels of the node.
 */
import type { Ref, Sight } from '../runtime/index.ts';
import type { ShellCall } from './command.ts';
import { ShellError } from './errors.ts';
import { findActorHere } from './find-actor.ts';

export function sightOf({ node, scope }: Pick<ShellCall, 'node' | 'scope'>): Sight {
  return node.looking.sight(scope.tenant);
}

/** An actor of this node that lives and is seen. Throws `no_such_actor` and `lives_elsewhere`. */
export function actorSeen(call: ShellCall, text: string): Ref {
  const ref = findActorHere(call, text);
  if (sightOf(call).sees(ref.id) && call.node.system.find(ref) !== null) return ref;
  throw noSuchActor(call, text);
}

/** In the words of `findActor`, so that nobody can tell one from the other. */
export function noSuchActor({ node }: Pick<ShellCall, 'node'>, text: string): ShellError {
  return new ShellError(
    'no_such_actor',
    `there is no actor "${text}" for this session: see registry, tree ${node.node}`,
  );
}

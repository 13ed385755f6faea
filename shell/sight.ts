/**
 * What a session sees of the actors of this node, and the one of them that an operator names. An actor of another tenant, or of
 * nobody's, is answered as one that is not there. Between the commands that look into actors and the labels of the node.
 */
import type { Ref, Sight } from '../runtime/index.ts';
import type { ShellCall } from './command.ts';
import { ShellError } from './errors.ts';
import { findActorHere, noSuchActor } from './find-actor.ts';
import { actorsLookedThroughMax } from './limits.ts';

export function sightOf({ node, scope }: Pick<ShellCall, 'node' | 'scope'>): Sight {
  return node.looking.sight(scope.tenant);
}

/** An actor of this node that lives and is seen. Throws `no_such_actor` and `lives_elsewhere`. */
export function actorSeen(call: ShellCall, text: string): Ref {
  const ref = shownAs(call, text) ?? findActorHere(call, text);
  if (sightOf(call).sees(ref.id) && call.node.system.find(ref) !== null) return ref;
  throw noSuchActor(text);
}

/**
 * The one actor that `tree` shows under this name. Only to look at: what is sent or ended is named by what stays its own. Null
 * when it is a number, a key or a name that an actor took; when there is none; and where there are too many to look through.
 */
function shownAs({ node, scope }: ShellCall, text: string): Ref | null {
  const { system } = node;
  const isOther = /^\d+$|\//.test(text) || system.whereis(text) !== null;
  if (scope.tenant !== null || isOther || system.cells.size > actorsLookedThroughMax) return null;
  const found: Ref[] = [];
  for (const { ref, definition } of system.cells.values()) if (definition.name === text) found.push(ref);
  if (found.length < 2) return found[0] ?? null;
  const some = found.slice(0, 5).map(({ id }) => id);
  const more = found.length > some.length ? ' ...' : '';
  throw new ShellError(
    'no_such_actor',
    `${found.length} actors are called "${text}" here: say the number of one: ${some.join(' ')}${more}`,
  );
}

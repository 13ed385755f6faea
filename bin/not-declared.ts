/**
 * What to do when the node that was asked has no such procedure: which kind of node it is, and who answers. Pure. Between a
 * command's session, which asks once more who is there, and the sentence on stderr; the code stays.
 */
import { CommandFailure } from './failure.ts';

export interface KnownMember {
  readonly name: string;
  readonly role: string;
  readonly status: string;
  readonly address: string;
}

const coresNamedMax = 3;

/** `node`: the one that was asked. `members`: as it sees them; null: it did not say. */
export function notDeclared(
  procedure: string,
  node: string,
  members: readonly KnownMember[] | null,
): CommandFailure {
  const fail = (why: string) =>
    new CommandFailure('no_such_procedure', `${node} does not answer "${procedure}"${why}`);
  const role = members?.find(({ name }) => name === node)?.role;
  if (members === null || role === undefined)
    return fail(': most commands are for a core, so name one with --at');
  if (role === 'core')
    return fail(': it has only begun, or runs another version. Try again, or ask another core');
  const cores = members.filter((one) => one.role === 'core' && one.status === 'up');
  const named = cores.slice(0, coresNamedMax).map(({ name, address }) => `${name} at ${address}`);
  const where = named.length === 0 ? 'none is up now' : named.join(', ');
  return fail(`: ${article(role)} does not have what is asked for. Name a core with --at: ${where}`);
}

function article(role: string): string {
  return `${/^[aeiou]/.test(role) ? 'an' : 'a'} ${role}`;
}

/** A question to one node of the cluster, through whichever core an operator's session leads to. */
import { CommandFailure } from './failure.ts';
import type { OperatorSession } from './operator-session.ts';

/** `node` undefined: whichever core answers. Fails with `no_such_node`. */
export async function ask<T>(
  session: OperatorSession,
  node: string | undefined,
  name: string,
  argument: unknown,
): Promise<T> {
  if (node === undefined) return await session.call<T>(name, argument);
  const at = await session.call<{ name: string }>('node', null);
  if (at.name === node) return await session.call<T>(name, argument);
  try {
    return await session.call<T>('relay', { node, name, argument });
  } catch (error) {
    if ((error as CommandFailure).code !== 'no_such_node') throw error;
    throw new CommandFailure(
      'no_such_node',
      `there is no node "${node}", or it cannot be reached: see picket members`,
    );
  }
}

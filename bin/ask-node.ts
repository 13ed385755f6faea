/** A question to one node of the cluster, through whichever core an operator's session leads to. */
import { CommandFailure } from './failure.ts';
import { commandTimeoutMs } from './limits.ts';
import type { OperatorSession } from './operator-session.ts';

export type NodeDoor = <T>(name: string, argument: unknown) => Promise<T>;

/** The way to one node. Its answers fail with `no_such_node` when it cannot be reached. */
export async function nodeDoor(
  session: OperatorSession,
  node: string,
  timeoutMs = commandTimeoutMs,
): Promise<NodeDoor> {
  const at = await session.call<{ name: string }>('node', null);
  if (at.name === node) return (name, argument) => session.call(name, argument, timeoutMs);
  return async <T>(name: string, argument: unknown) => {
    try {
      return await session.call<T>('relay', { node, name, argument }, timeoutMs);
    } catch (error) {
      if ((error as CommandFailure).code !== 'no_such_node') throw error;
      throw new CommandFailure(
        'no_such_node',
        `there is no node "${node}", or it cannot be reached: see picket members`,
      );
    }
  };
}

/** `node` undefined: whichever core answers. Fails with `no_such_node`. */
export async function ask<T>(
  session: OperatorSession,
  node: string | undefined,
  name: string,
  argument: unknown,
): Promise<T> {
  if (node === undefined) return await session.call<T>(name, argument);
  return await (await nodeDoor(session, node))<T>(name, argument);
}

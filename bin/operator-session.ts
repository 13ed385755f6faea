/**
 * How a command reaches the cluster of a data folder: the operator's credential, an address from the list of running
 * nodes, one link. Ends with the command.
 */
import { CertsError, readCredential, rootsOf, trustDomainOfRoots } from '../certs/index.ts';
import {
  ClusterError,
  connectOperator,
  type OperatorClient,
  ProcedureError,
  tlsTransport,
} from '../cluster/index.ts';
import { messageOf, systemClock } from '../runtime/index.ts';
import { checkVersion, dataFolder, readRunning } from './data-folder.ts';
import { CommandFailure, codeOf } from './failure.ts';
import { commandTimeoutMs } from './limits.ts';

export const operatorName = 'operator';

export interface OperatorSession {
  call<T>(name: string, argument: unknown, timeoutMs?: number): Promise<T>;
}

/** Runs `work` with a session to any core of the cluster in `data`. */
export async function withOperator<T>(
  data: string,
  work: (session: OperatorSession) => Promise<T>,
): Promise<T> {
  const client = await connect(data);
  try {
    return await work({
      call: async <A>(name: string, argument: unknown, timeoutMs = commandTimeoutMs) => {
        try {
          return (await client.call(name, argument, timeoutMs)) as A;
        } catch (error) {
          throw failureOf(error);
        }
      },
    });
  } finally {
    await client.close();
  }
}

export type NodeDoor = <T>(name: string, argument: unknown) => Promise<T>;

/** The way to one node, through whichever core the session leads to. */
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

/** Asks that node; without a name, the core that the session leads to. */
export async function askNode<T>(
  session: OperatorSession,
  node: string | undefined,
  name: string,
  argument: unknown,
): Promise<T> {
  if (node === undefined) return await session.call<T>(name, argument);
  return await (await nodeDoor(session, node))<T>(name, argument);
}

async function connect(data: string): Promise<OperatorClient> {
  const folder = dataFolder(data);
  checkVersion(folder);
  const running = readRunning(folder);
  if (running === null) {
    throw new CommandFailure(
      'not_running',
      `no cluster runs in ${folder.path}: start one with picket up, or name its folder with --data`,
    );
  }
  const credential = await readCredential(folder.credentials, operatorName).catch((error) => {
    throw error instanceof CertsError ? new CommandFailure(error.code, error.message) : error;
  });
  const trustDomain = trustDomainOfRoots(rootsOf(credential)) ?? '';
  const clock = systemClock();
  const cores = running.nodes.filter((node) => node.role === 'core');
  let last: unknown = new Error('no core is running');
  for (const core of cores) {
    const log = () => {};
    const transport = tlsTransport({ credential: () => credential, trustDomain, listen: null, clock, log });
    try {
      return await connectOperator(transport, clock, core.address);
    } catch (error) {
      last = error;
      await transport.close();
    }
  }
  const detail = cores.length === 0 ? 'it has no core' : messageOf(last);
  throw new CommandFailure('unreachable', `no core of the cluster in ${folder.path} answers: ${detail}`);
}

function failureOf(error: unknown): CommandFailure {
  if (error instanceof ProcedureError) return new CommandFailure(error.code, error.message);
  if (error instanceof ClusterError) return new CommandFailure(error.code, error.message);
  return new CommandFailure(codeOf(error) ?? 'failed', messageOf(error));
}

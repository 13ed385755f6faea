/**
 * How a command reaches a cluster: the operator's credential, the address of a core, one link. Both come from a data
 * folder (what `picket up` keeps there) or from `--at` and `--as`. Ends with the command.
 */
import { basename, dirname, resolve } from 'node:path';
import { CertsError, type Credential, readCredential, rootsOf, trustDomainOfRoots } from '../certs/index.ts';
import {
  ClusterError,
  connectOperator,
  type OperatorClient,
  ProcedureError,
  splitAddress,
  tlsTransport,
} from '../cluster/index.ts';
import { messageOf, systemClock, systemRandom } from '../runtime/index.ts';
import { formatHeader, newSpan, newTrace } from '../watch/index.ts';
import { checkVersion, dataFolder, readRunning } from './data-folder.ts';
import { CommandFailure, codeOf, usage } from './failure.ts';
import { adviceMs, commandTimeoutMs } from './limits.ts';
import { type KnownMember, notDeclared } from './not-declared.ts';

export const operatorName = 'operator';

/** Where a command goes, and as whom: its own flags with those that every command takes. */
export interface Target {
  /** The folder of a cluster of this machine. */
  data: string;
  /** `HOST:PORT` of any core, of a cluster on other hosts; several, parted by commas, are tried in turn. */
  at?: string;
  /** File of the operator's certificate and key, with `roots.pem` beside it; unless told, that of the data folder. */
  as?: string;
  /** Follow what it asks, and say by which id. */
  trace?: boolean;
}

export interface OperatorSession {
  call<T>(name: string, argument: unknown, timeoutMs?: number): Promise<T>;
}

/** Runs `work` with a session to a core; what one refuses because it leaves, or has only begun, is asked of the next. */
export async function withOperator<T>(
  target: Target,
  work: (session: OperatorSession) => Promise<T>,
): Promise<T> {
  const addresses = coresOf(target);
  let client = await connect(target, addresses);
  const header = target.trace ? newHeader() : null;
  const call = async <A>(name: string, argument: unknown, timeoutMs = commandTimeoutMs): Promise<A> => {
    try {
      if (header === null) return (await client.call(name, argument, timeoutMs)) as A;
      return (await client.call('traced', { name, argument, trace: header }, timeoutMs)) as A;
    } catch (error) {
      const failure = failureOf(error);
      // What is refused so was not begun.
      const asksOn = failure.code === 'leaving' || failure.code === 'no_such_procedure';
      if (!asksOn || addresses.length === 0) throw await advised(client, failure, name, argument);
    }
    await client.close();
    client = await connect(target, addresses);
    return await call<A>(name, argument, timeoutMs);
  };
  try {
    return await work({ call });
  } finally {
    await client.close();
  }
}

/** A node that has no such procedure is asked for its members, to say who has it. */
async function advised(
  client: OperatorClient,
  failure: CommandFailure,
  name: string,
  argument: unknown,
): Promise<CommandFailure> {
  if (failure.code !== 'no_such_procedure') return failure;
  const { node = client.node, name: asked = name } = name === 'relay' ? (argument as Relayed) : {};
  const members = await client.call('members', null, adviceMs).catch(() => null);
  return notDeclared(asked, node, members as readonly KnownMember[] | null);
}

interface Relayed {
  readonly node?: string;
  readonly name?: string;
}

/** A trace of this command's own, told at once: whoever waits for it in vain wants it most. */
export function newHeader(): string {
  const random = systemRandom();
  const trace = newTrace(random);
  process.stderr.write(`trace ${trace}\n`);
  return formatHeader({ trace, span: newSpan(random), sampled: true });
}

/** To the first of the addresses that answers; it and those before it are taken out of the list. */
export async function connect(target: Target, addresses: string[]): Promise<OperatorClient> {
  const credential = await credentialOf(target);
  const trustDomain = trustDomainOfRoots(rootsOf(credential)) ?? '';
  const clock = systemClock();
  let last: unknown = new Error('it has no core');
  for (let address = addresses.shift(); address !== undefined; address = addresses.shift()) {
    const log = () => {};
    const transport = tlsTransport({ credential: () => credential, trustDomain, listen: null, clock, log });
    try {
      return await connectOperator(transport, clock, address);
    } catch (error) {
      last = error;
      await transport.close();
    }
  }
  const where =
    target.at !== undefined ? `at ${target.at}` : `of the cluster in ${dataFolder(target.data).path}`;
  throw new CommandFailure('unreachable', `no core ${where} answers: ${messageOf(last)}`);
}

/** Addresses of cores to try, as they are known now. */
export function coresOf(target: Target): string[] {
  return target.at === undefined ? runningCores(target.data) : target.at.split(',').map(judgeAddress);
}

function runningCores(data: string): string[] {
  const folder = dataFolder(data);
  checkVersion(folder);
  const running = readRunning(folder);
  if (running === null) {
    throw new CommandFailure(
      'not_running',
      `no cluster runs in ${folder.path}: start one with picket up, name its folder with --data, or a core of it with --at`,
    );
  }
  return running.nodes.filter((node) => node.role === 'core').map(({ address }) => address);
}

function judgeAddress(at: string): string {
  try {
    splitAddress(at);
    return at;
  } catch (error) {
    throw usage(`--at: ${messageOf(error)}`);
  }
}

async function credentialOf({ data, as }: Target): Promise<Credential> {
  const path = as === undefined ? null : resolve(as);
  const folder = path === null ? dataFolder(data).credentials : dirname(path);
  const name = path === null ? operatorName : basename(path, '.pem');
  try {
    return await readCredential(folder, name);
  } catch (error) {
    throw error instanceof CertsError ? new CommandFailure(error.code, error.message) : error;
  }
}

/** What a call was refused with, as the command tells it. */
export function failureOf(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error;
  if (error instanceof ProcedureError) return new CommandFailure(error.code, error.message);
  if (error instanceof ClusterError) return new CommandFailure(error.code, error.message);
  return new CommandFailure(codeOf(error) ?? 'failed', messageOf(error));
}

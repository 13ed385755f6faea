/**
 * The shell's way into the cluster: one link to a core, made again by the next call when it was lost, and any other node
 * through it. Between the operator's credential and the sessions; a call that was under way when the link ended is not
 * made again, because nobody knows whether it was done.
 */
import { ClusterError, type OperatorClient } from '../../cluster/index.ts';
import { CommandFailure, codeOf } from '../failure.ts';
import { commandTimeoutMs } from '../limits.ts';
import { connect, coresOf, failureOf, newHeader, type Target } from '../operator-session.ts';

export class Reach {
  private readonly target: Target;
  private client: Promise<OperatorClient> | null = null;
  /** Of the trace that all of it belongs to. */
  private header: string | null = null;

  constructor(target: Target) {
    this.target = target;
  }

  /** The core that the link leads to. Rejects with `unreachable`. */
  async entry(): Promise<string> {
    return (await this.linked()).node;
  }

  /** A procedure of that node. Rejects with a `CommandFailure` of the procedure's or the cluster's code. */
  async call<T>(node: string, name: string, argument: unknown): Promise<T> {
    try {
      return await this.callOnce<T>(node, name, argument);
    } catch (error) {
      // The link was lost meanwhile: nothing of it was sent.
      if (codeOf(error) !== 'link_busy') throw error;
      return await this.callOnce<T>(node, name, argument);
    }
  }

  private async callOnce<T>(node: string, name: string, argument: unknown): Promise<T> {
    const client = await this.linked();
    try {
      if (node === client.node) return (await this.ask(client, name, argument, commandTimeoutMs)) as T;
      const request = { node, name, argument, timeoutMs: commandTimeoutMs };
      return (await this.ask(client, 'relay', request, 2 * commandTimeoutMs)) as T;
    } catch (error) {
      const failure = failureOf(error);
      if (isOurs(error)) this.drop(client);
      if (error instanceof ClusterError && isRefusal(failure)) throw refused(failure);
      throw failure.code === 'no_such_node' ? unreached(node) : failure;
    }
  }

  private async ask(client: OperatorClient, name: string, argument: unknown, timeoutMs: number) {
    if (this.target.trace !== true) return await client.call(name, argument, timeoutMs);
    this.header ??= newHeader();
    return await client.call('traced', { name, argument, trace: this.header }, timeoutMs);
  }

  async close(): Promise<void> {
    const client = await this.client?.catch(() => null);
    this.client = null;
    await client?.close();
  }

  private linked(): Promise<OperatorClient> {
    if (this.client !== null) return this.client;
    const made = connectAny(this.target);
    this.client = made;
    made.catch(() => {
      if (this.client === made) this.client = null;
    });
    return made;
  }

  private drop(client: OperatorClient): void {
    this.client = null;
    void client.close().catch(() => {});
  }
}

/** Cores are listed anew each time: which of them live may be another since. */
async function connectAny(target: Target): Promise<OperatorClient> {
  return await connect(target, coresOf(target));
}

/** Of our own link, not of one behind the core; and a core that leaves takes nothing new. */
function isOurs(error: unknown): boolean {
  const code = codeOf(error) ?? '';
  return error instanceof ClusterError ? ['node_down', 'link_busy'].includes(code) : code === 'leaving';
}

/** The core has closed the link because of what we are: no node was lost. */
function isRefusal({ code, message }: CommandFailure): boolean {
  return code === 'node_down' && message.includes(refusalMark);
}

function refused({ message }: CommandFailure): CommandFailure {
  const why = message.slice(message.indexOf(refusalMark) + refusalMark.length);
  return new CommandFailure('peer_refused', `the cluster takes this certificate no longer: ${why}`);
}

const refusalMark = 'peer_refused: ';

function unreached(node: string): CommandFailure {
  return new CommandFailure('no_such_node', `there is no node "${node}", or it cannot be reached: see nodes`);
}

/**
 * Two cores with the shell, over real TLS, and operators with certificates of any rights that reach either through the
 * first. Commands of the test stand beside those of the shell. Judges nothing itself.
 */
import {
  type Authority,
  type Credential,
  createAuthority,
  createRevocationList,
  inspectPem,
  issueNode,
  issueOperator,
  type RevocationList,
  readRevocationLists,
} from '../../certs/index.ts';
import { ClusterNode, connectOperator, type OperatorClient, tlsTransport } from '../../cluster/index.ts';
import { systemClock } from '../../runtime/index.ts';
import type { ShellCommand } from '../command.ts';
import { everyShellCommand, type NextAnswer, type OpenAnswer, openShell } from '../index.ts';
import { MemoryRecords } from './memory-records.ts';

const clock = systemClock();
const log = () => {};
const ending: (() => unknown)[] = [];

export const tenantA = 'abcdefghijkl';
export const tenantB = 'bbcdefghijkl';

/** For `afterEach`. */
export async function endScene(): Promise<void> {
  for (const end of ending.splice(0).reverse()) await end();
}

export interface SceneNode {
  readonly node: ClusterNode;
  readonly address: string;
  readonly records: MemoryRecords;
  readonly revoke: (credential: Credential) => Promise<void>;
}

export async function scene(own: readonly ShellCommand[] = [], allowsEval = false) {
  const ca = await createAuthority('test.local', clock);
  const one = await startShell(ca, 'core_1', [], own, allowsEval);
  const two = await startShell(ca, 'core_2', [one.address], own, allowsEval);
  while (!one.node.reaches('core_2') || !two.node.reaches('core_1')) await turn();
  const credentialOf = (name: string, ...rights: string[]) => issueOperator(ca, { name, rights }, clock);
  const connect = async (credential: Credential, to = one) => {
    const transport = tlsTransport({
      ...{ credential: () => credential, trustDomain: 'test.local', listen: null, clock, log },
    });
    const client = await connectOperator(transport, clock, to.address);
    ending.push(() => client.close());
    return client;
  };
  return { one, two, credentialOf, connect };
}

async function startShell(
  ca: Authority,
  name: string,
  seeds: string[],
  own: readonly ShellCommand[],
  allowsEval: boolean,
): Promise<SceneNode> {
  const credential = await issueNode(ca, { role: 'core', name }, clock);
  let lists: readonly RevocationList[] = [];
  const transport = tlsTransport({
    ...{ credential: () => credential, trustDomain: 'test.local', listen: '127.0.0.1:0' },
    ...{ clock, log, revocationLists: () => lists },
  });
  const tenantAccess = { holds: [], doors: ['notes'] };
  const life = { boot: 1, pid: process.pid, advertise: null, onSuperseded: () => {} };
  const node = new ClusterNode({ name, role: 'core', seeds, transport, clock, log, tenantAccess, ...life });
  const address = await node.start();
  const records = new MemoryRecords();
  let sessions = 0;
  const newId = () => {
    sessions += 1;
    return `${name}-${sessions}`;
  };
  const commands = [...everyShellCommand, ...own];
  const nameOf = () => 'spiffe://test.local/operator/of-a-test';
  const door = openShell({ node, clock, log, records, commands, allowsEval, nameOf, newId });
  ending.push(async () => {
    await door.stop('the test ends');
    await node.stop();
  });
  const revoke = async (of: Credential) => {
    const read = inspectPem(of.chainPem);
    const [leaf] = read.ok ? read.certificates : [];
    const serials = [(leaf as { serial: string }).serial];
    const made = readRevocationLists(await createRevocationList(ca.operators, serials, clock));
    lists = made.ok ? made.lists : [];
    transport.trustChanged();
  };
  return { node, address, records, revoke };
}

/** Until the next turn of the real event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => void clock.timer(2, resolve));
}

export async function until(what: string, seen: () => boolean): Promise<void> {
  for (let turns = 0; !seen(); turns += 1) {
    if (turns > 5_000) throw new Error(`never: ${what}`);
    await turn();
  }
}

/** A session of an operator on a node, through whichever its link leads to. */
export class Spoken {
  readonly opened: OpenAnswer;
  private readonly ask: (name: string, argument: object) => Promise<unknown>;
  private runs = 0;

  private constructor(ask: Spoken['ask'], opened: OpenAnswer) {
    this.ask = ask;
    this.opened = opened;
  }

  static async open(client: OperatorClient, node: string, write = false): Promise<Spoken> {
    const ask = (name: string, argument: object) =>
      client.node === node ? client.call(name, argument) : client.call('relay', { node, name, argument });
    const size = { columns: 80, rows: 24 };
    return new Spoken(ask, (await ask('shell_open', { write, ...size })) as OpenAnswer);
  }

  call<T>(name: string, asked: object = {}): Promise<T> {
    return this.ask(name, { session: this.opened.session, ...asked }) as Promise<T>;
  }

  async begin(text: string): Promise<{ run: number; next(at: number): Promise<NextAnswer> }> {
    this.runs += 1;
    const run = this.runs;
    await this.call('shell_line', { run, text });
    return { run, next: (at) => this.call<NextAnswer>('shell_next', { run, at }) };
  }

  /** All that a line says, and the code that it ends with. */
  async say(text: string): Promise<{ text: string; code: string; detail: string; pieces: number }> {
    const { next } = await this.begin(text);
    let whole = '';
    for (let at = 1; ; ) {
      const { text: piece, done } = await next(at);
      if (done !== null) return { text: whole, ...done, pieces: at - 1 };
      if (piece === null) continue;
      whole += piece;
      at += 1;
    }
  }
}

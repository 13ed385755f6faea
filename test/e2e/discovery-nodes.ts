/**
 * Real `picket node` processes for the tests of discovery: an authority of their own, certificates, logs to read. Who sees
 * whom is read off their logs, so that it works from outside of a network namespace. Leaves no process behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, issueNode, writeCredential } from '../../certs/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { script, until } from './picket.ts';

const seenMs = 30_000;

export interface LogLine {
  readonly msg: string;
  readonly level: number;
  readonly [field: string]: unknown;
}

export interface NodeProcess {
  readonly name: string;
  /** Of this process: an earlier one of the name had another. */
  readonly child: ChildProcess;
  log(): LogLine[];
  /** Names that this process takes for up, in order. */
  sees(): string[];
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface NodeProcesses {
  start(name: string, listen: string, args: readonly string[], more?: StartMore): Promise<NodeProcess>;
  /** Awaits that each sees all the others and nobody else. */
  full(nodes: readonly NodeProcess[]): Promise<void>;
  close(): Promise<void>;
}

export interface StartMore {
  /** A command in front: `ip netns exec NAME`. */
  readonly within?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export async function nodeProcesses(): Promise<NodeProcesses> {
  const folder = mkdtempSync(join(tmpdir(), 'picket-discovery-'));
  const credentials = join(folder, 'credentials');
  const clock = systemClock();
  const authority = await createAuthority('discovery.test', clock);
  const all: NodeProcess[] = [];
  let lives = 0;

  async function start(
    name: string,
    listen: string,
    args: readonly string[],
    { within = [], environment = {} }: StartMore = {},
  ): Promise<NodeProcess> {
    const role = name.split('_')[0]! as 'core' | 'poller' | 'agent';
    await writeCredential(credentials, name, await issueNode(authority, { role, name }, clock));
    lives += 1;
    const logFile = join(folder, `${name}.${lives}.log`);
    const fixed = ['--credentials', credentials, '--data', folder, '--log-file', logFile];
    const [command, ...rest] = [
      ...within,
      process.execPath,
      script,
      'node',
      ...['--role', role, '--name', name, '--listen', listen],
      ...fixed,
      ...args,
    ];
    const env = { PATH: process.env.PATH!, ...environment };
    const child = spawn(command!, rest, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const node = nodeOf(name, child, logFile);
    all.push(node);
    await until(`${name} to be ready`, seenMs, () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${said}`);
      return node.log().some(({ msg }) => msg === 'ready');
    });
    return node;
  }

  return {
    start,
    async full(nodes) {
      const names = nodes.map(({ name }) => name).sort();
      for (const node of nodes) {
        const wanted = names.filter((name) => name !== node.name).join(' ');
        await until(`${node.name} to see ${wanted}`, seenMs, () => {
          if (node.sees().join(' ') === wanted) return true;
          const last = node.log().slice(-6);
          throw new Error(`it sees ${node.sees().join(' ')}: ${JSON.stringify(last)}`);
        });
      }
    },
    async close() {
      await Promise.all(all.map((node) => node.kill('SIGKILL')));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function nodeOf(name: string, child: ChildProcess, logFile: string): NodeProcess {
  const log = () => {
    if (!existsSync(logFile)) return [];
    // The last line may be half written.
    const whole = readFileSync(logFile, 'utf8').split('\n').slice(0, -1);
    return whole.map((line) => JSON.parse(line) as LogLine);
  };
  return {
    name,
    child,
    log,
    sees() {
      const up = new Set<string>();
      for (const { msg } of log()) {
        const [, member, status] = /^(\w+) is (up|suspect|down|left)$/.exec(msg) ?? [];
        if (status === 'up' || status === 'suspect') up.add(member!);
        else if (member !== undefined) up.delete(member);
      }
      return [...up].sort();
    },
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}

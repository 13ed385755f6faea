/**
 * Erlang/OTP as a peer: compiles the modules beside this file into a directory of their own, starts `erl`, and talks to
 * it by lines. A node ends when its input ends, so none outlives this process. No port mapper is started.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Figures, PeerAbsent, type Running } from '../bench.ts';
import { answerTimeoutMs, closeTimeoutMs } from '../limits.ts';

/** One Erlang node. */
export interface Erlang {
  /** The port of its distribution, when it has one. */
  readonly port: string | null;
  ask(command: string): Promise<Figures>;
  close(): Promise<void>;
}

/** A contender that asks one node the same command every round. */
export async function openErlang(command: string): Promise<Running> {
  const compiled = await compileErlang();
  try {
    const node = await startErlang(compiled, []);
    return {
      round: () => node.ask(command),
      async close() {
        await node.close();
        await rm(compiled, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(compiled, { recursive: true, force: true });
    throw error;
  }
}

/** A new directory with the compiled modules; the caller removes it. Throws `PeerAbsent` without an Erlang. */
export async function compileErlang(): Promise<string> {
  const sources = join(packageRoot(), 'bench', 'peers');
  const files = (await readdir(sources)).filter((name) => name.endsWith('.erl'));
  const into = await mkdtemp(join(tmpdir(), 'picket-bench-'));
  try {
    await promisify(execFile)('erlc', ['-o', into, ...files.map((name) => join(sources, name))]);
  } catch (error) {
    await rm(into, { recursive: true, force: true });
    throw absentOr(error, 'erlc');
  }
  return into;
}

/** Resolves when the node is ready for commands. */
export async function startErlang(compiled: string, flags: readonly string[]): Promise<Erlang> {
  const child = spawn('erl', ['-noshell', '-pa', compiled, ...flags, '-s', 'bench_main', 'start'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: compiled,
    env: { ...process.env, ERL_CRASH_DUMP: '/dev/null' },
  });
  const lines = linesOf(child);
  let port: string | null = null;
  try {
    for (;;) {
      const line = await lines.next();
      if (line.startsWith('port ')) port = line.slice(5);
      if (line === 'ready') break;
    }
  } catch (error) {
    child.kill('SIGKILL');
    throw absentOr(error, 'erl');
  }
  return {
    port,
    async ask(command) {
      child.stdin!.write(`${command}\n`);
      return await figuresOf(lines, command);
    },
    close: () => ended(child),
  };
}

async function figuresOf(lines: { next(): Promise<string> }, command: string): Promise<Figures> {
  const figures: Record<string, number> = {};
  for (;;) {
    const line = await lines.next();
    if (line === 'done') return figures;
    const [word, key, value] = line.split(' ');
    if (word === 'failed') throw new Error(`otp, ${command}: ${line}`);
    if (word === 'figure') figures[key!] = Number(value);
  }
}

/** Lines of output, one at a time; rejects when the node ends, cannot be started, or says nothing for too long. */
function linesOf(child: ChildProcess): { next(): Promise<string> } {
  const ready: string[] = [];
  let wake = () => {};
  let failure: Error | null = null;
  let errors = '';
  const fail = (error: Error) => {
    failure ??= error;
    wake();
  };
  child.stderr!.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-2_000);
  });
  child.on('error', fail);
  child.stdin!.on('error', fail);
  child.on('close', (code, signal) => fail(new Error(`erl ended (${code ?? signal}): ${errors}`)));
  createInterface({ input: child.stdout! }).on('line', (line) => {
    ready.push(line);
    wake();
  });
  return {
    async next() {
      const timer = setTimeout(() => fail(new Error(`erl says nothing: ${errors}`)), answerTimeoutMs);
      while (ready.length === 0 && failure === null) await new Promise<void>((resolve) => (wake = resolve));
      clearTimeout(timer);
      const line = ready.shift();
      if (line === undefined) throw failure!;
      return line;
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), closeTimeoutMs);
    child.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    child.stdin!.end();
  });
}

function absentOr(error: unknown, program: string): unknown {
  const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
  return isAbsent ? new PeerAbsent(`no ${program} on the PATH`) : error;
}

/** The folder of package.json: this file runs from `dist/`, the Erlang sources stay where they are. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === dirname(folder)) throw new Error('no package.json above the bench');
    folder = dirname(folder);
  }
  return folder;
}

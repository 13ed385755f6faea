/**
 * The agent's program as a process, from its package on: enrolled, started, killed; and what the store has of its checks,
 * instant by instant. Knows nothing of what is right; the tests do.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dueAtOrBefore } from '../../actors/messages.ts';
import { type Cluster, type GapRow, picket, type ResultRow, script } from './picket.ts';

export interface AgentProcess {
  readonly child: ChildProcess;
  /** Its log, as far as it was written. */
  log(): string;
  /** Resolves with its status when it has ended. */
  readonly ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
}

/** Every agent that was started and has not ended, so that none is left behind. */
const running = new Set<ChildProcess>();

export function endAgents(): void {
  for (const child of running) child.kill('SIGKILL');
}

export function startAgent(args: readonly string[], before: readonly string[] = []): AgentProcess {
  const [command, ...rest] = [...before, process.execPath, script, 'agent', ...args];
  const child = spawn(command!, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
  running.add(child);
  let text = '';
  child.stderr.on('data', (part: Buffer) => {
    text += part.toString();
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (status) => {
      running.delete(child);
      resolve(status);
    });
  });
  return { child, log: () => text, ended, kill: (signal) => void child.kill(signal) };
}

export interface Enrolled {
  readonly id: string;
  readonly dir: string;
}

/** A package of the tenant, enrolled into a folder. */
export async function enrolled(
  net: Cluster,
  tenant: string,
  name: string,
  ...flags: string[]
): Promise<Enrolled> {
  const asked = ['package', 'create', '--tenant', tenant, '--name', name, ...flags];
  const made = await net.ask<{ id: string; token: string }>(...asked);
  const [file, dir] = [join(net.data, `token_${name}`), join(net.data, `edge_${name}`)];
  writeFileSync(file, made.token);
  const { status, err } = await picket('enroll', '--token-file', file, '--dir', dir);
  if (status !== 0) throw new Error(err);
  return { id: made.id, dir };
}

export interface Covered {
  /** Due instants of the span, Unix milliseconds. */
  readonly due: number[];
  readonly results: ResultRow[];
  readonly gaps: GapRow[];
}

/** What the store has of a check for the instants in a span, both ends inclusive. */
export async function covered(
  net: Cluster,
  check: { readonly id: string; readonly interval_ms: number },
  fromMs: number,
  toMs: number,
): Promise<Covered> {
  const due: number[] = [];
  for (let ms = dueAtOrBefore(check.id, check.interval_ms, toMs); ms >= fromMs; ms -= check.interval_ms)
    due.unshift(ms);
  const since = new Date(fromMs - 120_000).toISOString();
  const asked = ['results', '--check', check.id, '--since', since, '--limit', '10000', '--gaps'];
  const rows = await net.ask<(ResultRow | GapRow)[]>(...asked, '--tenant', 'default');
  const isIn = (ms: number) => ms >= due[0]! && ms <= due.at(-1)!;
  return {
    due,
    results: rows.filter((row): row is ResultRow => 'due_at' in row && isIn(Date.parse(row.due_at))),
    gaps: rows.filter(
      (row): row is GapRow =>
        'from' in row && Date.parse(row.to) >= due[0]! && Date.parse(row.from) <= due.at(-1)!,
    ),
  };
}

/** Resident memory of a process, kB, now and at most; null where it cannot be told. */
export function memoryOf(pid: number): { now: number; most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)![1]);
  return { now: of('VmRSS'), most: of('VmHWM') };
}

/**
 * Who is running: start times, which tell a process from a later one of the same pid, and the server processes that sit
 * in a data directory (a server's working directory is its data directory). Linux reads /proc; elsewhere `ps` is asked.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { limits } from '../limits.ts';

interface ProcessStat {
  name: string;
  state: string;
  parent: number;
  startTime: string;
}

/** Null when there is no such process, or only its zombie is left. Field order: proc(5), `/proc/pid/stat`. */
function statOf(pid: number): ProcessStat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  const state = fields[0] ?? 'X';
  if (state === 'Z' || state === 'X') return null;
  return {
    name: text.slice(text.indexOf('(') + 1, close),
    state,
    parent: Number(fields[1]),
    startTime: fields[19] ?? '',
  };
}

/** Something that no later process of this pid has; null when the process is gone. */
export function startTimeOf(pid: number): string | null {
  if (process.platform === 'linux') return statOf(pid)?.startTime ?? null;
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return text === '' ? null : text;
  } catch {
    return null;
  }
}

export interface ServerProcess {
  pid: number;
  /** True for the server itself (or what lost it), false for a child whose parent is here too. */
  top: boolean;
}

/** Every PostgreSQL process that works in `pgData`, whoever started it. */
export function serverProcesses(pgData: string): ServerProcess[] {
  return process.platform === 'linux' ? fromProc(pgData) : fromPidFile(pgData);
}

function fromProc(pgData: string): ServerProcess[] {
  let home: { dev: number; ino: number };
  try {
    home = statSync(pgData);
  } catch {
    return [];
  }
  const found = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = statOf(Number(entry));
    if (stat?.name !== 'postgres') continue;
    try {
      const cwd = statSync(`/proc/${entry}/cwd`);
      if (cwd.dev === home.dev && cwd.ino === home.ino) found.set(Number(entry), stat.parent);
    } catch {
      // It ended meanwhile, or it is another user's and so not ours to stop.
    }
  }
  return [...found].map(([pid, parent]) => ({ pid, top: !found.has(parent) }));
}

function fromPidFile(pgData: string): ServerProcess[] {
  const pid = pidInFile(pgData);
  if (pid === null) return [];
  try {
    const command = execFileSync('ps', ['-o', 'command=', '-p', String(pid)], {
      encoding: 'utf8',
      timeout: limits.binaryTrialMs,
    });
    return command.includes('postgres') && command.includes(pgData) ? [{ pid, top: true }] : [];
  } catch {
    return [];
  }
}

/** The pid in `postmaster.pid`, whether or not it is alive. */
export function pidInFile(pgData: string): number | null {
  try {
    const pid = Number(readFileSync(`${pgData}/postmaster.pid`, 'utf8').split('\n')[0]);
    return Number.isSafeInteger(pid) && pid > 1 ? pid : null;
  } catch {
    return null;
  }
}

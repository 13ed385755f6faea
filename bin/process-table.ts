/**
 * Who a process is, from /proc: so that a number in a file is never taken for a process that it no longer names, and a
 * port in use can be told with its owner. Where there is no /proc only what signals tell is known.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** When it started, in clock ticks since the machine did; null when it is not there or cannot be told. */
export function startedAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything; the fields after it are counted from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

/** True when the process lives and is the one that was meant. */
export function isSameProcess(pid: number, started: string | null): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = startedAt(pid);
  if (now === null) return process.platform !== 'linux';
  return started === null || now === started;
}

/** A sentence about who listens on the TCP port, or null when that cannot be told. */
export function ownerOfPort(port: number): string | null {
  const inodes = new Set<string>();
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readLines(file)) {
      const fields = line.trim().split(/\s+/);
      const local = fields[1] ?? '';
      if (fields[3] === '0A' && Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16) === port) {
        inodes.add(`socket:[${fields[9]}]`);
      }
    }
  }
  if (inodes.size === 0) return null;
  for (const pid of readDirectory('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of readDirectory(`/proc/${pid}/fd`)) {
      if (inodes.has(readLink(`/proc/${pid}/fd/${descriptor}`))) return describeProcess(Number(pid));
    }
  }
  return 'a process of another user';
}

export function describeProcess(pid: number): string {
  const command = readLines(`/proc/${pid}/cmdline`)[0]?.split('\0').filter(Boolean).join(' ') ?? '';
  return `process ${pid}${command === '' ? '' : ` (${command.slice(0, 120)})`}`;
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}

function readDirectory(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Processes of the machine as the tests look at them: who is whose child, who still lives, and signals by number. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isSameProcess } from '../../bin/process-table.ts';

/** Those whose parent it is, in /proc. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((one) => parentOf(one) === pid);
}

/** Where the process works; null when it is not there. */
export function folderOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null;
  }
}

export function alive(pids: readonly number[]): number[] {
  return pids.filter((pid) => isSameProcess(pid, null));
}

/** Fine when it has ended in between. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything; the fields after it are counted from its end.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

/**
 * One launcher per data folder, and an end to what an earlier one left behind: its nodes drain by themselves when it is
 * gone, and are ended when they do not.
 */
import { rmSync, writeFileSync } from 'node:fs';
import type { Clock } from '../../runtime/index.ts';
import { type DataFolder, forgetRunning, readJson, readRunning } from '../data-folder.ts';
import { CommandFailure } from '../failure.ts';
import { leftoversWaitMs } from '../limits.ts';
import { isSameProcess, startedAt } from '../process-table.ts';

export interface Holder {
  pid: number;
  started: string | null;
}

/** The living launcher of the folder, or null. */
export function holderOf(folder: DataFolder): Holder | null {
  const holder = readJson<Holder>(folder.at('launcher.json'));
  // Without its time of start a number may be anybody's by now.
  if (holder === null || (holder.started === null && process.platform === 'linux')) return null;
  return isSameProcess(holder.pid, holder.started) ? holder : null;
}

/** Throws `already_running` with the pid of the launcher that has it. */
export function takeLock(folder: DataFolder): void {
  const file = folder.at('launcher.json');
  const text = JSON.stringify({ pid: process.pid, started: startedAt(process.pid) });
  for (let tries = 0; tries < 3; tries += 1) {
    try {
      writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = holderOf(folder);
    if (holder !== null) {
      throw new CommandFailure(
        'already_running',
        `a cluster already runs in ${folder.path} (process ${holder.pid}): stop it with picket down --data ${folder.path}`,
      );
    }
    rmSync(file, { force: true });
  }
  throw new CommandFailure('already_running', `${file} cannot be taken`);
}

export function releaseLock(folder: DataFolder): void {
  rmSync(folder.at('launcher.json'), { force: true });
}

/** Waits for the nodes of a launcher that is gone; ends those that stay. Answers how many there were. */
export async function endLeftovers(
  folder: DataFolder,
  clock: Clock,
  note: (text: string) => void,
): Promise<number> {
  const running = readRunning(folder);
  const alive = () => (running?.nodes ?? []).filter((node) => isSameProcess(node.pid, node.started));
  const found = alive();
  if (found.length > 0) {
    note(`waiting for ${found.length} processes of an earlier start to end ...`);
    for (const node of found) signal(node.pid, 'SIGTERM');
    const untilMs = clock.monotonicMs() + leftoversWaitMs;
    while (alive().length > 0 && clock.monotonicMs() < untilMs) await pause(clock, 100);
    for (const node of alive()) signal(node.pid, 'SIGKILL');
    while (alive().length > 0 && clock.monotonicMs() < untilMs + leftoversWaitMs) await pause(clock, 50);
  }
  forgetRunning(folder);
  return found.length;
}

export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.timer(ms, resolve));
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in between.
  }
}

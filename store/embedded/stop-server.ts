/**
 * Stops server processes in a data directory, ours or left behind by a killed launcher: fast shutdown, then immediate,
 * then kill, each with a bounded wait. https://www.postgresql.org/docs/current/server-shutdown.html
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type StoreClock, waitFor } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { StoreLog } from '../log.ts';
import { serverAccount } from './account.ts';
import { lockHolder } from './lock-file.ts';
import { type ServerProcess, serverProcesses } from './processes.ts';
import { socketPath } from './socket-dir.ts';

export const pgDataIn = (dataDir: string): string => join(dataDir, 'postgres');
export const lockPathIn = (dataDir: string): string => join(dataDir, 'postgres.lock');

export type StopMode = 'fast' | 'immediate';

function signal(processes: readonly ServerProcess[], name: NodeJS.Signals): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, name);
    } catch {
      // It ended by itself.
    }
  }
}

/** Resolves when no process of the server is left; throws when even a kill did not end it. */
export async function stopServer(
  pgData: string,
  clock: StoreClock,
  options: { mode?: StopMode; timeoutMs?: number } = {},
): Promise<void> {
  const fastMs = options.timeoutMs ?? limits.stopFastMs;
  const steps: { name: NodeJS.Signals; waitMs: number; all: boolean }[] = [
    { name: 'SIGQUIT', waitMs: limits.stopImmediateMs, all: false },
    { name: 'SIGKILL', waitMs: limits.stopKillMs, all: true },
  ];
  if (options.mode !== 'immediate') steps.unshift({ name: 'SIGINT', waitMs: fastMs, all: false });
  for (const step of steps) {
    const running = serverProcesses(pgData);
    if (running.length === 0) return;
    signal(step.all ? running : running.filter(({ top }) => top), step.name);
    if (await goneWithin(pgData, clock, step.waitMs)) return;
  }
  const left = serverProcesses(pgData).map(({ pid }) => pid);
  throw new StoreError('embedded_in_use', `the database's processes do not end: ${left.join(', ')}`);
}

async function goneWithin(pgData: string, clock: StoreClock, waitMs: number): Promise<boolean> {
  const endMs = clock.monotonicMs() + waitMs;
  for (;;) {
    if (serverProcesses(pgData).length === 0) return true;
    if (clock.monotonicMs() >= endMs) return false;
    await waitFor(clock, limits.serverPollMs);
  }
}

/**
 * Stops the server that a killed launcher left running in `dataDir`; answers its pid, or null when none ran. Throws
 * `embedded_in_use` when a living launcher holds it: then that one is to be stopped.
 */
export async function stopOrphan(dataDir: string, clock: StoreClock, log: StoreLog): Promise<number | null> {
  const holder = lockHolder(lockPathIn(dataDir));
  if (holder !== null) {
    throw new StoreError(
      'embedded_in_use',
      `the database in ${dataDir} belongs to process ${holder}, which is alive`,
    );
  }
  const pgData = pgDataIn(dataDir);
  const pid = await stopLeftOver(pgData, clock, log);
  if (existsSync(pgData))
    rmSync(socketPath(dataDir, serverAccount(pgData)), { recursive: true, force: true });
  return pid;
}

/** For the holder of the lock: nobody else's server can be running there. */
export async function stopLeftOver(pgData: string, clock: StoreClock, log: StoreLog): Promise<number | null> {
  const running = serverProcesses(pgData);
  if (running.length === 0) return null;
  const pid = (running.find(({ top }) => top) ?? running[0]!).pid;
  log.warn({ pid }, 'stopping the database server that an earlier launcher left behind');
  await stopServer(pgData, clock);
  return pid;
}

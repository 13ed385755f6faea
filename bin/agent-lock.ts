/** One agent's program per state: two would write one outbox. The file names its holder, and a dead one holds nothing. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailure } from './failure.ts';
import { isSameProcess, startedAt } from './process-table.ts';

/** Answers how to let go. Throws `agent_runs` with the pid of the one that has it. */
export function lockState(state: string): () => void {
  const file = join(state, 'agent.pid');
  const text = JSON.stringify({ pid: process.pid, started: startedAt(process.pid) });
  for (let tries = 0; tries < 3; tries += 1) {
    try {
      writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new CommandFailure(
          'state_unusable',
          `results cannot be kept in ${state} (${(error as Error).message}): name another folder with --state`,
        );
    }
    const pid = holderIn(file);
    if (pid !== null)
      throw new CommandFailure('agent_runs', `an agent runs with ${state} already (process ${pid})`);
    rmSync(file, { force: true });
  }
  throw new CommandFailure('agent_runs', `${file} cannot be taken`);
}

function holderIn(file: string): number | null {
  try {
    const { pid, started } = JSON.parse(readFileSync(file, 'utf8')) as {
      pid: number;
      started: string | null;
    };
    // Our own number in a container that was started again is nobody else's.
    return pid !== process.pid && Number.isSafeInteger(pid) && isSameProcess(pid, started) ? pid : null;
  } catch {
    return null;
  }
}

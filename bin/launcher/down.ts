/** `picket down`: ends what `up` started in a data folder, also when its launcher is gone; fine when nothing runs. */
import { systemClock } from '../../runtime/index.ts';
import { stopOrphan } from '../../store/index.ts';
import { checkVersion, dataFolder } from '../data-folder.ts';
import { downWaitMs } from '../limits.ts';
import { openLog } from '../logging.ts';
import { isSameProcess } from '../process-table.ts';
import { endLeftovers, holderOf, pause, releaseLock } from './lock.ts';

export async function stopCluster(
  data: string,
  note: (text: string) => void,
): Promise<'stopped' | 'nothing'> {
  const folder = dataFolder(data);
  const clock = systemClock();
  checkVersion(folder);
  const holder = holderOf(folder);
  if (holder !== null) {
    note(`stopping the cluster in ${folder.path} (process ${holder.pid}) ...`);
    process.kill(holder.pid, 'SIGTERM');
    const untilMs = clock.monotonicMs() + downWaitMs;
    while (isSameProcess(holder.pid, holder.started) && clock.monotonicMs() < untilMs) await pause(clock, 50);
    if (!isSameProcess(holder.pid, holder.started)) return 'stopped';
    note('it does not end by itself: it is killed');
    process.kill(holder.pid, 'SIGKILL');
    while (isSameProcess(holder.pid, holder.started)) await pause(clock, 20);
  }
  const left = await endLeftovers(folder, clock, note);
  const log = openLog('down', null, 'silent');
  const orphan = await stopOrphan(folder.path, clock, log);
  releaseLock(folder);
  return holder !== null || left > 0 || orphan !== null ? 'stopped' : 'nothing';
}

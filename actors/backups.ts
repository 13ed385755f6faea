/**
 * Sees to the daily backup on the core that coordinates: asks every half minute, one run at a time. What is due and what
 * was begun already is the store's matter; who coordinates, `cluster.coordination` says, each time.
 */
import type { Cluster } from '../cluster/index.ts';
import { defineActor, messageOf, type Self } from '../runtime/index.ts';
import { backupLookMs } from './limits.ts';
import type { BackupOutcome, BackupRunner } from './ports/backup-runner.ts';

export interface BackupsNeeds {
  cluster: Pick<Cluster, 'coordination'>;
  backups: BackupRunner;
}

export interface BackupsProtocol {
  start: [];
  call: Record<never, never>;
  cast: Record<never, never>;
}

interface BackupsState {
  /** The failure that was logged last, so that it is logged once. */
  told: string | null;
}

export function backups(needs: BackupsNeeds) {
  return defineActor<BackupsState, BackupsProtocol>({
    name: 'backups',
    init(self) {
      self.after(backupLookMs, 'look');
      return { told: null };
    },
    call: {},
    cast: {},
    info(self, info) {
      if (info.type === 'timeout') look(self, needs);
      else if (info.type === 'done') {
        ended(self, info.value as BackupOutcome | null, info.error);
        self.after(backupLookMs, 'look');
      }
    },
  });
}

function look(self: Self<BackupsState>, { cluster, backups: runner }: BackupsNeeds): void {
  const epoch = cluster.coordination.mine();
  if (epoch === null) {
    self.after(backupLookMs, 'look');
    return;
  }
  const isStill = () => !self.signal.aborted && cluster.coordination.mine() === epoch;
  self.pipe(runner.runDue(epoch, isStill), 'run');
}

function ended(self: Self<BackupsState>, outcome: BackupOutcome | null, error: unknown): void {
  if (error !== null) {
    const why = messageOf(error);
    if (self.state.told !== why)
      self.log('warn', 'the daily backup could not be looked after', { error: why });
    self.state.told = why;
    return;
  }
  self.state.told = null;
  if (outcome === null) return;
  const { copied, failed, removed, error: first } = outcome;
  const fields = { copied, failed, removed, ...(first === null ? {} : { error: first }) };
  self.log(failed > 0 || first !== null ? 'error' : 'info', 'the daily backup has ended', fields);
}

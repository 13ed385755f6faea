/** Sees to the daily backup: asks every half minute. What was begun already is the store's matter. */
import type { Cluster } from '../cluster/index.ts';
import { coordinatedWork } from './coordinated-work.ts';
import { backupLookMs } from './limits.ts';
import type { BackupRunner } from './ports/backup-runner.ts';

export interface BackupsNeeds {
  cluster: Pick<Cluster, 'coordination'>;
  backups: BackupRunner;
}

export function backups({ cluster, backups: runner }: BackupsNeeds) {
  return coordinatedWork({
    name: 'backups',
    cluster,
    everyMs: backupLookMs,
    failure: 'the daily backup could not be looked after',
    run: (epoch, isStill) => runner.runDue(epoch, isStill),
    ended(log, outcome) {
      if (outcome === null) return;
      const { copied, failed, removed, error: first } = outcome;
      const fields = { copied, failed, removed, ...(first === null ? {} : { error: first }) };
      log(failed > 0 || first !== null ? 'error' : 'info', 'the daily backup has ended', fields);
    },
  });
}

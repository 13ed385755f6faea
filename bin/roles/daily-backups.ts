/** The daily backup of a core: where the schedule says, with the keys and credentials that this node was started with. */
import type { BackupRunner } from '../../actors/ports/backup-runner.ts';
import { backupRunner, openBackups, type Store } from '../../store/index.ts';
import { openKeys, openPlace } from '../archive-place.ts';
import { ownVersion } from '../own-version.ts';
import type { RoleContext } from './role.ts';

export function dailyBackups({ environment, flags, clock, logger }: RoleContext, store: Store): BackupRunner {
  return backupRunner({
    schedule: store.backupSchedule,
    clock,
    open(to) {
      const place = openPlace(to, flags.data, environment);
      const keys = openKeys(undefined, flags.data, environment, true);
      // `openRoleStore` has seen to it that there is one.
      const url = environment.DATABASE_URL!;
      return { backups: openBackups({ url, place, keys, clock, picket: ownVersion(), log: logger }), place };
    },
  });
}

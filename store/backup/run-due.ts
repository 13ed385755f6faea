/**
 * One run of the daily backup: every tenant into an archive of its own, then what had its time is removed. A tenant that
 * fails keeps no other from being copied, and a run that failed somewhere removes nothing.
 */
import type { BackupOutcome, BackupRunner } from '../../actors/ports/backup-runner.ts';
import type { WallClock } from '../clock.ts';
import { limits } from '../limits.ts';
import type { ArchivePlace } from './archive-place.ts';
import { pruneArchives } from './kept-archives.ts';
import type { Backups } from './open-backups.ts';
import type { BackupSchedule, ScheduleTerms } from './schedule.ts';

export interface RunnerNeeds {
  schedule: BackupSchedule;
  clock: WallClock;
  /** Where the schedule says; throws when the place or the keys cannot be used on this node. */
  open(place: string): { backups: Pick<Backups, 'tenants' | 'create' | 'close'>; place: ArchivePlace };
}

export function backupRunner({ schedule, clock, open }: RunnerNeeds): BackupRunner {
  return {
    async runDue(epoch, isStill) {
      const terms = await schedule.claim(epoch);
      if (terms === null) return null;
      const outcome = await run(terms, isStill).catch((error: unknown) => ({
        ...nothing,
        error: textOf(error),
      }));
      await schedule.end(epoch, outcome);
      return outcome;
    },
  };

  async function run(terms: ScheduleTerms, isStill: () => boolean): Promise<BackupOutcome> {
    const { backups, place } = open(terms.place);
    const outcome: BackupOutcome = { ...nothing };
    try {
      for (const tenant of await backups.tenants()) {
        if (!isStill())
          return { ...outcome, error: 'another core coordinates now: the rest was not copied here' };
        try {
          await backups.create(tenant, () => {});
          outcome.copied += 1;
        } catch (error) {
          outcome.failed += 1;
          outcome.error ??= `${tenant}: ${textOf(error)}`;
        }
      }
      if (outcome.failed === 0)
        outcome.removed = (await pruneArchives(place, terms, null, clock.wallMs())).length;
    } catch (error) {
      outcome.error ??= textOf(error);
    } finally {
      await backups.close();
    }
    return outcome;
  }
}

const nothing: BackupOutcome = { copied: 0, failed: 0, removed: 0, error: null };

function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, limits.auditTextCharsMax);
}

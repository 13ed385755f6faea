/** `picket backup schedule`: the daily backup that the coordinator makes, shown, set and ended. */
import type { Command } from 'commander';
import type { BackupSchedule } from '../../store/index.ts';
import { type BackupFlags, common, whole, withDatabaseOf } from '../backup-flags.ts';
import { usage } from '../failure.ts';
import type { Surroundings } from './up.ts';

interface ScheduleFlags extends BackupFlags {
  at?: string;
  off?: boolean;
}

const examples = `Without --at or --off it shows the schedule and how the last run went. The coordinator makes the copies: the place, its
credentials and the keys are those of the core's host, the same on each; relative folders are not taken.

Examples:
  picket backup schedule --at 03:00 --to /mnt/backups --keep 7 --days 30
  picket backup schedule --json
  picket backup schedule --off
`;

export function addScheduleCommand(backup: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = backup
    .command('schedule')
    .description('copy all tenants every day, and remove what had its time')
    .option('--at <hh:mm>', 'when, UTC')
    .option('--keep <n>', 'keep so many newest of each tenant (default: all)')
    .option('--days <n>', 'keep those of so many days; with --keep, what either keeps')
    .option('--off', 'end it');
  common(command, surroundings, examples).action(async (flags: ScheduleFlags) => {
    const terms = termsOf(flags);
    const view = await withDatabaseOf(surroundings, flags, async (schedule) => {
      if (flags.off) await schedule.off();
      else if (terms !== null) await schedule.set(terms);
      return await viewOf(schedule);
    });
    if (flags.json) output.json(view);
    else for (const line of show(view)) output.line(line);
  });
}

function termsOf(flags: ScheduleFlags) {
  if (flags.at === undefined) {
    if (flags.keep !== undefined || flags.days !== undefined || flags.to !== undefined)
      throw usage('--at says when: the other terms go with it');
    return null;
  }
  if (flags.off) throw usage('--at and --off contradict each other');
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(flags.at);
  if (match === null) throw usage(`--at: "${flags.at}" is no time of a day; write 03:00`);
  if (flags.to === undefined || !/^(\/|s3:\/\/)/.test(flags.to))
    throw usage('--to says where: an absolute folder that every core has, or s3://bucket/prefix');
  return {
    atMinute: Number(match[1]) * 60 + Number(match[2]),
    place: flags.to,
    keep: whole(flags.keep, '--keep'),
    days: whole(flags.days, '--days'),
  };
}

async function viewOf(schedule: BackupSchedule) {
  const found = await schedule.read();
  if (found === null) return null;
  const { terms, last } = found;
  const two = (value: number) => String(value).padStart(2, '0');
  const instant = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return {
    at: `${two(Math.floor(terms.atMinute / 60))}:${two(terms.atMinute % 60)}`,
    to: terms.place,
    keep: terms.keep,
    days: terms.days,
    last:
      last === null
        ? null
        : {
            started_at: instant(last.startedAtMs),
            ended_at: instant(last.endedAtMs),
            copied: last.copied,
            failed: last.failed,
            error: last.error,
          },
  };
}

function show(view: Awaited<ReturnType<typeof viewOf>>): string[] {
  if (view === null) return ['there is no schedule: see picket backup schedule --help'];
  const { at, to, keep, days, last } = view;
  const kept = [keep === null ? null : `the newest ${keep}`, days === null ? null : `those of ${days} days`]
    .filter((one) => one !== null)
    .join(' and ');
  const lines = [`every day at ${at} UTC to ${to}; kept: ${kept === '' ? 'all' : kept}`];
  if (last === null) lines.push('it has not run yet');
  else if (last.ended_at === null) lines.push(`begun ${last.started_at}, not ended`);
  else
    lines.push(
      `last ${last.started_at} to ${last.ended_at}: ${last.copied} copied, ${last.failed} failed${last.error === null ? '' : ` (${last.error})`}`,
    );
  return lines;
}

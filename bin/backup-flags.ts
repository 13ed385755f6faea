/** What the commands of `picket backup` have in common: flags, help, and the way to the database. */
import type { Command } from 'commander';
import { systemClock } from '../runtime/index.ts';
import { type BackupSchedule, type Backups, openBackupSchedule, openBackups } from '../store/index.ts';
import { openKeys, openPlace } from './archive-place.ts';
import { dataOption } from './commands/node.ts';
import type { Surroundings } from './commands/up.ts';
import { withDatabase } from './database-door.ts';
import { usage } from './failure.ts';
import { ownVersion } from './own-version.ts';

export interface BackupFlags {
  data: string;
  to?: string;
  keys?: string;
  json?: boolean;
  yes?: boolean;
  tenant?: string;
  all?: boolean;
  replace?: boolean;
  keep?: string;
  days?: string;
}

export const where = `
Works on the database of DATABASE_URL, else on the embedded one in --data: beside a running cluster, or started for the
time of the command. Archives lie in the folder of --to (PICKET_BACKUPS; else "backups" in --data) or, with s3://bucket/prefix,
in a bucket, by AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL. They are sealed with the newest key of
--keys (PICKET_VAULT_KEYS; else secrets/vault.keys in --data, made on first use). Without that file no archive opens: keep a copy.
`;

/** What every one of them takes. */
export function common(command: Command, { environment }: Surroundings, examples: string): Command {
  return command
    .option('--to <place>', 'where archives lie: a folder, or s3://bucket/prefix')
    .option('--keys <file>', 'the key ring')
    .addOption(dataOption(environment))
    .option('--json', 'print JSON')
    .addHelpText('after', `${where}\n${examples}`);
}

export async function withBackups<T>(
  { environment, output }: Surroundings,
  flags: BackupFlags,
  work: (backups: Backups) => Promise<T>,
  mayMakeKeys = false,
): Promise<T> {
  const place = openPlace(flags.to, flags.data, environment);
  const door = { data: flags.data, url: environment.DATABASE_URL, mayMake: false, note: output.note };
  return await withDatabase(door, async (url) => {
    const keys = openKeys(flags.keys, flags.data, environment, mayMakeKeys);
    const backups = openBackups({ url, place, keys, clock: systemClock(), picket: ownVersion() });
    try {
      return await work(backups);
    } finally {
      await backups.close();
    }
  });
}

/** For what concerns the schedule alone: neither the place nor the keys need be at hand. */
export async function withDatabaseOf<T>(
  { environment, output }: Surroundings,
  flags: BackupFlags,
  work: (schedule: BackupSchedule) => Promise<T>,
): Promise<T> {
  const door = { data: flags.data, url: environment.DATABASE_URL, mayMake: false, note: output.note };
  return await withDatabase(door, async (url) => {
    const { schedule, close } = openBackupSchedule(url, systemClock());
    try {
      return await work(schedule);
    } finally {
      await close();
    }
  });
}

export function whole(text: string | undefined, flag: string): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,5}$/.test(text)) throw usage(`${flag}: "${text}" is no number of 0 to 99999`);
  return Number(text);
}

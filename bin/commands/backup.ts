/**
 * `picket backup`: copies of tenants, made, listed, tried, restored and removed. Works on the database, as `picket db`
 * does, and needs no cluster.
 */
import type { Command } from 'commander';
import { systemClock } from '../../runtime/index.ts';
import {
  type Archive,
  type Backups,
  listArchives,
  type OnProgress,
  openBackups,
  pruneArchives,
} from '../../store/index.ts';
import { openKeys, openPlace } from '../archive-place.ts';
import { confirm } from '../confirm.ts';
import { withDatabase } from '../database-door.ts';
import { CommandFailure, codeOf, usage } from '../failure.ts';
import { ownVersion } from '../own-version.ts';
import { table } from '../table.ts';
import { dataOption } from './node.ts';
import type { Surroundings } from './up.ts';

interface BackupFlags {
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

const where = `
Works on the database of DATABASE_URL, else on the embedded one in --data: beside a running cluster, or started for the
time of the command. Archives lie in the folder of --to (PICKET_BACKUPS; else "backups" in --data) or, with s3://bucket/prefix,
in a bucket, by AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL. They are sealed with the newest key of
--keys (PICKET_VAULT_KEYS; else secrets/vault.keys in --data, made on first use). Without that file no archive opens: keep a copy.
`;

export function addBackupCommands(program: Command, surroundings: Surroundings): void {
  const backup = program
    .command('backup')
    .description('copies of tenants: create, list, verify, restore, prune')
    .addHelpText('after', where);
  for (const add of [addCreate, addList, addVerify, addPrune]) add(backup, surroundings);
  addRestore(backup, surroundings, program);
}

/** What every one of them takes. */
function common(command: Command, { environment }: Surroundings, examples: string): Command {
  return command
    .option('--to <place>', 'where archives lie: a folder, or s3://bucket/prefix')
    .option('--keys <file>', 'the key ring')
    .addOption(dataOption(environment))
    .option('--json', 'print JSON')
    .addHelpText('after', `${where}\n${examples}`);
}

async function withBackups<T>(
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

function progress({ output }: Surroundings): OnProgress {
  return ({ tenant, table: name, at, of, bytes, rows }) =>
    output.note(
      `${tenant}: table ${at} of ${of}, ${name}: ${rows === null ? '' : `${rows} rows, `}${showBytes(bytes)}`,
    );
}

function showBytes(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function addCreate(backup: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = backup
    .command('create')
    .description('copy one tenant, or all of them, each into an archive of its own')
    .option('--tenant <tenant>', 'slug or id')
    .option('--all', 'every tenant that is active or suspended');
  common(
    command,
    surroundings,
    `Examples:
  picket backup create --tenant acme
  picket backup create --all --to /mnt/backups --json
  picket backup create --all --to s3://company-backups/picket
`,
  ).action(async (flags: BackupFlags) => {
    if ((flags.tenant === undefined) === (flags.all === undefined))
      throw usage('one of --tenant and --all says what to copy');
    const failed: { tenant: string; error: Error }[] = [];
    const made = await withBackups(
      surroundings,
      flags,
      async (backups) => {
        const rows: Archive[] = [];
        if (flags.tenant !== undefined) return [await backups.create(flags.tenant, progress(surroundings))];
        for (const tenant of await backups.tenants()) {
          // One that cannot be copied does not keep the others from it.
          await backups.create(tenant, progress(surroundings)).then(
            (archive) => rows.push(archive),
            (error: Error) => {
              if (codeOf(error) === 'store_unavailable' || codeOf(error) === 'place_unusable') throw error;
              failed.push({ tenant, error });
            },
          );
        }
        return rows;
      },
      true,
    );
    show(surroundings, flags, made);
    for (const { tenant, error } of failed) output.note(`${tenant}: ${error.message}`);
    const [first] = failed;
    if (first !== undefined)
      throw new CommandFailure(codeOf(first.error) ?? 'failed', `${failed.length} tenants were not copied`);
  });
}

function addList(backup: Command, surroundings: Surroundings): void {
  const command = backup
    .command('list')
    .description('which archives there are, newest first')
    .option('--tenant <tenant>', 'of one tenant: slug or id');
  common(command, surroundings, 'Example:\n  picket backup list --tenant acme --json\n').action(
    async (flags: BackupFlags) => {
      // Names say it all: neither the database nor the keys are needed.
      const place = openPlace(flags.to, flags.data, surroundings.environment);
      show(surroundings, flags, ofTenant(await listArchives(place), flags.tenant));
    },
  );
}

const ofTenant = (archives: readonly Archive[], tenant: string | undefined) =>
  archives.filter(({ slug, tenantId }) => tenant === undefined || slug === tenant || tenantId === tenant);

function addVerify(backup: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = backup
    .command('verify')
    .description('try an archive: restore it into a scratch tenant, compare every row, and undo it')
    .argument('<archive>', 'see picket backup list');
  common(command, surroundings, `Example:\n  picket backup verify ${exampleName}\n`).action(
    async (name: string, flags: BackupFlags) => {
      const found = await withBackups(surroundings, flags, (backups) =>
        backups.verify(name, progress(surroundings)),
      );
      const row = {
        archive: name,
        ok: true,
        tenant: found.slug,
        tenant_id: found.tenantId,
        taken_at: found.takenAt,
        picket: found.picket,
        schema_version: found.schemaVersion,
        tables: found.tables,
        rows: found.rows,
        bytes: found.bytes,
      };
      if (flags.json) output.json(row);
      else
        output.line(
          `${name} is whole: ${found.tables} tables, ${found.rows} rows, ${showBytes(found.bytes)}`,
        );
    },
  );
}

const exampleName = 'acme.abcdefghijkl.20261121T030000000Z.picket';

function addRestore(backup: Command, surroundings: Surroundings, program: Command): void {
  const { output } = surroundings;
  const command = backup
    .command('restore')
    .description('make a tenant of an archive: all of it in one go, or nothing')
    .argument('<archive>', 'see picket backup list')
    .option('--as <slug>', 'a new tenant under this slug, with an id and checks of its own')
    .option('--replace', 'in place of what the tenant has now')
    .option('--yes', 'do not ask');
  common(
    command,
    surroundings,
    `Here --as names a slug, and no certificate: the command asks no cluster.
One that is broken off, also by kill -9, leaves nothing; run it again.

Examples:
  picket backup restore ${exampleName}
  picket backup restore ${exampleName} --as acme-copy
  picket backup restore ${exampleName} --replace --yes
`,
  ).action(async (name: string, flags: BackupFlags) => {
    // The option of that name that every command takes sees it first; PICKET_AS is not meant.
    const as = program.opts<{ as?: string }>().as ?? null;
    if (as !== null && flags.replace)
      throw usage('--as makes a new tenant: --replace has nothing to replace');
    if (flags.replace)
      await confirm('What the tenant has now is lost, and has what the archive has.', flags.yes);
    const { tenant, totals } = await withBackups(surroundings, flags, (backups) =>
      backups.restore(name, { as, replace: flags.replace === true }, progress(surroundings)),
    );
    const row = {
      archive: name,
      tenant: tenant.slug,
      tenant_id: tenant.id,
      status: tenant.status,
      ...totals,
    };
    if (flags.json) output.json(row);
    else output.line(`tenant ${tenant.slug} (${tenant.id}) is ${tenant.status}, with ${totals.rows} rows`);
  });
}

function addPrune(backup: Command, surroundings: Surroundings): void {
  const command = backup
    .command('prune')
    .description('remove archives that had their time; of each tenant the newest always stays')
    .option('--keep <n>', 'keep so many newest of each tenant')
    .option('--days <n>', 'keep those of so many days; with --keep, what either keeps')
    .option('--tenant <tenant>', 'of one tenant: slug or id');
  common(command, surroundings, 'Example:\n  picket backup prune --keep 7 --days 30\n').action(
    async (flags: BackupFlags) => {
      const retention = { keep: whole(flags.keep, '--keep'), days: whole(flags.days, '--days') };
      if (retention.keep === null && retention.days === null) throw usage('--keep or --days says what stays');
      const place = openPlace(flags.to, flags.data, surroundings.environment);
      show(
        surroundings,
        flags,
        await pruneArchives(place, retention, flags.tenant ?? null, systemClock().wallMs()),
      );
    },
  );
}

function whole(text: string | undefined, flag: string): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,5}$/.test(text)) throw usage(`${flag}: "${text}" is no number of 0 to 99999`);
  return Number(text);
}

function show({ output }: Surroundings, flags: BackupFlags, archives: readonly Archive[]): void {
  const rows = archives.map(({ name, slug, tenantId, takenAtMs, bytes }) => ({
    archive: name,
    tenant: slug,
    tenant_id: tenantId,
    taken_at: new Date(takenAtMs).toISOString(),
    bytes,
  }));
  if (flags.json) output.json(rows);
  else
    output.line(
      table(
        ['TENANT', 'TAKEN', 'BYTES', 'ARCHIVE'],
        rows.map((row) => [row.tenant, row.taken_at, row.bytes, row.archive]),
      ),
    );
}

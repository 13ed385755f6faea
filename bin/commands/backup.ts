/**
 * `picket backup`: copies of tenants, made, listed, tried, restored and removed. Works on the database, as `picket db`
 * does, and needs no cluster.
 */
import type { Command } from 'commander';
import { systemClock } from '../../runtime/index.ts';
import { type Archive, listArchives, type OnProgress, pruneArchives } from '../../store/index.ts';
import { openPlace } from '../archive-place.ts';
import { type BackupFlags, common, where, whole, withBackups } from '../backup-flags.ts';
import { confirm } from '../confirm.ts';
import { CommandFailure, codeOf, usage } from '../failure.ts';
import { table } from '../table.ts';
import { addScheduleCommand } from './backup-schedule.ts';
import type { Surroundings } from './up.ts';

export function addBackupCommands(program: Command, surroundings: Surroundings): void {
  const backup = program
    .command('backup')
    .description('copies of tenants: create, list, verify, restore, prune, schedule')
    .addHelpText('after', where);
  for (const add of [addCreate, addList, addVerify, addPrune]) add(backup, surroundings);
  addRestore(backup, surroundings, program);
  addScheduleCommand(backup, surroundings);
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
    .option('--yes', 'do not ask (without a terminal nothing is asked either)');
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

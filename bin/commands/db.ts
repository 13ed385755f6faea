/** `picket db`: the schema of the database, of the platform and of each tenant. Needs no cluster. */
import { type Command, Option } from 'commander';
import type { LintFinding, RollbackTarget, SchemaPart, SchemaStatus } from '../../store/index.ts';
import { confirm } from '../confirm.ts';
import { withSchema } from '../database-door.ts';
import { CommandFailure, usage } from '../failure.ts';
import { table } from '../table.ts';
import { addExplain, addLoad } from './db-load.ts';
import { addRetention } from './db-retention.ts';
import { dataOption } from './node.ts';
import type { Surroundings } from './up.ts';

interface DbFlags {
  data: string;
  json?: boolean;
  yes?: boolean;
  platform?: boolean;
  tenant?: string;
  allTenants?: boolean;
}

const where = `
Works on the database of DATABASE_URL, else on the embedded one in --data: beside a running cluster, or started for the
time of the command.
`;

export function addDbCommands(program: Command, surroundings: Surroundings): void {
  const db = program
    .command('db')
    .description(
      'the schema of the database: status, migrate, rollback, lint; and how long what flows is kept: retention; load, explain',
    )
    .addHelpText('after', where);
  for (const add of [addStatus, addMigrate, addRollback, addLint, addRetention, addLoad, addExplain])
    add(db, surroundings);
}

function door({ environment, output }: Surroundings, flags: DbFlags, mayMake = false) {
  return { data: flags.data, url: environment.DATABASE_URL, mayMake, note: output.note };
}

function addStatus(db: Command, surroundings: Surroundings): void {
  const { output, environment } = surroundings;
  db.command('status')
    .description('which version of the schema the platform and each tenant have')
    .addOption(dataOption(environment))
    .option('--json', 'print JSON')
    .addHelpText('after', `${where}\nExample:\n  picket db status --json\n`)
    .action(async (flags: DbFlags) => {
      const status = await withSchema(door(surroundings, flags), (schema) => schema.status());
      if (flags.json) output.json(statusView(status));
      else output.line(showStatus(status));
    });
}

function addMigrate(db: Command, surroundings: Surroundings): void {
  const { output, environment } = surroundings;
  db.command('migrate')
    .description(
      'bring the platform and all tenants to the schema of this picket; goes on where it was interrupted',
    )
    .addOption(dataOption(environment))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `${where}\nExample:\n  DATABASE_URL=postgresql://picket@db/picket picket db migrate\n`,
    )
    .action(async (flags: DbFlags) => {
      const failed: { tenant: string; code: string; message: string }[] = [];
      const status = await withSchema(door(surroundings, flags, true), async (schema) => {
        await schema.migrate({
          onProgress: ({ of, done, failed: notDone, slug }) =>
            output.note(
              `${done + notDone} of ${of} tenants (${slug})${notDone > 0 ? `, ${notDone} failed` : ''}`,
            ),
          onFailed: ({ slug, error }) =>
            failed.push({ tenant: slug, code: error.code, message: error.message }),
        });
        return await schema.status();
      });
      if (flags.json) output.json(statusView(status));
      else output.line(showStatus(status));
      const [first] = failed;
      if (first === undefined) return;
      for (const { tenant, message } of failed) output.note(`${tenant}: ${message}`);
      throw new CommandFailure(
        first.code,
        `${failed.length} tenants are not migrated and keep their schema; run it again when that is mended`,
      );
    });
}

function addRollback(db: Command, surroundings: Surroundings): void {
  const { output, environment } = surroundings;
  db.command('rollback')
    .description('take back the last step of the schema; what only that step held is lost')
    .option('--tenant <tenant>', 'of one tenant: slug or id')
    .option('--all-tenants', 'of every tenant that has the newest of them')
    .option('--platform', 'of the platform; stop the cluster first')
    .addOption(new Option('--yes', 'do not ask (without a terminal nothing is asked either)'))
    .addOption(dataOption(environment))
    .option('--json', 'print JSON')
    .addHelpText('after', `${where}${rollbackExamples}`)
    .action(async (flags: DbFlags) => {
      const target = targetOf(flags);
      await withSchema(door(surroundings, flags), async (schema) => {
        await confirm('What only the last step of the schema held is lost.', flags.yes);
        const done = await schema.rollback(target, ({ of, done: count, slug }) =>
          output.note(`${count} of ${of} tenants (${slug})`),
        );
        const rows = done.map(({ slug, tenantId, version, name }) => ({
          tenant: slug ?? 'platform',
          tenant_id: tenantId,
          version: version,
          name,
        }));
        if (flags.json) output.json(rows);
        else
          output.line(
            table(
              ['TENANT', 'TAKEN BACK', 'NAME'],
              rows.map((row) => [row.tenant, row.version, row.name]),
            ),
          );
      });
    });
}

const rollbackExamples = `
A cluster runs on with tenants that are one version behind, not with a platform that is.

Examples:
  picket db rollback --tenant acme
  picket db rollback --all-tenants --yes
  picket db rollback --platform --yes
`;

function targetOf({ platform, tenant, allTenants }: DbFlags): RollbackTarget {
  const targets: RollbackTarget[] = [];
  if (platform) targets.push('platform');
  if (allTenants) targets.push('all_tenants');
  if (tenant !== undefined) targets.push({ tenant });
  const [target] = targets;
  if (target === undefined || targets.length > 1)
    throw usage('one of --tenant, --all-tenants and --platform says what to take back');
  return target;
}

function addLint(db: Command, surroundings: Surroundings): void {
  const { output, environment } = surroundings;
  db.command('lint')
    .description('what is wrong with owners, grants, roles, indexes and row-level security')
    .addOption(dataOption(environment))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `${where}\nEnds with status 1 when there is something.\n\nExample:\n  picket db lint --json\n`,
    )
    .action(async (flags: DbFlags) => {
      const findings = await withSchema(door(surroundings, flags), (schema) => schema.lint());
      if (flags.json) output.json(findings);
      else if (findings.length > 0) output.line(showFindings(findings));
      else output.line('nothing to say');
      if (findings.length > 0) throw new CommandFailure('lint_findings', `${findings.length} findings`);
    });
}

function partView({ version, latest, state, pending, error }: SchemaPart) {
  return { version, latest, state, pending, error };
}

function statusView({ platform, tenants }: SchemaStatus) {
  return {
    platform: partView(platform),
    tenants: tenants.map((part) => ({ tenant: part.slug, tenant_id: part.tenantId, ...partView(part) })),
  };
}

function showStatus({ platform, tenants }: SchemaStatus): string {
  const row = (name: string, { version, latest, state, error }: SchemaPart) => [
    name,
    version,
    latest,
    state,
    error,
  ];
  return table(
    ['OF', 'VERSION', 'NEWEST', 'STATE', 'ERROR'],
    [row('platform', platform), ...tenants.map((part) => row(part.slug, part))],
  );
}

function showFindings(findings: readonly LintFinding[]): string {
  return table(
    ['RULE', 'OBJECT', 'WHAT'],
    findings.map(({ rule, object, detail }) => [rule, object, detail]),
  );
}

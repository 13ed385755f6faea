/** `picket check`: what is watched. */
import { type Command, Option } from 'commander';
import type { CheckView } from '../../actors/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { type CheckFlags, readCheck, readEdit } from '../check-flags.ts';
import { importLines, readLines } from '../check-import.ts';
import { showDuration } from '../durations.ts';
import { CommandFailure } from '../failure.ts';
import { pause } from '../launcher/lock.ts';
import { runNowLookMs, runNowWaitMs } from '../limits.ts';
import { type OperatorSession, type Target, withOperator } from '../operator-session.ts';
import type { Output } from '../output.ts';
import { table } from '../table.ts';
import type { ArchivedCheckView, ResultView } from '../views.ts';
import type { Surroundings } from './up.ts';

interface CommonFlags extends Target {
  tenant: string;
  json?: boolean;
}

interface Options {
  data(): Option;
  json(): Option;
  tenant(): Option;
  /** Whichever tenant has the check: ids are unique across tenants. */
  maybeTenant(): Option;
}

export function addCheckCommands(program: Command, surroundings: Surroundings): void {
  const folder = surroundings.environment.PICKET_DATA || './.picket';
  const options: Options = {
    data: () => new Option('--data <dir>', 'state of the cluster').default(folder),
    json: () => new Option('--json', 'print JSON'),
    tenant: () => new Option('--tenant <tenant>', 'slug or id').default('default'),
    maybeTenant: () => new Option('--tenant <tenant>', 'slug or id (default: whichever has the check)'),
  };
  const check = program
    .command('check')
    .description('checks: add, list, edit, remove, restore, run-now, import');
  for (const add of [addAdd, addList, addEdit, addRemove, addRestore, addRunNow, addImport])
    add(check, surroundings, options);
}

const several = (one: string, all: string[]) => [...all, one];

function addAdd(check: Command, { output }: Surroundings, { tenant, data, json }: Options): void {
  check
    .command('add')
    .description('watch something')
    .requiredOption('--kind <kind>', 'tcp, http, icmp or dns')
    .requiredOption('--target <target>', 'host or address; a URL for http; the name for dns')
    .option('--name <name>', 'default: the target')
    .option('--port <port>', 'tcp: the port')
    .option('--interval <time>', 'how often', '5s')
    .option('--timeout <time>', 'how long one run may take (default: 2s, at most 4/5 of the interval)')
    .option('--retries <count>', 'like results in a row before the state changes', '3')
    .option(
      '--partition <name>',
      'network of the tenant: of any but default, its agents there alone run it',
      'default',
    )
    .option('--set <name=value>', 'a setting of the kind (again for more)', several, [])
    .addOption(tenant())
    .addOption(data())
    .addOption(json())
    .addHelpText('after', addExamples)
    .action(async (flags: CommonFlags & CheckFlags) => {
      const { tenant: slug, json: asJson, data: _, at: _at, as: _as, trace: _trace, ...described } = flags;
      const wanted = readCheck(described);
      const [row] = await withOperator(flags, (session) =>
        session.call<CheckView[]>('check_add', { tenant: slug, checks: [wanted] }),
      );
      if (asJson) output.json(row);
      else output.line(showChecks([row!]));
    });
}

function addList(check: Command, { output }: Surroundings, { tenant, data, json }: Options): void {
  check
    .command('list')
    .description('the checks of a tenant and their states')
    .option('--archived', 'those that were removed and may be restored')
    .addOption(tenant())
    .addOption(data())
    .addOption(json())
    .addHelpText(
      'after',
      '\nExamples:\n  picket check list --tenant acme --json\n  picket check list --archived\n',
    )
    .action(async (flags: CommonFlags & { archived?: boolean }) => {
      if (flags.archived) return await listArchived(output, flags);
      const rows = await withOperator(flags, (session) =>
        session.call<CheckView[]>('check_list', { tenant: flags.tenant }),
      );
      if (flags.json) output.json(rows);
      else output.line(showChecks(rows));
    });
}

function addEdit(check: Command, { output }: Surroundings, { maybeTenant, data, json }: Options): void {
  check
    .command('edit')
    .description('change what is given of a check, from now on; its results so far stay as they are')
    .argument('<id>', 'of the check')
    .option('--interval <time>', 'how often; the timeout stays as it is')
    .option('--timeout <time>', 'how long one run may take')
    .option('--retries <count>', 'like results in a row before the state changes')
    .option('--name <name>', 'what people call it')
    .option('--target <target>', 'host or address; a URL for http; the name for dns')
    .option('--port <port>', 'tcp: the port')
    .option(
      '--set <name=value>',
      'a setting of the kind (again for more), in place of all it had',
      several,
      [],
    )
    .option('--why <text>', 'the reason, for the audit')
    .addOption(maybeTenant())
    .addOption(data())
    .addOption(json())
    .addHelpText('after', editExamples)
    .action(async (id: string, flags: CommonFlags & CheckFlags & { why?: string }) => {
      const edit = readEdit(flags);
      const asked = { tenant: flags.tenant ?? null, id, edit, why: flags.why ?? null };
      const row = await withOperator(flags, (session) => session.call<CheckView>('check_edit', asked));
      if (flags.json) output.json(row);
      else output.line(showChecks([row]));
    });
}

function addRemove(check: Command, { output }: Surroundings, { maybeTenant, data, json }: Options): void {
  check
    .command('remove')
    .alias('archive')
    .description('stop watching; results so far can be read, and it may be restored, for 30 days')
    .argument('<id>', 'of the check')
    .option('--why <text>', 'the reason, for the audit')
    .addOption(maybeTenant())
    .addOption(data())
    .addOption(json())
    .addHelpText('after', '\nExample:\n  picket check remove chk_abcdefghijklmnop --why "moved"\n')
    .action(async (id: string, flags: CommonFlags & { why?: string }) => {
      const row = await withOperator(flags, (session) =>
        session.call<CheckView>('check_remove', { tenant: flags.tenant ?? null, id, why: flags.why ?? null }),
      );
      if (flags.json) output.json(row);
      else output.line(`removed ${row.id} (${row.name}); picket check restore ${row.id} brings it back`);
    });
}

function addRestore(check: Command, { output }: Surroundings, { maybeTenant, data, json }: Options): void {
  check
    .command('restore')
    .description('watch again what was removed in the last 30 days; nothing is due for the time in between')
    .argument('<id>', 'of the check: see picket check list --archived')
    .option('--why <text>', 'the reason, for the audit')
    .addOption(maybeTenant())
    .addOption(data())
    .addOption(json())
    .addHelpText('after', '\nExample:\n  picket check restore chk_abcdefghijklmnop\n')
    .action(async (id: string, flags: CommonFlags & { why?: string }) => {
      const row = await withOperator(flags, (session) =>
        session.call<CheckView>('check_restore', {
          tenant: flags.tenant ?? null,
          id,
          why: flags.why ?? null,
        }),
      );
      if (flags.json) output.json(row);
      else output.line(`restored ${row.id} (${row.name})`);
    });
}

async function listArchived(output: Output, flags: CommonFlags): Promise<void> {
  const rows = await withOperator(flags, (session) =>
    session.call<ArchivedCheckView[]>('check_archived', { tenant: flags.tenant }),
  );
  if (flags.json) return output.json(rows);
  const cells = rows.map((row) => [row.id, row.name, row.kind, row.target, row.archived_at, row.kept_until]);
  output.line(table(['ID', 'NAME', 'KIND', 'TARGET', 'REMOVED', 'KEPT UNTIL'], cells));
}

function addRunNow(check: Command, { output }: Surroundings, { maybeTenant, data, json }: Options): void {
  check
    .command('run-now')
    .description('run once at this moment, beside the schedule, and show the result')
    .argument('<id>', 'of the check')
    .addOption(maybeTenant())
    .addOption(data())
    .addOption(json())
    .addHelpText('after', '\nExample:\n  picket check run-now chk_abcdefghijklmnop\n')
    .action(async (id: string, flags: CommonFlags) => {
      const row = await withOperator(flags, (session) => runNow(session, id, flags.tenant ?? null));
      const { status, reason, latency_ms, agent } = row;
      const took = latency_ms === null ? '' : ` in ${latency_ms} ms`;
      const by = agent === null ? '' : ` by ${agent}`;
      if (flags.json) output.json(row);
      else output.line(`${status}${reason ? ` (${reason})` : ''}${took}${by}`);
      if (status === 'skipped') throw new CommandFailure('not_run', `it did not run: ${reason}`);
    });
}

function addImport(check: Command, { output }: Surroundings, { tenant, data, json }: Options): void {
  check
    .command('import')
    .description('add many checks from a file of JSON lines with the fields of `check add`')
    .argument('<file>', 'one object a line')
    .addOption(tenant())
    .addOption(data())
    .addOption(json())
    .addHelpText('after', importExamples)
    .action(async (file: string, flags: CommonFlags) => {
      const lines = await readLines(file);
      const added = await withOperator(flags, (session) =>
        importLines(session, flags.tenant, file, lines, output),
      );
      if (flags.json) output.json(added);
      else output.line(`added ${added.length} checks`);
    });
}

const addExamples = `
Settings: http: expect_status, body_contains, method, follow_redirects, verify_tls; dns: record, expect, server.

Examples:
  picket check add --name ssh --kind tcp --target 192.0.2.10 --port 22 --interval 1s
  picket check add --kind http --target https://example.org/ --set expect_status=200 --set body_contains=Example
  picket check add --kind dns --target example.org --set record=A --set expect=192.0.2.80 --set server=192.0.2.53:53
  picket check add --kind icmp --target 192.0.2.1 --tenant acme
  picket check add --kind tcp --target 10.20.0.5 --port 5432 --tenant acme --partition plant
`;

const editExamples = `
Examples:
  picket check edit chk_abcdefghijklmnop --interval 30s --why "too many connections"
  picket check edit chk_abcdefghijklmnop --target 192.0.2.11 --port 2222 --retries 5
`;

const importExamples = `
A line: {"name":"ssh","kind":"tcp","target":"192.0.2.10","port":22,"interval":"5s","settings":{}}
All lines are judged before the first is added.

Example:
  picket check import checks.ndjson --tenant acme
`;

function showChecks(rows: readonly CheckView[]): string {
  return table(
    ['ID', 'NAME', 'KIND', 'TARGET', 'PORT', 'PARTITION', 'EVERY', 'STATE', 'LAST', 'REASON'],
    rows.map((row) => [
      row.id,
      row.name,
      row.kind,
      row.target,
      row.port,
      row.partition,
      showDuration(row.interval_ms),
      row.flapping ? `${row.state} (flapping)` : row.state,
      row.last_status,
      row.last_reason,
    ]),
  );
}

async function runNow(session: OperatorSession, id: string, tenant: string | null): Promise<ResultView> {
  const asked = await session.call<{ due_at: string; tenant: string }>('check_run_now', { tenant, id });
  const dueMs = Date.parse(asked.due_at);
  const query = { checkId: id, sinceMs: dueMs, limit: 50 };
  const clock = systemClock();
  const untilMs = clock.monotonicMs() + runNowWaitMs;
  while (clock.monotonicMs() < untilMs) {
    const rows = await session.call<ResultView[]>('results', { tenant: asked.tenant, query });
    const row = rows.find(({ due_at }) => due_at === asked.due_at);
    if (row !== undefined) return row;
    await pause(clock, runNowLookMs);
  }
  throw new CommandFailure('no_result', `no result came; see picket results --check ${id}`);
}

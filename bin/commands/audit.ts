/**
 * `picket audit`: who did what in remote shells. Lists sessions, shows one, and gives up what is old; the replay and the
 * verifier have their own files.
 */
import { type Command, Option } from 'commander';
import { systemClock } from '../../runtime/index.ts';
import type { ArchivedSession } from '../../shell/index.ts';
import { auditCommand, readSession } from '../audit-pages.ts';
import type { SessionsAsked } from '../audit-procedures.ts';
import { entryView, type SessionView, sessionView } from '../audit-views.ts';
import { confirm } from '../confirm.ts';
import { parseDuration, parseSince } from '../durations.ts';
import { usage } from '../failure.ts';
import { recordKeptDays, sessionsListedDefault, sessionsListedMax } from '../limits.ts';
import { type Target, withOperator } from '../operator-session.ts';
import { table } from '../table.ts';
import { addAuditReplay } from './audit-replay.ts';
import { addAuditVerify } from './audit-verify.ts';
import type { Surroundings } from './up.ts';

interface Flags extends Target {
  json?: boolean;
  operator?: string;
  node?: string;
  since?: string;
  limit: string;
  olderThan: string;
  yes?: boolean;
}

export function addAuditCommands(program: Command, surroundings: Surroundings): void {
  const audit = program
    .command('audit')
    .description('who did what: the record of remote shells, line by line')
    .addHelpText('after', '\nFor operators of the platform: those of one tenant may not read it.\n');
  addSessions(audit, surroundings);
  addShow(audit, surroundings);
  addAuditReplay(audit, surroundings);
  addAuditVerify(audit, surroundings);
  addPrune(audit, surroundings);
}

function addSessions(audit: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = audit
    .command('sessions')
    .description('sessions of remote shells, the latest first')
    .option('--operator <name>', 'only of this operator')
    .option('--node <name>', 'only on this node')
    .option('--since <time>', 'opened since: an instant (RFC 3339) or a time back (2h)')
    .option('--limit <count>', `at most ${sessionsListedMax}`, String(sessionsListedDefault))
    .addOption(new Option('--json', 'print JSON'));
  const examples =
    'LINES counts what was typed. Without a CLOSED a session is open, or its node died in it. What a node without a database\n' +
    'could not tell a core yet is not listed: see picket audit verify.\n\n' +
    'Examples:\n  picket audit sessions --since 1d\n  picket audit sessions --operator ann --node core_1 --json\n';
  auditCommand(command, surroundings, examples).action(async (flags: Flags) => {
    const limit = Number(flags.limit);
    if (!/^\d+$/.test(flags.limit) || limit < 1 || limit > sessionsListedMax)
      throw usage(`--limit "${flags.limit}": 1 to ${sessionsListedMax}`);
    const { operator = null, node = null, since } = flags;
    const sinceMs = since === undefined ? null : Math.max(0, parseSince(since, systemClock().wallMs()));
    const asked: SessionsAsked = { operator, node, sinceMs, limit };
    const rows = await withOperator(flags, (session) =>
      session.call<ArchivedSession[]>('audit_sessions', asked),
    );
    const views = rows.map(sessionView);
    if (flags.json) output.json(views);
    else output.line(showSessions(views));
  });
}

function showSessions(views: readonly SessionView[]): string {
  return table(
    ['SESSION', 'OPENED', 'OPERATOR', 'TENANT', 'NODE', 'FROM', 'WRITES', 'LINES', 'LAST', 'CLOSED'],
    views.map((one) => [
      ...[one.session, one.opened_at, one.operator, one.tenant, one.node, one.from],
      ...[one.may_write, one.lines, one.last_at, one.closed],
    ]),
  );
}

function addShow(audit: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = audit
    .command('show')
    .description('everything that was kept of a session')
    .argument('<session>', 'see picket audit sessions')
    .addOption(new Option('--json', 'print JSON'));
  const examples = 'Examples:\n  picket audit show SESSION\n  picket audit show SESSION --json\n';
  auditCommand(command, surroundings, examples).action(async (id: string, flags: Flags) => {
    const entries = await withOperator(flags, (session) => readSession(session, id));
    const views = entries.map(entryView);
    if (flags.json) output.json(views);
    else
      output.line(
        table(
          ['AT', 'EVENT', 'RUN', 'WHAT'],
          views.map(({ node, boot, seq, at, session, type, ...rest }) => {
            const { run, ...more } = rest as { run?: number };
            const said = Object.values(more).filter((one) => one !== null);
            return [at, type, run, said.length === 1 ? String(said[0]) : JSON.stringify(more)];
          }),
        ),
      );
  });
}

function addPrune(audit: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = audit
    .command('prune')
    .description('remove what the database has kept for long; nothing goes by itself')
    .option(
      '--older-than <duration>',
      `at least ${recordKeptDays}d, which the database holds too`,
      `${recordKeptDays}d`,
    )
    .addOption(new Option('--yes', 'do not ask (without a terminal nothing is asked either)'))
    .addOption(new Option('--json', 'print JSON'));
  const examples =
    'Where each chain begins then is kept, so that the rest is verified as before.\n\nExample:\n  picket audit prune --older-than 730d\n';
  auditCommand(command, surroundings, examples).action(async (flags: Flags) => {
    const days = Math.floor(parseDuration(flags.olderThan, '--older-than') / 86_400_000);
    if (days < recordKeptDays) throw usage(`--older-than "${flags.olderThan}": at least ${recordKeptDays}d`);
    await confirm(`What is older than ${days} days goes from the database, for good.`, flags.yes);
    const removed = await withOperator(flags, (session) => session.call<number>('audit_prune', { days }));
    if (flags.json) output.json({ removed });
    else output.line(`${removed} entries removed`);
  });
}

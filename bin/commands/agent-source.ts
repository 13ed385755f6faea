/** `picket agent-source`: agents of a tenant that only listen, dialled and asked by a poller. */
import type { Command } from 'commander';
import { parseDuration, showDuration } from '../durations.ts';
import { usage } from '../failure.ts';
import { sourceTestWaitMs } from '../limits.ts';
import { type Target, withOperator } from '../operator-session.ts';
import type { PollView, SourceView } from '../source-views.ts';
import { table } from '../table.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

interface Flags extends Target {
  tenant: string;
  json?: boolean;
}

interface SourceFlags extends Flags {
  address?: string;
  partition?: string;
  id?: string;
  tlsName?: string;
  interval?: string;
  service: string[];
  results: string[];
}

interface Service {
  type: string;
  name: string;
  details: string;
  results: boolean;
}

export function addAgentSourceCommands(program: Command, surroundings: Surroundings): void {
  const source = program
    .command('agent-source')
    .description('agents that only listen: add, list, show, edit, test, remove, restore');
  for (const add of [addAdd, addList, addShow, addEdit, addTest, addEnds]) add(source, surroundings);
}

const several = (one: string, all: string[]) => [...all, one];

/** What is left out of an edit stays: only `add` has defaults to tell of. */
function withFields(command: Command, told: { partition: string; interval: string }): Command {
  return command
    .option('--partition <name>', `address space of the tenant that it is in${told.partition}`)
    .option('--id <id>', 'of the agent, as its certificate must have it (empty: any of the tenant)')
    .option('--tls-name <name>', 'sent to it as the server name (empty: none)')
    .option('--interval <duration>', `how often it is asked, 5s to 1d${told.interval}`)
    .option(
      '--service <type:name:details>',
      'is asked how it is; of sweep and sync results too (again for more)',
      several,
      [],
    )
    .option(
      '--results <type:name:details>',
      'the same, and asked for its results (again for more)',
      several,
      [],
    );
}

function addAdd(source: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = withFields(
    source
      .command('add')
      .description('write one down; a poller begins to ask it')
      .requiredOption('--address <host:port>', 'where it listens: agents of the older kind on 50051'),
    { partition: ' (default: default)', interval: ' (default: 30s)' },
  );
  const example = `What a service is named is what a check of the tenant in the same partition must be named, to be told by it.

Examples:
  picket agent-source add --tenant acme --address 198.51.100.7:50051 --partition branch --service icmp:router:192.0.2.1
  picket agent-source add --tenant acme --address agent.example.org:50051 --id edge-7 --service port:mail:mx.example.org:25 --service sweep:network_sweep
`;
  tenantCommand(command, surroundings, example).action(async (flags: SourceFlags) => {
    const asked = { tenant: flags.tenant, source: saidOf(flags) };
    const row = await withOperator(flags, (session) => session.call<SourceView>('agent_source_add', asked));
    if (flags.json) output.json(row);
    else output.line(show([row]));
  });
}

function addEdit(source: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = withFields(
    source
      .command('edit')
      .description('change what is named; services take the place of all that were there')
      .argument('<id>', 'see picket agent-source list')
      .option('--address <host:port>', 'where it listens'),
    { partition: '', interval: '' },
  );
  const example =
    'Example:\n  picket agent-source edit src_abcdefghijklmnop --tenant acme --interval 1m --service process:sshd\n';
  tenantCommand(command, surroundings, example).action(async (id: string, flags: SourceFlags) => {
    const said = saidOf(flags);
    if (Object.keys(said).length === 0) throw usage('nothing was named that could be changed');
    const asked = { tenant: flags.tenant, id, source: said };
    const row = await withOperator(flags, (session) => session.call<SourceView>('agent_source_edit', asked));
    if (flags.json) output.json(row);
    else output.line(show([row]));
  });
}

function addList(source: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = source
    .command('list')
    .description('by address, with how the last poll ended')
    .option('--archived', 'those that were removed and can be restored');
  tenantCommand(command, surroundings, 'Example:\n  picket agent-source list --tenant acme\n').action(
    async (flags: Flags & { archived?: boolean }) => {
      const { tenant, archived = false } = flags;
      const rows = await withOperator(flags, (session) =>
        session.call<SourceView[]>('agent_source_list', { tenant, archived }),
      );
      if (flags.json) output.json(rows);
      else output.line(show(rows));
    },
  );
}

function addShow(source: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = source
    .command('show')
    .description('one, and what became of each of its services')
    .argument('<id>', 'see picket agent-source list');
  tenantCommand(
    command,
    surroundings,
    'Example:\n  picket agent-source show src_abcdefghijklmnop --tenant acme\n',
  ).action(async (id: string, flags: Flags) => {
    const asked = { tenant: flags.tenant, id };
    const row = await withOperator(flags, (session) => session.call<SourceView>('agent_source_show', asked));
    if (flags.json) output.json(row);
    else output.line(row.last_poll === null ? show([row]) : `${show([row])}\n\n${showPoll(row.last_poll)}`);
  });
}

function addTest(source: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = source
    .command('test')
    .description('dial it now and ask it everything; nothing of it is kept')
    .argument('<id>', 'see picket agent-source list');
  tenantCommand(
    command,
    surroundings,
    'Example:\n  picket agent-source test src_abcdefghijklmnop --tenant acme\n',
  ).action(async (id: string, flags: Flags) => {
    const asked = { tenant: flags.tenant, id };
    const poll = await withOperator(flags, (session) =>
      session.call<PollView>('agent_source_test', asked, sourceTestWaitMs),
    );
    if (flags.json) output.json(poll);
    else output.line(showPoll(poll));
  });
}

const ends = [
  { verb: 'remove', does: 'ask it no more; it can be restored for 30 days' },
  { verb: 'restore', does: 'ask one again that was removed, from where it was' },
] as const;

function addEnds(source: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  for (const { verb, does } of ends) {
    const command = source
      .command(verb)
      .description(does)
      .argument('<id>', 'see picket agent-source list')
      .option('--why <text>', 'for the history');
    const example = `Example:\n  picket agent-source ${verb} src_abcdefghijklmnop --tenant acme\n`;
    tenantCommand(command, surroundings, example).action(
      async (id: string, flags: Flags & { why?: string }) => {
        const { tenant, why = null } = flags;
        const row = await withOperator(flags, (session) =>
          session.call<SourceView>(`agent_source_${verb}`, { tenant, id, why }),
        );
        if (flags.json) output.json(row);
        else {
          output.line(show([row]));
          if (verb === 'remove')
            output.note(`brought back by: picket agent-source restore ${row.id} --tenant ${row.tenant}`);
        }
      },
    );
  }
}

function saidOf(flags: SourceFlags) {
  const { address, partition, id, tlsName, interval } = flags;
  const services = [
    ...flags.service.map((spec) => serviceOf(spec, '--service', false)),
    ...flags.results.map((spec) => serviceOf(spec, '--results', true)),
  ];
  return {
    ...(address !== undefined && { address }),
    ...(partition !== undefined && { partition }),
    ...(id !== undefined && { agentId: id }),
    ...(tlsName !== undefined && { tlsName }),
    ...(interval !== undefined && { intervalMs: parseDuration(interval, '--interval') }),
    ...(services.length > 0 && { services }),
  };
}

/** What follows the second colon is the agent's own, with all its colons. */
function serviceOf(spec: string, flag: string, results: boolean): Service {
  const [, type, name, details = ''] = /^([^:]+):([^:]+)(?::([\s\S]*))?$/.exec(spec) ?? [];
  if (type === undefined || name === undefined)
    throw usage(`${flag}: "${spec}" is no service; write TYPE:NAME or TYPE:NAME:DETAILS`);
  return { type, name, details, results: results || type === 'sweep' || type === 'sync' };
}

function show(rows: readonly SourceView[]): string {
  return table(
    ['ID', 'ADDRESS', 'PARTITION', 'AGENT', 'EVERY', 'SERVICES', 'LAST POLL', 'AT', 'BY'],
    rows.map((row) => [
      row.id,
      row.address,
      row.partition,
      row.last_poll?.agent ?? row.agent_id ?? '',
      showDuration(row.interval_ms),
      String(row.services.length),
      row.last_poll?.code ?? '',
      row.last_poll?.at ?? '',
      row.last_poll?.poller ?? '',
    ]),
  );
}

function showPoll({ at, poller, code, detail, agent, services }: PollView): string {
  const head = `${at} by ${poller}: ${code}${detail === '' ? '' : ` (${detail})`}${agent === null ? '' : `, agent ${agent}`}`;
  if (services.length === 0) return head;
  const rows = services.map((one) => [one.type, one.name, one.code, one.sequence, one.detail]);
  return `${head}\n${table(['TYPE', 'NAME', 'CODE', 'SEQUENCE', 'DETAIL'], rows)}`;
}

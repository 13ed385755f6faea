/** `picket source`: systems that know devices, listed for a tenant. Credentials go in by a file or stdin, and come out nowhere. */
import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import type { ListedSourceSaid } from '../../actors/index.ts';
import { sourceKinds } from '../../sources/index.ts';
import { parseDuration } from '../durations.ts';
import { usage } from '../failure.ts';
import type { ListedSourceAsked, OfListedSource } from '../listed-source-procedures.ts';
import { showOne, showSources } from '../listed-source-tables.ts';
import type { ListedSourceView } from '../listed-source-views.ts';
import { readNamedFile } from '../named-file.ts';
import { type Target, withOperator } from '../operator-session.ts';
import { readSecret } from '../read-secret.ts';
import { addImport } from './source-import.ts';
import { addRemove } from './source-remove.ts';
import { addRun } from './source-run.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

interface Flags extends Target {
  tenant: string;
  json?: boolean;
}

interface SourceFlags extends Flags {
  name?: string;
  kind?: string;
  endpoint?: string;
  credentialsFile?: string;
  query?: string;
  partition?: string;
  interval?: string;
  blacklist?: string[];
  caFile?: string;
  page?: string;
  interfaces?: boolean;
  /** False: the core. */
  agent?: string | false;
}

export function addSourceCommands(program: Command, surroundings: Surroundings): void {
  const source = program
    .command('source')
    .description(
      'systems that know devices (Armis, NetBox, files): add, list, show, edit, run, enable, disable, remove, import',
    );
  for (const add of [addAdd, addList, addShow, addEdit, addRun, addSwitches, addRemove, addImport])
    add(source, surroundings);
}

const several = (one: string, all: string[] | undefined) => [...(all ?? []), one];

/** What is left out of an edit stays: only `add` has defaults to tell of. */
function withFields(command: Command, isNew: boolean): Command {
  const told = (text: string) => (isNew ? ` (default: ${text})` : '');
  return command
    .option(
      '--credentials-file <file>',
      'Armis: the secret key; NetBox: an API token that may read devices; "-" for stdin',
    )
    .option('--query <query>', 'which devices; Armis: AQL; NetBox: filters as in a URL (empty: all)')
    .option('--interval <duration>', `how often, 1m to 30d, or "never" to run it by hand alone${told('1h')}`)
    .option(
      '--blacklist <network>',
      'leave out devices with an address in it (again for more; "none" for none)',
      several,
    )
    .option(
      '--ca-file <file>',
      'authorities that sign the certificate of the endpoint, PEM (empty: those of the machine)',
    )
    .option('--page <count>', 'devices a page, 1 to 1000, or "usual"')
    .addOption(new Option('--interfaces', "NetBox: with each device's interfaces and their MACs"))
    .addOption(new Option('--no-interfaces', 'NetBox: without').hideHelp(isNew))
    .option(
      '--agent <name>',
      `have it listed by this agent, in its network; it is of the agent's partition${told('the core')}`,
    )
    .addOption(new Option('--no-agent', 'have it listed by the core').hideHelp(isNew));
}

function addAdd(source: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = withFields(
    source
      .command('add')
      .description('write one down; it is listed within seconds, and then at its interval')
      .requiredOption('--name <name>', 'one source or integration of a tenant has it')
      .addOption(new Option('--kind <kind>', 'what it is').choices(sourceKinds).makeOptionMandatory())
      .requiredOption(
        '--endpoint <url>',
        'https://HOST, with or without /api; is shown, so without a password',
      )
      .option('--partition <name>', 'address space of the tenant that its devices are in (default: default)')
      .option('--disabled', 'do not list it yet'),
    true,
  );
  const example = `Credentials are never taken from the command line, which every user of the machine can read.

Examples:
  picket source add --tenant acme --name cmdb --kind netbox --endpoint https://netbox.example --credentials-file token --query 'site=hill&status=active'
  picket source add --tenant acme --name plant --kind netbox --endpoint https://10.20.0.5 --agent plant-1 --credentials-file token
  pass show armis | picket source add --name armis --kind armis --endpoint https://acme.armis.com --credentials-file - --query 'in:devices boundaries:"Corporate"' --interval 6h --blacklist 192.168.0.0/16
`;
  tenantCommand(command, surroundings, example).action(
    async (flags: SourceFlags & { disabled?: boolean }) => {
      const { name, kind, endpoint, partition, disabled } = flags;
      const said = {
        ...(await saidOf(flags)),
        ...{ name, kind, endpoint },
        ...(partition !== undefined && { partition }),
        ...(disabled && { enabled: false }),
      };
      const asked: ListedSourceAsked = { tenant: flags.tenant, source: said, ...(await secretOf(flags)) };
      const row = await withOperator(flags, (session) => session.call<ListedSourceView>('source_add', asked));
      if (flags.json) output.json(row);
      else output.line(showSources([row]));
    },
  );
}

function addEdit(source: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = withFields(
    source
      .command('edit')
      .description('change what is named, new credentials too; kind and partition are for ever')
      .argument('<name>', 'name or id')
      .option('--name <name>', 'its new name')
      .option('--endpoint <url>', 'where it is now'),
    false,
  );
  const example = `What a narrower query lists no more is retracted by the next complete run.

Examples:
  picket source edit cmdb --tenant acme --credentials-file new-token
  picket source edit cmdb --tenant acme --interval 30m --blacklist 10.99.0.0/16 --blacklist 2001:db8::/32
`;
  tenantCommand(command, surroundings, example).action(async (id: string, flags: SourceFlags) => {
    const { name, endpoint } = flags;
    const named = { ...(name !== undefined && { name }), ...(endpoint !== undefined && { endpoint }) };
    const said = { ...(await saidOf(flags)), ...named };
    const secret = await secretOf(flags);
    if (Object.keys({ ...said, ...secret }).length === 0)
      throw usage('nothing was named that could be changed');
    const row = await change(flags, id, { source: said, ...secret });
    if (flags.json) output.json(row);
    else output.line(showSources([row]));
  });
}

function addList(source: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = source.command('list').description('by name, with how the last run ended');
  tenantCommand(command, surroundings, 'Example:\n  picket source list --tenant acme --json\n').action(
    async (flags: Flags) => {
      const asked = { tenant: flags.tenant };
      const rows = await withOperator(flags, (session) =>
        session.call<ListedSourceView[]>('source_list', asked),
      );
      if (flags.json) output.json(rows);
      else output.line(showSources(rows));
    },
  );
}

function addShow(source: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = source
    .command('show')
    .description('one: its settings, what runs, the last run and the last complete one')
    .argument('<name>', 'name or id');
  tenantCommand(command, surroundings, 'Example:\n  picket source show cmdb --tenant acme\n').action(
    async (id: string, flags: Flags) => {
      const asked: OfListedSource = { tenant: flags.tenant, id };
      const row = await withOperator(flags, (session) =>
        session.call<ListedSourceView>('source_show', asked),
      );
      if (flags.json) output.json(row);
      else output.line(showOne(row));
    },
  );
}

function addSwitches(source: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  for (const [verb, enabled, does] of [
    ['enable', true, 'list it at its interval again'],
    ['disable', false, 'list it no more, until it is enabled or run by hand; its devices stay'],
  ] as const) {
    const command = source.command(verb).description(does).argument('<name>', 'name or id');
    tenantCommand(command, surroundings, `Example:\n  picket source ${verb} cmdb --tenant acme\n`).action(
      async (id: string, flags: Flags) => {
        const row = await change(flags, id, { source: { enabled } });
        if (flags.json) output.json(row);
        else output.line(showSources([row]));
      },
    );
  }
}

async function change(
  flags: Flags,
  id: string,
  what: Omit<ListedSourceAsked, 'tenant'>,
): Promise<ListedSourceView> {
  const asked = { tenant: flags.tenant, id, ...what };
  return await withOperator(flags, (session) => session.call<ListedSourceView>('source_change', asked));
}

async function secretOf({ credentialsFile }: SourceFlags): Promise<{ credentials?: string }> {
  return credentialsFile === undefined ? {} : { credentials: await readSecret(credentialsFile) };
}

async function saidOf(flags: SourceFlags): Promise<ListedSourceSaid> {
  const { query, interval, blacklist, caFile, page, interfaces, agent } = flags;
  return {
    ...(agent !== undefined && { agent: agent === false ? null : agent }),
    ...(query !== undefined && { query: query === '' ? null : query }),
    ...(interval !== undefined && {
      intervalMs: interval === 'never' ? null : parseDuration(interval, '--interval'),
    }),
    ...(blacklist !== undefined && { blacklist: blacklist.filter((network) => network !== 'none') }),
    ...(caFile !== undefined && { caPem: caFile === '' ? null : readNamedFile(caFile) }),
    ...(page !== undefined && { pageItems: pageOf(page) }),
    ...(interfaces !== undefined && { withInterfaces: interfaces }),
  };
}

function pageOf(page: string): number | null {
  if (page === 'usual') return null;
  if (/^\d{1,4}$/.test(page)) return Number(page);
  throw usage(`--page: "${basename(page)}" is no number of devices`);
}

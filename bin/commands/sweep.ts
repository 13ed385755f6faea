/** `picket sweep`: networks of a tenant that its agents, or the cluster's, look through for what lives there. */
import type { Command } from 'commander';
import { parseDuration, showDuration } from '../durations.ts';
import { usage } from '../failure.ts';
import { withOperator } from '../operator-session.ts';
import { instantShown, outcomeOf, runTable } from '../sweep-lines.ts';
import type { RunView, SweepView } from '../sweep-views.ts';
import { table } from '../table.ts';
import { addRun, addStop, type SweepFlags } from './sweep-run.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

interface AddFlags extends SweepFlags {
  name: string;
  network: string[];
  exclude: string[];
  port: string[];
  partition?: string;
  icmp: boolean;
  rate?: string;
  timeout?: string;
  interval?: string;
  disabled?: boolean;
}

export function addSweepCommands(program: Command, surroundings: Surroundings): void {
  const sweep = program
    .command('sweep')
    .description(
      'look through networks for what lives there: add, list, show, run, stop, enable, disable, remove',
    );
  for (const add of [addAdd, addList, addShow, addRun, addStop, addChanges]) add(sweep, surroundings);
}

const several = (one: string, all: string[]) => [...all, ...one.split(',').filter((part) => part !== '')];

function addAdd(sweep: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = sweep
    .command('add')
    .description('write one down; with --interval it begins at once and runs each so often')
    .requiredOption('--name <name>', "one of the tenant's")
    .requiredOption(
      '--network <cidr>',
      'what is swept, ADDRESS/PREFIX or an address (again, or with commas, for more)',
      several,
      [],
    )
    .option('--exclude <cidr>', 'what of it is left out (again, or with commas, for more)', several, [])
    .option(
      '--port <port>',
      'a TCP port that is tried on every address (again, or with commas, for more)',
      several,
      [],
    )
    .option('--no-icmp', 'do not ping: only ports are tried')
    .option('--partition <name>', 'address space of the tenant that the networks are in (default: default)')
    .option(
      '--rate <n>',
      'packets and connects a second, of all agents together (default: 1000, in the partition default 500)',
    )
    .option('--timeout <duration>', 'how long one packet or connect is waited for (default: 1s)')
    .option('--interval <duration>', 'how often it runs, 1m to 31d (default: only by hand)')
    .option('--disabled', 'with an interval: it waits for picket sweep enable');
  const example = `A partition's own agents sweep it, several at once; the default partition without one is swept by the cluster's agents,
which reach no private address (but for the default tenant).

Examples:
  picket sweep add --tenant acme --name office --partition branch --network 10.20.0.0/16 --exclude 10.20.9.0/24 --port 22,443
  picket sweep add --tenant acme --name printers --partition branch --network 10.20.8.0/24 --no-icmp --port 9100 --interval 1h
`;
  tenantCommand(command, surroundings, example).action(async (flags: AddFlags) => {
    const asked = { tenant: flags.tenant, sweep: saidOf(flags) };
    const row = await withOperator(flags, (session) => session.call<SweepView>('sweep_add', asked));
    if (flags.json) output.json(row);
    else {
      output.line(show([row]));
      if (row.interval_ms === null)
        output.note(`run it by: picket sweep run ${row.id} --tenant ${row.tenant}`);
    }
  });
}

function saidOf(flags: AddFlags) {
  const { name, network, exclude, port, partition, icmp, rate, timeout, interval, disabled } = flags;
  const whole = (text: string, flag: string) => {
    if (!/^\d{1,6}$/.test(text)) throw usage(`${flag}: "${text}" is no whole number`);
    return Number(text);
  };
  return {
    ...{ name, networks: network, exclusions: exclude, icmp, enabled: disabled !== true },
    ports: port.map((one) => whole(one, '--port')),
    ...(partition !== undefined && { partition }),
    ...(rate !== undefined && { ratePerS: whole(rate, '--rate') }),
    ...(timeout !== undefined && { timeoutMs: parseDuration(timeout, '--timeout') }),
    ...(interval !== undefined && { intervalMs: parseDuration(interval, '--interval') }),
  };
}

function addList(sweep: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = sweep.command('list').description('by name, with how the last run went');
  tenantCommand(command, surroundings, 'Example:\n  picket sweep list --tenant acme\n').action(
    async (flags: SweepFlags) => {
      const { tenant } = flags;
      const rows = await withOperator(flags, (session) =>
        session.call<SweepView[]>('sweep_list', { tenant }),
      );
      if (flags.json) output.json(rows);
      else output.line(show(rows));
    },
  );
}

function addShow(sweep: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = sweep
    .command('show')
    .description('one, what its run does now, and the runs before')
    .argument('<sweep>', 'its id or its name');
  tenantCommand(command, surroundings, 'Example:\n  picket sweep show office --tenant acme\n').action(
    async (sweep: string, flags: SweepFlags) => {
      const asked = { tenant: flags.tenant, sweep };
      const row = await withOperator(flags, (session) =>
        session.call<SweepView & { runs: RunView[] }>('sweep_show', asked),
      );
      if (flags.json) {
        output.json(row);
        return;
      }
      output.line(show([row]));
      if (row.last_run === null) return;
      output.line('');
      for (const line of outcomeOf(row.last_run)) output.line(line);
      output.line('');
      output.line(runTable(row.runs));
    },
  );
}

const changes = [
  { verb: 'enable', does: 'let it run when it is due' },
  { verb: 'disable', does: 'let it run only by hand; what runs goes on' },
  { verb: 'remove', does: 'remove it with its runs; what it found stays' },
] as const;

function addChanges(sweep: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  for (const { verb, does } of changes) {
    const command = sweep.command(verb).description(does).argument('<sweep>', 'its id or its name');
    const example = `Example:\n  picket sweep ${verb} office --tenant acme\n`;
    tenantCommand(command, surroundings, example).action(async (sweep: string, flags: SweepFlags) => {
      const asked = { tenant: flags.tenant, sweep };
      const row = await withOperator(flags, (session) => session.call<SweepView>(`sweep_${verb}`, asked));
      if (flags.json) output.json(row);
      else output.line(show([row]));
    });
  }
}

function show(rows: readonly SweepView[]): string {
  return table(
    ['ID', 'NAME', 'PARTITION', 'NETWORKS', 'ADDRESSES', 'ASKS', 'RATE', 'EVERY', 'LAST RUN', 'LIVE', 'AT'],
    rows.map((row) => [
      ...[row.id, row.name, row.partition, networksOf(row), row.addresses, asksOf(row), row.rate],
      row.interval_ms === null ? 'by hand' : `${showDuration(row.interval_ms)}${row.enabled ? '' : ' (off)'}`,
      ...[row.last_run?.state, row.last_run?.live, instantShown(row.last_run)],
    ]),
  );
}

function networksOf({ networks, exclusions }: SweepView): string {
  const more = networks.length > 2 ? ` +${networks.length - 2}` : '';
  const less = exclusions.length > 0 ? ` -${exclusions.length}` : '';
  return `${networks.slice(0, 2).join(' ')}${more}${less}`;
}

function asksOf({ icmp, ports }: SweepView): string {
  const shown = ports.length > 4 ? [...ports.slice(0, 4), `+${ports.length - 4}`] : ports;
  return [...(icmp ? ['icmp'] : []), ...shown].join(' ');
}

/** `picket agents`: the agents in customers' networks that are connected, and a command for one of them. */
import type { Command } from 'commander';
import { systemClock } from '../../runtime/index.ts';
import type { AgentCommandAsked, AgentNamed } from '../agent-procedures.ts';
import type { AgentView, CommandView, DoorView } from '../agent-views.ts';
import { parseDuration } from '../durations.ts';
import { CommandFailure, usage } from '../failure.ts';
import { agentLookMs } from '../limits.ts';
import { readNamedFile } from '../named-file.ts';
import { type OperatorSession, type Target, withOperator } from '../operator-session.ts';
import { table } from '../table.ts';
import { dataOption } from './node.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

interface Flags extends Target {
  tenant: string;
  partition?: string;
  json?: boolean;
}

type CommandFlags = Flags & { agent: string; payloadFile?: string; ttl: string; wait?: boolean };

export function addAgentsCommands(program: Command, surroundings: Surroundings): void {
  const agents = program
    .command('agents')
    .description("programs in customers' networks that are connected now (to run one: picket help agent)");
  addList(agents, surroundings);
  addShow(agents, surroundings);
  addCommand(agents, surroundings);
  addDoors(agents, surroundings);
}

function addList(agents: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = agents.command('list').description('those of a tenant, with what is known of each');
  tenantCommand(command, surroundings, 'Example:\n  picket agents list --tenant acme\n').action(
    async (flags: Flags) => {
      const { tenant } = flags;
      const rows = await withOperator(flags, (session) =>
        session.call<AgentView[]>('agents_list', { tenant }),
      );
      if (flags.json) output.json(rows);
      else output.line(table(heads, rows.map(cellsOf)));
    },
  );
}

const heads = ['ID', 'PARTITION', 'POLLER', 'VERSION', 'RUNS', 'LISTENS', 'SINCE', 'LAST HEARD', 'REFUSED'];

function cellsOf(row: AgentView) {
  const refused = Object.values(row.refused).reduce((sum, one) => sum + one, 0);
  const { id, partition, poller, version, runs, listens, since, last_heard } = row;
  return [id, partition, poller, version, runs, listens ? 'yes' : 'no', since, last_heard, refused];
}

function addShow(agents: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = agents
    .command('show')
    .description('one of them: what it can do, its config, what was refused of it')
    .argument('<agent>', 'its id')
    .option('--partition <partition>', 'where several have this id');
  const example = 'Example:\n  picket agents show site_4 --tenant acme\n';
  tenantCommand(command, surroundings, example).action(async (agent: string, flags: Flags) => {
    const asked: AgentNamed = { tenant: flags.tenant, agent, partition: flags.partition ?? null };
    const row = await withOperator(flags, (session) => session.call<AgentView>('agents_show', asked));
    if (flags.json) output.json(row);
    else for (const [key, value] of Object.entries(row)) output.line(`${key.padEnd(18)}${shown(value)}`);
  });
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.join(' ');
  if (typeof value === 'object' && value !== null) {
    const counts = Object.entries(value).map(([code, count]) => `${code} ${count}`);
    return counts.length === 0 ? '-' : counts.join(', ');
  }
  return value === null || value === '' ? '-' : String(value);
}

function addCommand(agents: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = agents
    .command('command')
    .description('send it a command over its control stream')
    .argument('<type>', 'what the agent takes: config.refresh, check.run, ...')
    .requiredOption('--agent <agent>', 'its id')
    .option('--partition <partition>', 'where several have this id')
    .option('--payload-file <file>', 'JSON that the command has')
    .option('--ttl <duration>', 'after this it is expired, 1s to 24h', '60s')
    .option('--wait', 'show what the agent says of it, until it is over; status 1 unless it is completed');
  const example = 'Example:\n  picket agents command config.refresh --tenant acme --agent site_4 --wait\n';
  tenantCommand(command, surroundings, example).action(async (type: string, flags: CommandFlags) => {
    const asked = askedOf(type, flags);
    const told = (view: CommandView) => {
      if (!flags.json) output.line(lineOf(view));
    };
    const view = await withOperator(flags, async (session) => {
      const first = await session.call<CommandView>('agent_command', asked);
      told(first);
      return flags.wait ? await untilOver(session, asked, first, told) : first;
    });
    if (flags.json) output.json(view);
    else if (view.payload !== null) output.line(JSON.stringify(view.payload));
    if (flags.wait && view.state !== 'completed')
      throw new CommandFailure(
        'command_failed',
        `the command is ${view.state}: ${view.message || 'no word of it'}`,
      );
  });
}

function askedOf(type: string, flags: CommandFlags): AgentCommandAsked {
  const ttlMs = parseDuration(flags.ttl, '--ttl');
  if (ttlMs < 1_000 || ttlMs > 86_400_000) throw usage('--ttl: 1s to 24h');
  const payload = flags.payloadFile === undefined ? '' : readNamedFile(flags.payloadFile);
  try {
    if (payload !== '') JSON.parse(payload);
  } catch {
    throw usage(`--payload-file: what is in ${flags.payloadFile} is no JSON`);
  }
  const { tenant, agent, partition = null } = flags;
  return { tenant, agent, partition, type, payload, ttlS: Math.ceil(ttlMs / 1_000) };
}

const over = ['completed', 'failed', 'expired', 'cancelled', 'offline'];

/** Asks now and then; what is the same as before is not told again. */
async function untilOver(
  session: OperatorSession,
  { tenant, agent, partition }: AgentNamed,
  first: CommandView,
  told: (view: CommandView) => void,
): Promise<CommandView> {
  const clock = systemClock();
  let last = first;
  while (!over.includes(last.state)) {
    await new Promise<void>((resolve) => void clock.timer(agentLookMs, resolve));
    const asked = { tenant, agent, partition, id: first.id };
    const now = await session.call<CommandView>('agent_command_state', asked);
    if (lineOf(now) !== lineOf(last)) told(now);
    last = now;
  }
  return last;
}

function lineOf({ id, state, progress_percent: percent, message }: CommandView): string {
  const progress = state === 'running' ? ` ${percent} %` : '';
  return `${id} ${state}${progress}${message === '' ? '' : ` ${message.replace(/\p{Cc}/gu, ' ')}`}`;
}

function addDoors(agents: Command, { output, environment }: Surroundings): void {
  agents
    .command('doors')
    .description('the doors that they dial: what each has open, and what it refused by code')
    .addOption(dataOption(environment))
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  picket agents doors\n')
    .action(async (flags: Target & { json?: boolean }) => {
      const rows = await withOperator(flags, (session) => session.call<DoorView[]>('agents_doors', null));
      if (flags.json) output.json(rows);
      else {
        const cells = rows.map((row) => [
          ...[row.poller, row.agents, row.connections, row.held_bytes, shown(row.refused)],
        ]);
        output.line(table(['POLLER', 'AGENTS', 'CONNECTIONS', 'HELD BYTES', 'REFUSED'], cells));
      }
    });
}

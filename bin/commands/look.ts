/** The commands that show the cluster: members, status, registry, tree. */
import { type Command, Option } from 'commander';
import { nameKinds } from '../../actors/index.ts';
import { type Member, type TreePart, treeRows } from '../../cluster/index.ts';
import { nestRows } from '../../runtime/index.ts';
import { ask, nodeDoor } from '../ask-node.ts';
import { CommandFailure } from '../failure.ts';
import { type OperatorSession, withOperator } from '../operator-session.ts';
import type { StatusView } from '../status.ts';
import { table } from '../table.ts';
import { instant, type TenantView } from '../views.ts';
import type { Surroundings } from './up.ts';

interface LookFlags {
  data: string;
  json?: boolean;
  node?: string;
}

interface Options {
  data(): Option;
  json(): Option;
  node(): Option;
}

export function addLookCommands(program: Command, surroundings: Surroundings): void {
  const folder = surroundings.environment.PICKET_DATA || './.picket';
  const options: Options = {
    data: () => new Option('--data <dir>', 'state of the cluster').default(folder),
    json: () => new Option('--json', 'print JSON'),
    node: () => new Option('--node <name>', 'as that node sees it (default: any core)'),
  };
  for (const add of [addMembers, addStatus, addRegistry, addTree]) add(program, surroundings, options);
}

function addMembers(program: Command, { output }: Surroundings, { data, json, node }: Options): void {
  program
    .command('members')
    .description('the nodes of the cluster, as one of them sees it')
    .addOption(data())
    .addOption(node())
    .addOption(json())
    .addHelpText('after', '\nExamples:\n  picket members\n  picket members --node poller_1 --json\n')
    .action(async (flags: LookFlags) => {
      const members = await withOperator(flags, (session) =>
        ask<Member[]>(session, flags.node, 'members', null),
      );
      const rows = members.map(({ rttMs, lastSeenMs, because: _, ...member }) => {
        return { ...member, rtt_ms: rttMs, last_seen: instant(lastSeenMs) };
      });
      if (flags.json) {
        output.json(rows);
        return;
      }
      const cells = rows.map((one) => [
        one.name,
        one.role,
        one.status,
        one.address,
        one.pid,
        one.rtt_ms,
        one.last_seen,
      ]);
      output.line(table(['NAME', 'ROLE', 'STATUS', 'ADDRESS', 'PID', 'RTT MS', 'LAST SEEN'], cells));
    });
}

function addStatus(program: Command, { output }: Surroundings, { data, json, node }: Options): void {
  program
    .command('status')
    .description('health at a glance')
    .addOption(data())
    .addOption(node())
    .addOption(json())
    .addHelpText('after', '\nExample:\n  picket status --json\n')
    .action(async (flags: LookFlags) => {
      const status = await withOperator(flags, (session) =>
        ask<StatusView>(session, flags.node, 'status', null),
      );
      if (flags.json) {
        output.json(status);
        return;
      }
      for (const [key, value] of Object.entries(status)) {
        if (key !== 'because') output.line(`${key.padEnd(18)}${value ?? '-'}`);
      }
      for (const why of status.because) output.line(`  ${why}`);
    });
}

function addRegistry(program: Command, { output }: Surroundings, { data, json, node }: Options): void {
  program
    .command('registry')
    .description('the names that the cluster knows, and where they live')
    .option('--tenant <tenant>', 'slug, id, or "platform" for the names of the platform itself')
    .option('--kind <kind>', nameKinds.join(', '))
    .addOption(data())
    .addOption(node())
    .addOption(json())
    .addHelpText(
      'after',
      '\nExamples:\n  picket registry --kind tenant\n  picket registry --tenant platform --json\n',
    )
    .action(async (flags: LookFlags & { tenant?: string; kind?: string }) => {
      const rows = await withOperator(flags, (session) => listNames(session, flags));
      if (flags.json) {
        output.json(rows);
        return;
      }
      const cells = rows.map((one) => [one.tenant, one.partition, one.kind, one.id, one.node, one.status]);
      output.line(table(['TENANT', 'PARTITION', 'KIND', 'ID', 'NODE', 'STATUS'], cells));
    });
}

function addTree(program: Command, { output }: Surroundings, { data, json }: Options): void {
  program
    .command('tree')
    .description('the supervision tree of a node')
    .argument('<node>', 'name of the node')
    .addOption(data())
    .addOption(json())
    .addHelpText('after', '\nExample:\n  picket tree core_1\n')
    .action(async (name: string, flags: LookFlags) => {
      const rows = await withOperator(flags, async (session) => {
        const door = await nodeDoor(session, name);
        return await treeRows((after) => door<TreePart>('tree_part', { after }));
      });
      const roots = nestRows(rows);
      const root = { id: name, kind: 'node', name, restarts: 0, mailbox: 0, children: roots };
      if (flags.json) output.json(root);
      else for (const line of drawTree(root, '')) output.line(line);
    });
}

interface NameRow {
  tenant: string;
  tenant_id: string;
  partition: string;
  kind: string;
  id: string;
  node: string;
  status: string;
  metadata: Record<string, unknown>;
}

async function listNames(
  session: OperatorSession,
  flags: LookFlags & { tenant?: string; kind?: string },
): Promise<NameRow[]> {
  const tenants = await session.call<TenantView[]>('tenant_list', null);
  const slugs = new Map(tenants.map((row) => [row.tenant_id, row.slug]));
  const wanted = tenants.find((row) => row.slug === flags.tenant || row.tenant_id === flags.tenant);
  if (flags.tenant !== undefined && flags.tenant !== 'platform' && wanted === undefined) {
    throw new CommandFailure(
      'no_such_tenant',
      `there is no tenant "${flags.tenant}": see picket tenant list`,
    );
  }
  const query = {
    ...(flags.tenant === undefined ? {} : { tenant: wanted?.tenant_id ?? flags.tenant }),
    ...(flags.kind === undefined ? {} : { kind: flags.kind }),
  };
  const names = await ask<Omit<NameRow, 'tenant_id' | 'status'>[]>(session, flags.node, 'registry', query);
  if (names.length === 0 && flags.kind !== undefined && !nameKinds.includes(flags.kind)) {
    throw new CommandFailure(
      'no_such_kind',
      `no name is of the kind "${flags.kind}": those of Picket are ${nameKinds.join(', ')}`,
    );
  }
  return names
    .map((row) => ({
      ...row,
      tenant: slugs.get(row.tenant) ?? row.tenant,
      tenant_id: row.tenant,
      status: String(row.metadata.status ?? 'up'),
    }))
    .sort((a, b) => `${a.tenant}/${a.kind}/${a.id}`.localeCompare(`${b.tenant}/${b.kind}/${b.id}`));
}

interface Drawn {
  kind: string;
  name: string;
  restarts: number;
  mailbox: number;
  children: Drawn[];
}

function drawTree(node: Drawn, indent: string): string[] {
  const restarts = node.restarts > 0 ? `  restarts ${node.restarts}` : '';
  const mailbox = node.mailbox > 0 ? `  mailbox ${node.mailbox}` : '';
  const own = `${indent}${node.name}${node.kind === 'actor' ? '' : ` (${node.kind})`}${restarts}${mailbox}`;
  return [own, ...node.children.flatMap((child) => drawTree(child, `${indent}  `))];
}

/** `picket device`: what a tenant's network is made of, from the day that it was seen to the day that it is gone. */
import type { Command } from 'commander';
import type {
  DeviceChangeView,
  DeviceView,
  IdentifierView,
  InterfaceView,
  MergeView,
} from '../device-views.ts';
import { devicesPageRows } from '../limits.ts';
import { type OperatorSession, type Target, withOperator } from '../operator-session.ts';
import { table } from '../table.ts';
import { addGroups } from './device-group.ts';
import { addIdentity, showMerges } from './device-identity.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

interface DeviceFlags extends Target {
  tenant: string;
  json?: boolean;
  archived?: boolean;
  merged?: boolean;
  group?: string;
  name: string;
  type?: string;
  partition?: string;
  address: string[];
  mac: string[];
  serial?: string;
  why?: string;
}

type ShownDevice = DeviceView & {
  history: DeviceChangeView[];
  identifiers: IdentifierView[];
  interfaces: InterfaceView[];
  merges: MergeView[];
};

export function addDeviceCommands(program: Command, surroundings: Surroundings): void {
  const device = program
    .command('device')
    .description(
      'devices: add, list, show, group, merge, unmerge, conflicts, identify, manage, decommission, restore',
    );
  for (const add of [addAdd, addList, addShow, addGroups, addIdentity, addChanges]) add(device, surroundings);
}

const several = (one: string, all: string[]) => [...all, one];

function addAdd(device: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = device
    .command('add')
    .description('write down a device; it begins as discovered')
    .requiredOption('--name <name>', 'what people call it')
    .option('--address <address>', 'IPv4 or IPv6 (again for more)', several, [])
    .option('--mac <mac>', 'in any of the usual spellings (again for more)', several, [])
    .option('--serial <serial>', 'serial number')
    .option('--type <type>', 'router, switch, firewall, access_point, server, printer, ...')
    .option('--partition <name>', 'address space of the tenant (default: default)');
  tenantCommand(
    command,
    surroundings,
    `Its id is made of its first MAC, without one of its first address: the same device is there once.

Examples:
  picket device add --name edge-rtr-1 --type router --address 192.0.2.1 --mac 00:00:5e:00:53:01
  picket device add --tenant acme --name printer-2f --partition branch --address 2001:db8::27 --serial X3B0042 --json
`,
  ).action(async (flags: DeviceFlags) => {
    const { name, type, partition, address: addresses, mac: macs, serial } = flags;
    const devices = [{ name, type, partition, addresses, macs, serial }];
    const [row] = await withOperator(flags, (session) =>
      session.call<DeviceView[]>('device_add', { tenant: flags.tenant, devices }),
    );
    if (flags.json) output.json(row);
    else output.line(showDevices([row!]));
  });
}

function addList(device: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = device
    .command('list')
    .description('the devices of a tenant, by age')
    .option('--archived', 'those that were decommissioned and are not removed yet')
    .option('--merged', 'those that were merged into others')
    .option('--group <name>', 'of these only those that are in this group');
  tenantCommand(
    command,
    surroundings,
    'Examples:\n  picket device list --tenant acme\n  picket device list --archived --json\n  picket device list --merged\n  picket device list --group dmz\n',
  ).action(async (flags: DeviceFlags) => {
    const rows = await withOperator(flags, (session) => allDevices(session, flags));
    if (flags.json) output.json(rows);
    else output.line(showDevices(rows));
  });
}

async function allDevices(
  session: OperatorSession,
  { tenant, archived = false, merged = false, group }: DeviceFlags,
): Promise<DeviceView[]> {
  const rows: DeviceView[] = [];
  for (;;) {
    const after = rows.at(-1)?.id ?? null;
    const asked = { tenant, archived, merged, ...(group !== undefined && { group }), after };
    const page = await session.call<DeviceView[]>('device_list', asked);
    rows.push(...page);
    if (page.length < devicesPageRows) return rows;
  }
}

function addShow(device: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = device
    .command('show')
    .description('one device, and what was done to it')
    .argument('<id>', 'of the device');
  tenantCommand(
    command,
    surroundings,
    'Example:\n  picket device show sr:14f9ca79-be46-436f-b6b5-9a83ca66a350 --tenant acme\n',
  ).action(async (id: string, flags: DeviceFlags) => {
    const row = await withOperator(flags, (session) =>
      session.call<ShownDevice>('device_show', { tenant: flags.tenant, id }),
    );
    if (flags.json) output.json(row);
    else output.line(showDevice(row));
  });
}

const changes = [
  { event: 'identify', does: 'say that it is known what it is' },
  { event: 'manage', does: 'take an identified device under management' },
  {
    event: 'decommission',
    does: 'take it out of service: no longer listed or counted, restored on demand, removed after 30 days',
  },
  { event: 'restore', does: 'bring a decommissioned device back, as identified' },
] as const;

function addChanges(device: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  for (const { event, does } of changes) {
    const command = device
      .command(event)
      .description(does)
      .argument('<id>', 'of the device')
      .option('--why <text>', 'the reason, for its history');
    tenantCommand(
      command,
      surroundings,
      `Example:\n  picket device ${event} sr:14f9ca79-be46-436f-b6b5-9a83ca66a350 --tenant acme --why "as agreed"\n`,
    ).action(async (id: string, flags: DeviceFlags) => {
      const asked = { tenant: flags.tenant, id, why: flags.why ?? null };
      const row = await withOperator(flags, (session) => session.call<DeviceView>(`device_${event}`, asked));
      if (flags.json) output.json(row);
      else output.line(showDevices([row]));
    });
  }
}

function showDevice(row: ShownDevice): string {
  const parts = [showDevices([row])];
  if (row.merged_into !== null)
    parts.push(`It is ${row.merged_into} now: picket device unmerge ${row.id} undoes that.`);
  if (row.groups.length > 0)
    parts.push(
      table(
        ['GROUP'],
        row.groups.map((name) => [name]),
      ),
    );
  if (row.identifiers.length > 0)
    parts.push(
      table(
        ['IDENTIFIER', 'OF', 'VALUE', 'STATUS'],
        row.identifiers.map(({ type, scope, value, status }) => [type, scope, value, status]),
      ),
    );
  if (row.interfaces.length > 0) parts.push(showInterfaces(row.interfaces));
  if (row.merges.length > 0) parts.push(showMerges(row.merges));
  if (row.history.length > 0) parts.push(showHistory(row.history));
  return parts.join('\n\n');
}

function showDevices(rows: readonly DeviceView[]): string {
  return table(
    ['ID', 'NAME', 'TYPE', 'STATE', 'SINCE', 'PARTITION', 'ADDRESSES', 'MACS', 'SERIAL', 'SEEN'],
    rows.map((row) => [
      row.id,
      row.name,
      row.type,
      row.state,
      row.state_at,
      row.partition,
      row.addresses.join(' '),
      row.macs.map(showMac).join(' '),
      row.serial,
      row.last_seen,
    ]),
  );
}

function showInterfaces(rows: readonly InterfaceView[]): string {
  return table(
    ['INTERFACE', 'MAC', 'ADDRESSES', 'SOURCE', 'FIRST SEEN', 'LAST SEEN'],
    rows.map(({ name, mac, addresses, sources, first_seen, last_seen }) => [
      ...[name, mac === null ? null : showMac(mac), addresses.join(' '), sources.join(' ')],
      ...[first_seen, last_seen],
    ]),
  );
}

function showMac(mac: string): string {
  return mac.replaceAll(/(..)(?=.)/g, '$1:').toLowerCase();
}

function showHistory(rows: readonly DeviceChangeView[]): string {
  return table(
    ['AT', 'EVENT', 'FROM', 'TO', 'WHO', 'WHY'],
    rows.map((row) => [row.at, row.event, row.from, row.to, row.who, row.why]),
  );
}

/** `picket device group`: groups of a tenant's devices, and which devices are in them. */
import type { Command } from 'commander';
import { confirm } from '../confirm.ts';
import type { DeviceGroupView, GroupChangeView } from '../device-views.ts';
import { type Target, withOperator } from '../operator-session.ts';
import { table } from '../table.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

interface GroupFlags extends Target {
  tenant: string;
  json?: boolean;
  description?: string;
  yes?: boolean;
}

const anId = 'sr:14f9ca79-be46-436f-b6b5-9a83ca66a350';
const another = 'sr:ab8a9d4e-a00e-4973-9965-0b3eacb158f8';

export function addGroups(device: Command, surroundings: Surroundings): void {
  const group = device.command('group').description('groups of devices: add, list, remove, put, take');
  for (const add of [addAdd, addList, addRemove, addMembers]) add(group, surroundings);
}

function addAdd(group: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = group
    .command('add')
    .description('make one; nothing is in it yet')
    .argument('<name>', "one of the tenant's; case makes no difference")
    .option('--description <text>', 'what it is for');
  const example = `Examples:
  picket device group add "windows laptops" --tenant acme
  picket device group add dmz --tenant acme --description "reachable from the internet" --json
`;
  tenantCommand(command, surroundings, example).action(async (name: string, flags: GroupFlags) => {
    const asked = { tenant: flags.tenant, name, description: flags.description ?? null };
    const row = await withOperator(flags, (session) =>
      session.call<DeviceGroupView>('device_group_add', asked),
    );
    if (flags.json) output.json(row);
    else output.line(show([row]));
  });
}

function addList(group: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = group.command('list').description('by name, with how many devices are in each');
  const example = 'Examples:\n  picket device group list --tenant acme\n  picket device group list --json\n';
  tenantCommand(command, surroundings, example).action(async (flags: GroupFlags) => {
    const { tenant } = flags;
    const rows = await withOperator(flags, (session) =>
      session.call<DeviceGroupView[]>('device_group_list', { tenant }),
    );
    if (flags.json) output.json(rows);
    else output.line(show(rows));
  });
}

function addRemove(group: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = group
    .command('remove')
    .description('forget it, and which devices were in it; the devices stay')
    .argument('<name>', 'see picket device group list')
    .option('--yes', 'do not ask');
  const example = `Adding it again does not bring back what was in it.

Examples:
  picket device group remove dmz --tenant acme
  picket device group remove "windows laptops" --tenant acme --yes --json
`;
  tenantCommand(command, surroundings, example).action(async (name: string, flags: GroupFlags) => {
    const lost = `Group ${name} is forgotten with what is in it: adding it again does not bring that back.`;
    await confirm(lost, flags.yes);
    const asked = { tenant: flags.tenant, name };
    const row = await withOperator(flags, (session) =>
      session.call<DeviceGroupView>('device_group_remove', asked),
    );
    if (flags.json) output.json(row);
    else output.line(removedText(row));
  });
}

function removedText({ name, devices, decommissioned }: DeviceGroupView): string {
  const besides = decommissioned === 0 ? '' : ` and ${decommissioned} decommissioned`;
  return `removed ${name}; it had ${counted(devices)}${besides}, which adding it again does not bring back`;
}

const changes = [
  {
    verb: 'put',
    does: 'put devices into it; those that are in it stay',
    told: ['put into', 'in it already'],
  },
  {
    verb: 'take',
    does: 'take devices out of it, with what is merged into them; those that are not in it stay out',
    told: ['taken out of', 'not in it'],
  },
] as const;

function addMembers(group: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  for (const { verb, does, told } of changes) {
    const command = group
      .command(verb)
      .description(does)
      .argument('<name>', 'see picket device group list')
      .argument('<id...>', 'of devices, 1000 at most: see picket device list');
    const example = `When one of the ids is no device's, nothing is changed.

Example:
  picket device group ${verb} dmz ${anId} ${another} --tenant acme
`;
    tenantCommand(command, surroundings, example).action(
      async (name: string, ids: string[], flags: GroupFlags) => {
        const asked = { tenant: flags.tenant, name, ids };
        const row = await withOperator(flags, (session) =>
          session.call<GroupChangeView>(`device_group_${verb}`, asked),
        );
        if (flags.json) output.json(row);
        else output.line(changedText(row, told));
      },
    );
  }
}

function changedText({ group, changed, unchanged }: GroupChangeView, [done, was]: readonly string[]): string {
  const besides = unchanged === 0 ? '' : `; ${unchanged} ${unchanged === 1 ? 'was' : 'were'} ${was}`;
  return `${counted(changed)} ${done} ${group}${besides}`;
}

function counted(devices: number): string {
  return `${devices} ${devices === 1 ? 'device' : 'devices'}`;
}

function show(rows: readonly DeviceGroupView[]): string {
  return table(
    ['NAME', 'DEVICES', 'DECOMMISSIONED', 'CREATED', 'WHO', 'DESCRIPTION'],
    rows.map(({ name, devices, decommissioned, created_at, who, description }) => [
      ...[name, devices, decommissioned, created_at, who, description],
    ]),
  );
}

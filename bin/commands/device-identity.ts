/** `picket device merge`, `unmerge`, `conflicts`: what a person decides about which sightings are one device, and what asks for it. */
import type { Command } from 'commander';
import type { ConflictView, DeviceView, MergeView } from '../device-views.ts';
import { type Target, withOperator } from '../operator-session.ts';
import { table } from '../table.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

interface IdentityFlags extends Target {
  tenant: string;
  json?: boolean;
  why?: string;
}

const anId = 'sr:14f9ca79-be46-436f-b6b5-9a83ca66a350';
const another = 'sr:ab8a9d4e-a00e-4973-9965-0b3eacb158f8';

export function addIdentity(device: Command, surroundings: Surroundings): void {
  for (const add of [addMerge, addUnmerge, addConflicts]) add(device, surroundings);
}

function addMerge(device: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = device
    .command('merge')
    .description('say that two devices are one; what identifies either identifies the one')
    .argument(
      '<id>',
      'of the device that is to stay (an id that its source asserts, or the older one, stays all the same)',
    )
    .argument('<other>', 'of the device that is the same')
    .option('--why <text>', 'the reason, for the audit');
  tenantCommand(
    command,
    surroundings,
    `Example:\n  picket device merge ${anId} ${another} --tenant acme --why "one server, two cards"\n`,
  ).action(async (id: string, from: string, flags: IdentityFlags) => {
    const asked = { tenant: flags.tenant, id, from, why: flags.why ?? null };
    const row = await withOperator(flags, (session) => session.call<DeviceView>('device_merge', asked));
    if (flags.json) output.json(row);
    else output.line(`${row.id} (${row.name}) is both now; picket device unmerge undoes it`);
  });
}

function addUnmerge(device: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = device
    .command('unmerge')
    .description('take a merge back: the device is as it was, and what tied the two does not do so again')
    .argument('<id>', 'of the device that was merged into another: see picket device list --merged')
    .option('--why <text>', 'the reason, for the audit');
  tenantCommand(
    command,
    surroundings,
    `Example:\n  picket device unmerge ${another} --tenant acme --why "a docking station that two laptops use"\n`,
  ).action(async (id: string, flags: IdentityFlags) => {
    const asked = { tenant: flags.tenant, id, why: flags.why ?? null };
    const row = await withOperator(flags, (session) => session.call<DeviceView>('device_unmerge', asked));
    if (flags.json) output.json(row);
    else output.line(`${row.id} (${row.name}) is a device by itself again`);
  });
}

function addConflicts(device: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = device
    .command('conflicts')
    .description('what would make several devices one and was not believed, the newest first');
  tenantCommand(
    command,
    surroundings,
    'Examples:\n  picket device conflicts --tenant acme\n  picket device conflicts --json\n',
  ).action(async (flags: IdentityFlags) => {
    const asked = { tenant: flags.tenant };
    const rows = await withOperator(flags, (session) =>
      session.call<ConflictView[]>('device_conflicts', asked),
    );
    if (flags.json) output.json(rows);
    else output.line(showConflicts(rows));
  });
}

function showConflicts(rows: readonly ConflictView[]): string {
  return table(
    ['SINCE', 'REASON', 'TYPE', 'VALUE', 'PARTITION', 'DEVICES'],
    rows.map(({ since, reason, type, scope, value, partition, devices }) => [
      ...[since, reason, scope === '' ? type : `${type} (${scope})`, value, partition],
      devices.join(' '),
    ]),
  );
}

export function showMerges(rows: readonly MergeView[]): string {
  return table(
    ['AT', 'WHAT', 'DEVICE', 'INTO', 'BY', 'EVIDENCE', 'WHO', 'WHY'],
    rows.map(({ at, what, from, to, reason, evidence, who, why }) => [
      ...[at, what, from, to, reason, evidence.join(' '), who, why],
    ]),
  );
}

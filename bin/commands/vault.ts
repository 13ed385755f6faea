/**
 * `picket vault`: the keys that backups and private columns are sealed with. Works on the key ring of this host and on the
 * database; sealing anew is done by the core that coordinates.
 */
import type { Command } from 'commander';
import { systemClock } from '../../runtime/index.ts';
import { confirm } from '../confirm.ts';
import { CommandFailure, usage } from '../failure.ts';
import { pause } from '../launcher/lock.ts';
import { rotationLookMs, rotationWaitMs } from '../limits.ts';
import { table } from '../table.ts';
import { retire, rotate } from '../vault-changes.ts';
import { openVaultDoor, type VaultDoor, type VaultFlags } from '../vault-door.ts';
import type { VaultView } from '../vault-view.ts';
import { dataOption } from './node.ts';
import type { Surroundings } from './up.ts';

interface Flags extends VaultFlags {
  json?: boolean;
  prepare?: boolean;
  wait?: boolean;
  yes?: boolean;
  despiteArchives?: boolean;
}

const where = `
Keys lie in the ring of --keys (PICKET_VAULT_KEYS; else secrets/vault.keys in --data); every core needs the same file. Cores see a
change of it within a second. The database is the one of DATABASE_URL, else the embedded one in --data.
`;

export function addVaultCommands(program: Command, surroundings: Surroundings): void {
  const vault = program
    .command('vault')
    .description('keys of what is sealed: status, rotate, retire')
    .addHelpText('after', where);
  for (const add of [addStatus, addRotate, addRetire]) add(vault, surroundings);
}

function common(command: Command, { environment }: Surroundings, examples: string): Command {
  return command
    .option('--keys <file>', 'the key ring')
    .option('--to <place>', 'where archives lie: a folder, or s3://bucket/prefix')
    .addOption(dataOption(environment))
    .option('--json', 'print JSON')
    .addHelpText('after', `${where}\n${examples}`);
}

function addStatus(vault: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = vault
    .command('status')
    .description('the keys, what is sealed with each, and how far a rotation is');
  common(command, surroundings, 'Example:\n  picket vault status --json\n').action(async (flags: Flags) => {
    const view = await openVaultDoor(surroundings, { ...flags, mayBeNone: true }, (door) => door.view());
    if (flags.json) output.json(view);
    else if (view.keys.length === 0)
      output.line(`there is no key yet: ${view.ring} is made when something is to be sealed`);
    else for (const line of show(view)) output.line(line);
  });
}

function addRotate(vault: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = vault
    .command('rotate')
    .description('seal with a new key from now on, and let the cores seal anew what there is')
    .option('--prepare', 'only add the key, known and not sealing yet: then copy the ring to the other hosts')
    .option('--wait', 'until everything is sealed anew');
  const examples = `On several hosts: rotate --prepare, copy the ring to each of them, rotate, copy it again.
The key before goes on opening what it sealed, until picket vault retire.

Examples:
  picket vault rotate
  picket vault rotate --wait --json
  picket vault rotate --prepare
`;
  common(command, surroundings, examples).action(async (flags: Flags) => {
    if (flags.prepare && flags.wait) throw usage('--prepare changes nothing that could be waited for');
    const row = await openVaultDoor(surroundings, flags, async (door) => {
      const rotated = await rotate(door, flags.prepare === true);
      return flags.wait ? { ...rotated, rotation: await waited(surroundings, door) } : rotated;
    });
    if (flags.json) output.json(row);
    else if (row.state === 'next')
      output.line(`key ${row.key} is known, and ${row.previous} seals until picket vault rotate`);
    else output.line(`key ${row.key} seals from now on; ${row.previous} goes on opening`);
  });
}

function addRetire(vault: Command, surroundings: Surroundings): void {
  const { output } = surroundings;
  const command = vault
    .command('retire')
    .description('let a key open no value any more; it goes on opening archives')
    .argument('<key>', 'see picket vault status')
    .option('--despite-archives', 'although archives need it: they open as long as it is in the ring')
    .option('--yes', 'do not ask (without a terminal nothing is asked either)');
  const examples = `Refused while anything in the database is sealed with it. The key stays in the ring, marked "retired".

Examples:
  picket vault retire k1a2b3c4d
  picket vault retire k1a2b3c4d --despite-archives --yes --json
`;
  common(command, surroundings, examples).action(async (id: string, flags: Flags) => {
    await confirm(`From then on ${id} opens archives alone.`, flags.yes);
    const row = await openVaultDoor(surroundings, flags, (door) =>
      retire(door, id, flags.despiteArchives === true),
    );
    if (flags.json) output.json(row);
    else
      output.line(
        `key ${row.key} is retired: it opens ${row.archives} archives, and nothing in the database`,
      );
  });
}

async function waited({ output }: Surroundings, door: VaultDoor) {
  const clock = systemClock();
  const untilMs = clock.monotonicMs() + rotationWaitMs;
  let told = '';
  for (;;) {
    const { rotation } = await door.view(false);
    if (rotation === null || rotation.ended_at !== null) return rotation;
    const text = `${rotation.resealed} rows sealed anew, ${rotation.left} values left`;
    if (told !== text) output.note(text);
    told = text;
    if (clock.monotonicMs() > untilMs)
      throw new CommandFailure(
        'rotation_not_done',
        `${text}: see picket vault status, and whether a core runs`,
      );
    await pause(clock, rotationLookMs);
  }
}

function* show({ ring, keys, rotation, archives, changes }: VaultView): Generator<string> {
  yield `ring ${ring}`;
  yield table(
    ['KEY', 'STATE', 'MADE', 'VALUES', 'LOOKUPS', 'TENANTS', 'ARCHIVES'],
    keys.map((key) => [
      key.id,
      key.state,
      key.made_at,
      key.values,
      key.lookups,
      key.tenants.length,
      key.archives,
    ]),
  );
  if (changes.length > 0)
    yield table(
      ['CHANGED', 'EVENT', 'KEY', 'WHO'],
      changes.map(({ at, event, key, who }) => [at, event, key, who]),
    );
  for (const { archive, error } of archives) if (error !== null) yield `${archive}: ${error}`;
  if (rotation === null) return;
  const { key, began_at, ended_at, resealed, left, unreadable } = rotation;
  const since = began_at === null ? 'no core has begun' : `since ${began_at}`;
  const state = ended_at === null ? `under way, ${since}` : `ended ${ended_at}`;
  yield `sealing anew with ${key}: ${state}; ${resealed} rows done, ${left} values left`;
  if (unreadable > 0) yield `${unreadable} rows do not open: the log of the core that coordinates says which`;
}

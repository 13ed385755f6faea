/** `picket user`: the people of a tenant. Their addresses and contact data lie sealed in the database. */
import { type Command, Option } from 'commander';
import { usage } from '../failure.ts';
import { type Target, withOperator } from '../operator-session.ts';
import type { UserView } from '../people-views.ts';
import { table } from '../table.ts';
import { tenantCommand } from './tenant-command.ts';
import type { Surroundings } from './up.ts';

interface UserFlags extends Target {
  tenant: string;
  json?: boolean;
  email?: string;
  name?: string;
  role?: string;
  contact?: string[];
  all?: boolean;
}

export function addUserCommands(program: Command, surroundings: Surroundings): void {
  const user = program.command('user').description('people of a tenant: add, list, change, archive');
  for (const add of [addAdd, addList, addChange, addArchive]) add(user, surroundings);
}

const several = (one: string, all: string[]) => [...all, one];
const contactOption = () =>
  new Option('--contact <name=value>', 'a way to reach them: phone, pager, ... (again for more)').argParser(
    (one: string, all: string[] | undefined) => several(one, all ?? []),
  );

function addAdd(user: Command, surroundings: Surroundings): void {
  const command = user
    .command('add')
    .description('add somebody; they cannot sign in yet')
    .requiredOption('--email <address>', 'one user of a tenant has it')
    .option('--name <name>', 'as it is shown (default: the address)')
    .option('--role <role>', 'admin, operator or viewer', 'viewer')
    .addOption(contactOption());
  const example = `Example:
  picket user add --tenant acme --email ann@example.org --name "Ann Lee" --role admin --contact phone=+31205550101
`;
  tenantCommand(command, surroundings, example).action(async (flags: UserFlags) => {
    const { tenant, email, role, name = email } = flags;
    const user = { email, name, role, ...contactOf(flags) };
    await shown(surroundings, flags, (call) =>
      call<UserView>('user_add', { tenant, user }).then((row) => [row]),
    );
  });
}

function addList(user: Command, surroundings: Surroundings): void {
  const command = user
    .command('list')
    .description('those who are active, or who has an address')
    .option('--all', 'the archived ones, too')
    .option('--email <address>', 'the one with this address, however it is written');
  tenantCommand(
    command,
    surroundings,
    'At most 10,000 by age; --email finds whoever it is.\n\nExample:\n  picket user list --tenant acme --json\n',
  ).action(async (flags: UserFlags) => {
    const { tenant, email, all = false } = flags;
    if (email !== undefined && all) throw usage('--email finds who is active: it does not go with --all');
    await shown(
      surroundings,
      flags,
      (call) =>
        email === undefined
          ? call<UserView[]>('user_list', { tenant, all })
          : call<UserView[]>('user_find', { tenant, email }),
      true,
    );
  });
}

function addChange(user: Command, surroundings: Surroundings): void {
  const command = user
    .command('change')
    .description('what is given; contact data are replaced as a whole')
    .argument('<id>', 'see picket user list')
    .option('--name <name>', 'as it is shown')
    .option('--role <role>', 'admin, operator or viewer')
    .addOption(contactOption());
  const example = 'Example:\n  picket user change usr_abcdefghijklmnop --tenant acme --role operator\n';
  tenantCommand(command, surroundings, example).action(async (id: string, flags: UserFlags) => {
    const { tenant, name, role } = flags;
    const given = { ...(name === undefined ? {} : { name }), ...(role === undefined ? {} : { role }) };
    const change = { ...given, ...contactOf(flags) };
    if (Object.keys(change).length === 0) throw usage('--name, --role or --contact says what to change');
    await shown(surroundings, flags, (call) =>
      call<UserView>('user_change', { tenant, id, change }).then((row) => [row]),
    );
  });
}

function addArchive(user: Command, surroundings: Surroundings): void {
  const command = user
    .command('archive')
    .description('end it for somebody; the row stays, the address is free')
    .argument('<id>', 'see picket user list');
  const example = 'Example:\n  picket user archive usr_abcdefghijklmnop --tenant acme\n';
  tenantCommand(command, surroundings, example).action(async (id: string, flags: UserFlags) => {
    const { tenant } = flags;
    await shown(surroundings, flags, (call) =>
      call<UserView>('user_archive', { tenant, id }).then((row) => [row]),
    );
  });
}

type Call = <T>(name: string, argument: unknown) => Promise<T>;

async function shown(
  { output }: Surroundings,
  flags: UserFlags,
  ask: (call: Call) => Promise<UserView[]>,
  isList = false,
): Promise<void> {
  const rows = await withOperator(flags, (session) => ask(session.call));
  if (flags.json) output.json(isList ? rows : rows[0]);
  else output.line(show(rows));
}

function contactOf({ contact }: UserFlags): { contact?: Record<string, string> } {
  if (contact === undefined) return {};
  const entries = contact.map((one) => {
    const at = one.indexOf('=');
    if (at < 1) throw usage(`--contact: "${one}" is no name=value`);
    return [one.slice(0, at), one.slice(at + 1)] as const;
  });
  return { contact: Object.fromEntries(entries) };
}

function show(rows: readonly UserView[]): string {
  return table(
    ['ID', 'ROLE', 'NAME', 'EMAIL', 'CONTACT', 'STATE'],
    rows.map(({ id, role, name, email, contact, unreadable, state }) => [
      id,
      role,
      name,
      email ?? `(${unreadable})`,
      Object.entries(contact ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .join(' '),
      state,
    ]),
  );
}

/** `picket seed`: two made-up customers with a week behind them, for whoever tries Picket out or builds on it. */
import { type Command, Option } from 'commander';
import { phaseOf } from '../../actors/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { type LiveRing, liveRing, openSeeds, openStore, type Planted, ringStamp } from '../../store/index.ts';
import { type Environment, openKeys, ringFile } from '../archive-place.ts';
import { withDatabase, withSchema } from '../database-door.ts';
import { CommandFailure } from '../failure.ts';
import { seedDays } from '../limits.ts';
import { madeUpTenants } from '../seed/made-up-tenants.ts';
import { seedUsers } from '../seed/users.ts';
import { table } from '../table.ts';
import { dataOption } from './node.ts';
import type { Surroundings } from './up.ts';

interface SeedFlags {
  data: string;
  json?: boolean;
}

type Seeded = Planted & { users: number };

interface SeededView {
  tenant: string;
  tenant_id: string;
  /** False: it was there, and was left as it is. */
  made: boolean;
  users: number;
  devices: number;
  checks: number;
  results: number;
  /** Due instants that gaps cover. */
  gap_instants: number;
  rollup_minutes: number;
}

export function addSeedCommand(program: Command, { output, environment }: Surroundings): void {
  program
    .command('seed')
    .description('make two made-up tenants, with users, devices, checks and a week of results')
    .addOption(dataOption(environment))
    .addOption(new Option('--json', 'print JSON'))
    .addHelpText('after', seedExamples)
    .action(async (flags: SeedFlags) => {
      const door = {
        data: flags.data,
        url: environment.DATABASE_URL,
        mayMake: true,
        note: (text: string) => output.note(text),
      };
      await withDatabase(door, async (url) => {
        await bringUp(url, output.note);
        const rows = (await seed(url, commandRing(flags.data, environment), output.note)).map(viewOf);
        if (flags.json) output.json(rows);
        else output.line(showSeeded(rows));
      });
    });
}

const seedExamples = `
Works on the database of --data, or on that of DATABASE_URL, beside a running cluster or without one. Run again it
changes nothing. Addresses are of the documentation ranges: what a cluster runs of them itself is answered by nobody.

Examples:
  picket seed
  picket seed --json --data ./demo
  picket results --tenant northwind-clinics --since 7d --by day
`;

/** A database with nothing in it gets its schema; one of another version is left to who looks after it. */
async function bringUp(url: string, note: (text: string) => void): Promise<void> {
  const door = { data: '', url, mayMake: false, note };
  await withSchema(door, async (schema) => {
    const { platform } = await schema.status();
    if (platform.state === 'current') return;
    if (platform.version > 0)
      throw new CommandFailure('failed', `the database is at another version: see picket db status`);
    note('making the schema ...');
    await schema.migrate();
  });
}

/** The ring that the cores of the folder seal with; users are sealed. */
function commandRing(data: string, environment: Environment): LiveRing {
  const { file } = ringFile(undefined, data, environment);
  return liveRing(
    () => openKeys(undefined, data, environment, true),
    () => ringStamp(file),
  );
}

async function seed(url: string, keys: LiveRing, note: (text: string) => void): Promise<Seeded[]> {
  const clock = systemClock();
  const seeds = openSeeds({ url, phaseOf, clock });
  const store = openStore({ url, phaseOf, clock, keys });
  try {
    const made = new Set<string>();
    for (const tenant of madeUpTenants) {
      note(`${tenant.name} ...`);
      const one = await seeds.plant(tenant, seedDays);
      if (one.made) made.add(one.slug);
      note(`${tenant.name}: ${one.made ? 'made, with' : 'there already, with'} ${one.results} results`);
    }
    if (made.size > 0) note('rolling up today ...');
    // What is older was rolled up with the tenants.
    for (let more = made.size > 0; more; ) ({ more } = await store.telemetry.roll());
    const seeded: Seeded[] = [];
    // Each is there by now, and is only counted.
    for (const tenant of madeUpTenants) {
      const one = await seeds.plant(tenant, seedDays);
      const users = await seedUsers(store.users, one.slug, one.tenantId);
      seeded.push({ ...one, made: made.has(one.slug), users });
    }
    return seeded;
  } finally {
    await Promise.all([store.close(), seeds.close()]);
  }
}

function viewOf(row: Seeded): SeededView {
  return {
    tenant: row.slug,
    tenant_id: row.tenantId,
    made: row.made,
    users: row.users,
    devices: row.devices,
    checks: row.checks,
    results: row.results,
    gap_instants: row.gapInstants,
    rollup_minutes: row.rollupMinutes,
  };
}

function showSeeded(rows: readonly SeededView[]): string {
  return table(
    ['TENANT', 'MADE', 'USERS', 'DEVICES', 'CHECKS', 'RESULTS', 'IN GAPS', 'MINUTES ROLLED UP'],
    rows.map((row) => [
      row.tenant,
      row.made ? 'now' : 'before',
      row.users,
      row.devices,
      row.checks,
      row.results,
      row.gap_instants,
      row.rollup_minutes,
    ]),
  );
}

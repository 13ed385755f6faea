/**
 * `npm run soak -- lease-histories [--rounds N] [--seed S]`: histories of leases with real cores and a real PostgreSQL. In
 * each some processes are stopped, killed, or kept from a tenant's lease, as the seed says; then every tenant must be back
 * within 5 s, and every due instant must have one row. Needs what `npm run build` made. Splits are the target `splits`.
 */
import { loadavg } from 'node:os';
import { seededRandom } from '../../runtime/index.ts';
import { coverageProblems } from '../e2e/coverage.ts';
import { pause, until } from '../e2e/picket.ts';
import {
  leaseBackMsMax,
  leaseCalmMs,
  leaseFaultsMs,
  leaseFaultsPerHistory,
  leaseMovesPerCauseMax,
  leaseOpenMs,
  leaseWaitMs,
} from './bounds.ts';
import { LeaseWatch } from './lease-watch.ts';
import { LeaseWorld } from './lease-world.ts';

type Say = (text: string) => void;
type Heal = () => Promise<void>;

interface Stage {
  readonly world: LeaseWorld;
  readonly watch: LeaseWatch;
  chance(): number;
  pick<T>(of: readonly T[]): T;
}

const cores = ['core_1', 'core_2', 'core_3'];
const struck = [...cores, 'poller_1', 'poller_2', 'agent_1', 'agent_2'];

export async function soakLeaseHistories(histories: number, seed: number, say: Say): Promise<string | null> {
  const world = await LeaseWorld.open();
  const watch = new LeaseWatch(world.url);
  const random = seededRandom(seed);
  const chance = () => random.next();
  const stage: Stage = { world, watch, chance, pick: (of) => of[Math.floor(chance() * of.length)]! };
  const faults: string[] = [];
  try {
    await pause(leaseCalmMs);
    for (let number = 1; number <= histories; number += 1) {
      const found = await history(stage, number, say);
      faults.push(...found.map((fault) => `history ${number}: ${fault}`));
      for (const fault of found) say(`lease-histories: ${number}: FAULT: ${fault}`);
    }
  } finally {
    await watch.close();
    await world.close();
  }
  faults.push(...watch.faults);
  say(`lease-histories: ${histories} histories, ${faults.length} faults, ${watch.looks} looks at the leases`);
  return faults.length === 0 ? null : faults.slice(0, 10).join('; ');
}

async function history(stage: Stage, number: number, say: Say): Promise<string[]> {
  const { world, watch } = stage;
  const before = new Map(watch.epochs);
  const told: string[] = [];
  const heals: Promise<void>[] = [];
  for (let at = 0; at < leaseFaultsPerHistory; at += 1) {
    const [what, heal] = await strike(stage);
    told.push(what);
    if (heal !== null) heals.push(heal());
    await pause((stage.chance() * 2 * leaseFaultsMs) / leaseFaultsPerHistory);
  }
  await Promise.all(heals);
  await world.whole(struck);
  const healedMs = Date.now();
  const backMs = await back(world, healedMs);
  await pause(leaseCalmMs);
  const faults: string[] = [];
  if (backMs > leaseBackMsMax) faults.push(`back after ${backMs} ms`);
  const moves = world.tenants.map(({ id }) => (watch.epochs.get(id) ?? 0) - (before.get(id) ?? 0));
  const movesMax = Math.max(...moves);
  // Each fault begins and ends.
  if (movesMax > 2 * told.length * leaseMovesPerCauseMax) faults.push(`a lease moved ${movesMax} times`);
  const { problems, rows } = await account(world);
  faults.push(...problems);
  say(
    `lease-histories: ${number}: ${told.join(', ')}: back after ${backMs} ms, ${movesMax} moves at most, ${rows} rows, load ${loadavg()[0]!.toFixed(1)}`,
  );
  return faults;
}

/** What was done, and how it is undone after a while; null: what was killed is started by its launcher. */
async function strike(stage: Stage): Promise<[string, Heal | null]> {
  const { world, pick, chance } = stage;
  const forMs = 500 + Math.floor(chance() ** 2 * 9_500);
  switch (pick(['stop', 'stop', 'kill', 'database stop', 'database kill', 'lock', 'helper'])) {
    case 'stop': {
      const name = pick(cores);
      const pid = world.pidOf(name);
      if (pid === null) return [`${name} was not there`, null];
      world.signal([pid], 'SIGSTOP');
      return [`${name} stopped for ${forMs} ms`, after(forMs, () => world.signal([pid], 'SIGCONT'))];
    }
    case 'kill': {
      const name = pick(cores);
      const pid = world.pidOf(name);
      if (pid !== null) world.signal([pid], 'SIGKILL');
      return [`${name} killed`, null];
    }
    case 'database stop': {
      const pids = world.picket.databasePids();
      world.signal(pids, 'SIGSTOP');
      return [
        `the database stopped for ${forMs} ms`,
        after(forMs, () => world.signal([...pids, ...world.picket.databasePids()], 'SIGCONT')),
      ];
    }
    case 'database kill':
      world.signal(world.picket.databasePids(), 'SIGKILL');
      return ['the database killed', null];
    case 'lock': {
      const { id, slug } = pick(world.tenants);
      const free = await world.lock(id).catch(() => null);
      if (free === null) return [`the lease of ${slug} was not to be locked`, null];
      return [`the lease of ${slug} locked for ${forMs} ms`, after(forMs, free)];
    }
    default: {
      const name = pick(['poller_1', 'poller_2', 'agent_1', 'agent_2']);
      const pid = world.pidOf(name);
      if (pid !== null) world.signal([pid], 'SIGKILL');
      return [`${name} killed`, null];
    }
  }
}

function after(ms: number, then: () => void | Promise<void>): Heal {
  return async () => {
    await pause(ms);
    await then();
  };
}

/** From the end of the trouble to the first instant that ran, of the tenant for which it took longest. */
async function back(world: LeaseWorld, healedMs: number): Promise<number> {
  return await until('a run of each tenant', leaseWaitMs, async () => {
    const { results } = await world.rows(healedMs);
    const first = new Map<string, number>();
    for (const { check_id, due_at, started_at } of results) {
      if (started_at === null) continue;
      const dueMs = Date.parse(due_at);
      first.set(check_id, Math.min(dueMs, first.get(check_id) ?? dueMs));
    }
    const tenants = world.tenants.map(({ checks }) =>
      Math.min(...checks.map(({ id }) => first.get(id) ?? Number.POSITIVE_INFINITY)),
    );
    const lastMs = Math.max(...tenants);
    return Number.isFinite(lastMs) && Math.max(0, lastMs - healedMs);
  });
}

/** Every instant since the beginning has one row, but for the youngest, which may be under way. */
async function account(world: LeaseWorld): Promise<{ problems: string[]; rows: number }> {
  let problems: string[] = [];
  let rows = 0;
  const endMs = Date.now() + leaseWaitMs;
  do {
    const { results, gaps } = await world.rows(world.sinceMs - 60_000);
    rows = results.length + gaps.length;
    problems = world.tenants.flatMap(({ checks, slug }) =>
      coverageProblems(checks, results, gaps, { fromMs: Date.now(), untilMs: Date.now() - leaseOpenMs }).map(
        ({ kind, checkId, detail }) => `${slug} ${checkId}: ${kind}: ${detail}`,
      ),
    );
    if (problems.length > 0) await pause(1_000);
  } while (problems.length > 0 && Date.now() < endMs);
  return { problems: problems.slice(0, 5), rows };
}

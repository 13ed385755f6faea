/**
 * One simulated history of leases and accounts, from a seed: rounds of faults, each healed; then all must be back within
 * 5 s and stay, and every due instant must have one row. The same seed gives the same history, event for event.
 */
import {
  backMsMax,
  calmMs,
  dayMs,
  faultsMs,
  firstCalmMs,
  movesPerCauseMax,
  roundsMax,
  roundsMin,
  storedMsMax,
} from './bounds.ts';
import { type Family, Faults, families } from './faults.ts';
import type { Flaw } from './flaws.ts';
import { firstChecks, Load } from './load.ts';
import { World } from './world.ts';

export interface LeaseHistory {
  readonly seed: number;
  readonly failures: readonly string[];
  readonly hash: string;
  readonly simulatedMs: number;
  readonly counts: Counts;
  trace(): string[];
}

export interface Counts {
  rounds: number;
  causes: number;
  moves: number;
  written: number;
  daysOff: number;
  /** Changes of hands of one lease in one round, at most, by the causes of that round. */
  movesPerCauseMax: number;
  takenWhileRenewed: number;
  /** From a due instant to its row in the store, of tenants beside one that has trouble. */
  longestMs: number;
}

export interface LeaseHistoryOptions {
  readonly seed: number;
  readonly flaw?: Flaw | null;
  readonly traceLines?: number;
}

/** Not within a promise: see `outsidePromises`. */
export function runLeaseHistory({ seed, flaw = null, traceLines = 0 }: LeaseHistoryOptions): LeaseHistory {
  const world = new World({ seed, flaw, traceLines });
  const counts: Counts = {
    ...{
      rounds: 0,
      causes: 0,
      moves: 0,
      written: 0,
      daysOff: 0,
      movesPerCauseMax: 0,
      takenWhileRenewed: 0,
      longestMs: 0,
    },
  };
  const rejected = (reason: unknown) =>
    world.judge.fail(`a promise that nobody waits for failed: ${textOf(reason)}`);
  process.on('unhandledRejection', rejected);
  try {
    live(world, counts);
  } catch (error) {
    world.judge.fail(`an error that nobody caught: ${textOf(error)}`);
  } finally {
    process.off('unhandledRejection', rejected);
  }
  counts.written = world.judge.written;
  counts.takenWhileRenewed = world.judge.takenWhileRenewed;
  return {
    seed,
    failures: world.judge.failures,
    hash: world.trace.hash,
    simulatedMs: world.loop.nowMs,
    counts,
    trace: () => world.trace.text(),
  };
}

function live(world: World, counts: Counts): void {
  const load = new Load(world);
  firstChecks(world);
  world.begin();
  load.begin();
  pass(world, firstCalmMs);
  const rounds = roundsMin + world.below(roundsMax - roundsMin + 1);
  for (let round = 0; round < rounds && world.judge.failures.length === 0; round += 1) {
    const family = world.pick(families);
    counts.rounds += 1;
    befall(world, load, counts, family);
  }
  if (world.hasDayOff && world.judge.failures.length === 0) {
    counts.daysOff += 1;
    dayOff(world, load);
  }
}

function befall(world: World, load: Load, counts: Counts, family: Family): void {
  const faults = new Faults(world);
  const before = new Map(world.judge.moves);
  world.judge.longestMs.clear();
  world.say('WORLD', `a round of ${family}`);
  const fromMs = world.database.server.nowMs();
  faults.begin(family, faultsMs);
  pass(world, faultsMs);
  faults.healAll();
  world.judge.troubles.push({ fromMs, toMs: world.database.server.nowMs() });
  world.say('WORLD', 'all is healed');
  settle(world, load);
  if (family === 'tenant') judgeOthers(world, before, faults.troubled, counts);
  counts.causes += faults.causes;
  for (const tenantId of world.tenants) {
    const moves = (world.judge.moves.get(tenantId) ?? 0) - (before.get(tenantId) ?? 0);
    counts.moves += moves;
    const perCause = moves / Math.max(1, faults.causes);
    counts.movesPerCauseMax = Math.max(counts.movesPerCauseMax, perCause);
    if (perCause > movesPerCauseMax)
      world.judge.fail(`${tenantId} changed hands ${moves} times for ${faults.causes} causes`);
  }
}

/** One tenant's trouble is nobody else's: no lease of another moves, and its rows are stored in time. */
function judgeOthers(
  world: World,
  before: ReadonlyMap<string, number>,
  troubled: ReadonlySet<string>,
  counts: Counts,
): void {
  for (const tenantId of world.tenants) {
    if (troubled.has(tenantId)) continue;
    if (world.judge.moves.get(tenantId) !== before.get(tenantId))
      world.judge.fail(`${tenantId} changed hands in the trouble of ${[...troubled].join(', ')}`);
    const longestMs = world.judge.longestMs.get(tenantId) ?? 0;
    counts.longestMs = Math.max(counts.longestMs, longestMs);
    if (longestMs > storedMsMax)
      world.judge.fail(
        `${tenantId}: a row took ${longestMs} ms in the trouble of ${[...troubled].join(', ')}`,
      );
  }
}

/** Nothing runs for a day. */
function dayOff(world: World, load: Load): void {
  world.say('WORLD', 'a day off begins');
  load.isOn = false;
  for (const site of world.sites) {
    if (world.chance(0.5)) world.drain(site);
    else world.kill(site);
  }
  pass(world, backMsMax);
  for (const site of world.sites) world.kill(site);
  pass(world, dayMs - 20_000 + world.below(40_000));
  world.say('WORLD', 'the day off is over');
  for (const site of world.sites) world.start(site);
  settle(world, load);
}

/** What must hold 5 s after the last trouble ended, and what must not happen any more for as long as is looked. */
function settle(world: World, load: Load): void {
  load.isOn = false;
  load.release();
  pass(world, backMsMax);
  judgeBack(world);
  if (world.judge.failures.length > 0) return;
  const moves = new Map(world.judge.moves);
  const fromMs = world.database.server.nowMs();
  pass(world, calmMs);
  judgeBack(world);
  for (const tenantId of world.tenants) {
    if (world.judge.moves.get(tenantId) !== moves.get(tenantId))
      world.judge.fail(`${tenantId} changed hands although all was calm`);
    const live = [...world.database.checksOf(tenantId).values()].some((one) => one.archivedAtMs === null);
    if (live && !world.hasDayOff && (world.judge.wroteAtMs.get(tenantId) ?? 0) < fromMs)
      world.judge.fail(`${tenantId}: nothing was written in ${calmMs} ms of calm`);
    world.judge.judgeTenant(tenantId, world.database.server.nowMs());
  }
  load.isOn = true;
}

/** Each tenant runs on one core, under the lease that the database has. */
function judgeBack(world: World): void {
  for (const tenantId of world.tenants) {
    const active = world.activeOn(tenantId);
    const lease = world.database.tables.leases.get(tenantId);
    const [first] = active;
    if (active.length !== 1 || first === undefined) {
      const where = active.map(({ site }) => site.name).join(', ');
      world.judge.fail(
        `${tenantId} runs on ${active.length} cores (${where}); its lease is ${lease?.node}'s`,
      );
    } else if (
      lease?.node !== first.site.name ||
      lease.boot !== first.site.boot ||
      lease.epoch !== first.epoch
    )
      world.judge.fail(
        `${tenantId} runs on ${first.site.name} under ${first.epoch}; its lease is ${lease?.node}'s ${lease?.epoch}`,
      );
  }
}

function pass(world: World, forMs: number): void {
  if (world.judge.failures.length === 0) world.loop.runUntil(world.loop.nowMs + forMs);
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

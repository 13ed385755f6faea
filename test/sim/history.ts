/**
 * One simulated history from a seed: nodes join, rounds of faults come and are healed, and after each the checks look.
 * Between the command and the tests (who run many) and the world. The same seed gives the same history, event for event.
 */
import { faultsMs, firstCalmMs, joinMs, lookEveryMs, roundsPerHistory, settleMs, stillMs } from './bounds.ts';
import { checks } from './checks/all.ts';
import { timerPart } from './event-loop.ts';
import { Faults } from './faults.ts';
import type { Ledger } from './ledger.ts';
import { type Plant, World } from './world.ts';

export interface HistoryOptions {
  readonly seed: number;
  /** Unless told, 3 to 7 by the seed. */
  readonly nodes?: number | undefined;
  readonly plant?: Plant | undefined;
  /** How many of the last events are kept as text; none unless told. */
  readonly traceLines?: number | undefined;
  /** Only calls and registrations, without any fault: to measure. */
  readonly calm?: boolean | undefined;
}

export interface HistoryReport {
  readonly seed: number;
  readonly nodes: number;
  readonly failures: readonly string[];
  readonly hash: string;
  readonly simulatedMs: number;
  readonly events: number;
  readonly counts: Ledger['counts'];
  /** The last events as text, oldest first. */
  trace(): string[];
}

/** Not within a promise: see `outsidePromises`. */
export function runHistory(options: HistoryOptions): HistoryReport {
  const { seed, plant, traceLines = 0 } = options;
  const nodes = options.nodes ?? 3 + (seed % 5);
  const world = new World(seed, nodes, plant ?? null, traceLines, options.calm === true);
  const rejected = (reason: unknown) =>
    world.fail(`a promise that nobody waits for failed: ${textOf(reason)}`);
  process.on('unhandledRejection', rejected);
  try {
    live(world);
  } catch (error) {
    world.fail(`an error that nobody caught: ${textOf(error)}`);
  } finally {
    process.off('unhandledRejection', rejected);
  }
  return {
    seed,
    nodes,
    failures: world.failures,
    hash: world.trace.hash,
    simulatedMs: world.loop.nowMs,
    events: world.loop.count,
    counts: world.ledger.counts,
    trace: () => world.trace.text(),
  };
}

function live(world: World): void {
  for (const check of checks) check.begin?.(world);
  const faults = new Faults(world);
  // Some come late: what the others hold by then must reach them too.
  for (const site of world.sites) {
    const late = site.index > 1 && world.chance(0.25);
    world.loop.put(world.below(late ? firstCalmMs + faultsMs : joinMs), timerPart, null, () => {
      if (site.life === null) world.start(site);
    });
  }
  pass(world, firstCalmMs);
  for (let round = 0; round < roundsPerHistory; round += 1) {
    if (!world.isCalm) faults.begin(faultsMs);
    pass(world, faultsMs);
    faults.healAll();
    pass(world, settleMs);
    world.isStill = true;
    pass(world, stillMs);
    if (world.failures.length > 0) return;
    for (const check of checks) check.settled?.(world);
    if (world.failures.length > 0) return;
    world.isStill = false;
  }
}

/** Lets time pass, looking at what must always hold. */
function pass(world: World, forMs: number): void {
  const untilMs = world.loop.nowMs + forMs;
  // What is looked at grows with the square of the nodes.
  const everyMs = lookEveryMs * Math.max(1, world.sites.length / 10);
  while (world.loop.nowMs < untilMs && world.failures.length === 0) {
    world.loop.runUntil(Math.min(untilMs, world.loop.nowMs + everyMs));
    for (const check of checks) check.always?.(world);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/**
 * Five and twenty real node processes with two thousand names and five hundred supervised children, under calls: one is
 * killed and started again, one is stopped for longer and longer, and all are starved of processors. After each: every
 * name and child once, and every death told that was one, and none that was not. Tells the times that it saw.
 */
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../runtime/index.ts';
import {
  fleetCallsPerTick,
  fleetChildren,
  fleetNames,
  fleetSizes,
  fleetStillMs,
  noticedMsMax,
  pausesMs,
  pauseUnnoticedMsMax,
  starvedMs,
  starvingProcesses,
} from './bounds.ts';
import { Fleet } from './fleet.ts';
import { downsSince, isExact, saidSince, twiceMs } from './fleet-judge.ts';
import type { FleetSight } from './fleet-node.ts';

const clock = systemClock();
const pass = (ms: number) => new Promise<void>((resolve) => void clock.timer(Math.max(0, ms), resolve));
const seenMs = 60_000;

/** What is wrong, or null. `pauses`: one is stopped for these times, and nothing else is done; null: all. */
export async function soakNodes(
  sizes: readonly number[],
  pauses: readonly number[] | null,
  say: (text: string) => void,
): Promise<string | null> {
  const faults: string[] = [];
  for (const size of sizes.length > 0 ? sizes : fleetSizes) {
    const tell = (what: string, figures: object) =>
      say(`nodes: ${size}: ${what}: ${JSON.stringify({ ...figures, load: loadavg()[0] })}`);
    try {
      for (const fault of await soakFleet(size, pauses, tell)) faults.push(`${size} nodes: ${fault}`);
    } catch (error) {
      faults.push(`${size} nodes: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return faults.length === 0 ? null : faults.join('; ');
}

type Tell = (what: string, figures: object) => void;

async function soakFleet(size: number, pauses: readonly number[] | null, tell: Tell): Promise<string[]> {
  const names = Array.from({ length: size }, (_, n) => `core_${n + 1}`);
  const fleet = await Fleet.open(fileURLToPath(new URL('./fleet-node.js', import.meta.url)), names);
  const faults: string[] = [];
  try {
    const ids = await fill(fleet);
    // Every twentieth, or a list of all travels for each order.
    const called = ids.filter((_, n) => n % 20 === 0);
    const begin = (of = fleet.names) => fleet.load(called, Math.ceil((fleetCallsPerTick * 5) / size), of);
    await begin();
    if (pauses === null) {
      faults.push(...(await killed(fleet, ids, tell)));
      await begin();
    }
    for (const pauseMs of pauses ?? pausesMs) faults.push(...(await paused(fleet, ids, pauseMs, tell)));
    if (pauses === null) faults.push(...(await starved(fleet, ids, tell)));
    await fleet.load([], 0);
    const calls = [...(await fleet.sights()).values()].map((sight) => sight.calls);
    const codes: Record<string, number> = {};
    for (const { failed } of calls) {
      for (const [code, count] of Object.entries(failed)) codes[code] = (codes[code] ?? 0) + count;
    }
    const made = calls.reduce((sum, one) => sum + one.made, 0);
    tell('calls', { made, failedOnce: codes });
    if (codes.wrong_actor !== undefined) faults.push('a wrong actor answered');
  } finally {
    await fleet.close();
  }
  return faults;
}

const own = (name: string, size: number) =>
  Array.from({ length: Math.ceil(fleetNames / size) }, (_, n) => `of ${name} ${n}`);

async function fill(fleet: Fleet): Promise<string[]> {
  const { names } = fleet;
  const take = (name: string) => fleet.ask(name, { type: 'take', ids: own(name, names.length) }, 'done');
  await Promise.all(names.map(take));
  const children = Array.from({ length: fleetChildren }, (_, n) => `child ${n}`);
  await fleet.ask(names[0]!, { type: 'start_children', ids: children }, 'done');
  const ids = [...names.flatMap((name) => own(name, names.length)), ...children];
  await fleet.exact(ids);
  return ids;
}

/** `of` is called down by each of the others; after how long, each, from `sinceMs`. */
async function noticed(fleet: Fleet, of: string, sinceMs: number): Promise<number[]> {
  const others = fleet.others(of);
  const sights = await fleet.sightsUntil(
    `${of} to be called down by all`,
    seenMs,
    (seen) => {
      const by = new Set(downsSince(seen, sinceMs).flatMap((told) => (told.of === of ? [told.by] : [])));
      return by.size === others.length ? null : `${by.size} of ${others.length} did`;
    },
    others,
  );
  const first = others.map((name) => {
    const told = downsSince(sights, sinceMs).filter((one) => one.by === name && one.of === of);
    return Math.min(...told.map(({ atMs }) => atMs - sinceMs));
  });
  return first.sort((a, b) => a - b);
}

function falseDowns(sights: ReadonlyMap<string, FleetSight>, sinceMs: number, dead: string | null): string[] {
  return downsSince(sights, sinceMs)
    .filter(({ by, of }) => of !== dead && by !== dead)
    .map(({ by, of, because }) => `${by} called ${of} down: ${because}`);
}

async function killed(fleet: Fleet, ids: readonly string[], tell: Tell): Promise<string[]> {
  const name = fleet.names.at(-1)!;
  const others = fleet.others(name);
  const sinceMs = clock.wallMs();
  await fleet.kill(name);
  const after = await noticed(fleet, name, sinceMs);
  // What only it held is gone; its children run elsewhere.
  const left = ids.filter((id) => !id.startsWith(`of ${name} `));
  const moved = await fleet.exact(left, others);
  const exactMs =
    Math.max(...[...moved.values()].flatMap(({ lives }) => lives.map(({ fromMs }) => fromMs))) - sinceMs;
  const againMs = clock.wallMs();
  await fleet.startAgain(name);
  await fleet.ask(name, { type: 'take', ids: own(name, fleet.names.length) }, 'done');
  await fleet.sightsUntil('all to be up', seenMs, (sights) => fleet.isWhole(sights));
  const sights = await fleet.exact(ids);
  tell('killed', {
    noticedMs: [after[0], after.at(-1)],
    childrenMs: exactMs,
    rejoinedMs: clock.wallMs() - againMs,
  });
  const faults = falseDowns(sights, sinceMs, name);
  if (after.at(-1)! > noticedMsMax) faults.push(`a kill was noticed after ${after.at(-1)} ms`);
  return faults;
}

async function paused(fleet: Fleet, ids: readonly string[], pauseMs: number, tell: Tell): Promise<string[]> {
  const name = fleet.names[1]!;
  const sinceMs = clock.wallMs();
  fleet.signal(name, 'SIGSTOP');
  const isDeath = pauseMs > pauseUnnoticedMsMax;
  const after = isDeath ? await noticed(fleet, name, sinceMs) : [];
  if (isDeath) {
    const left = ids.filter((id) => !id.startsWith(`of ${name} `));
    await fleet.exact(left, fleet.others(name));
  }
  await pass(pauseMs - (clock.wallMs() - sinceMs));
  const resumedMs = clock.wallMs();
  fleet.signal(name, 'SIGCONT');
  await fleet.sightsUntil('all to be up', seenMs, (sights) => fleet.isWhole(sights));
  const wholeMs = clock.wallMs() - resumedMs;
  await pass(fleetStillMs);
  const sights = await fleet.exact(ids);
  const twice = twiceMs(sights, resumedMs);
  const figures = isDeath
    ? { noticedMs: [after[0], after.at(-1)], backMs: wholeMs, twiceMs: twice }
    : { backMs: wholeMs };
  tell(`stopped for ${resumedMs - sinceMs} ms`, figures);
  const faults = falseDowns(sights, sinceMs, isDeath ? name : null);
  if (isDeath && after.at(-1)! > noticedMsMax) faults.push(`a pause was noticed after ${after.at(-1)} ms`);
  return faults;
}

async function starved(fleet: Fleet, ids: readonly string[], tell: Tell): Promise<string[]> {
  const sinceMs = clock.wallMs();
  fleet.starve(starvingProcesses);
  await pass(starvedMs);
  const most = loadavg()[0];
  await fleet.feed();
  await fleet.sightsUntil('all to be up', seenMs, (sights) => fleet.isWhole(sights));
  const sights = await fleet.sightsUntil('every name once', seenMs, (seen) => isExact(seen, ids));
  const suspicions = [...sights.values()].flatMap(({ log }) =>
    log.filter(({ atMs, message }) => atMs >= sinceMs && / is suspect$/.test(message)),
  ).length;
  const gaps = [...sights.values()].flatMap((sight) =>
    saidSince(sight, 'this process did not run', sinceMs).map(({ fields }) => Number(fields.gapMs)),
  );
  const downs = falseDowns(sights, sinceMs, null);
  tell(`starved by ${starvingProcesses} for ${starvedMs} ms`, {
    mostLoad: most,
    suspicions,
    gaps: gaps.length,
    longestGapMs: Math.max(0, ...gaps),
    falseDeaths: downs.length,
  });
  return downs;
}

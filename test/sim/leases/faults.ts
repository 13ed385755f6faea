/**
 * What befalls the platform in a round: each fault begins, lasts and is healed. A round has faults of one family, or of
 * all. Counts causes: each beginning and each end may move a lease.
 */
import { type Happening, socketPart } from '../event-loop.ts';
import { clockSkewMaxMs, faultEveryMs, serverStartMs } from './bounds.ts';
import type { Site, World } from './world.ts';

type Begin = (world: World, faults: Faults) => (() => void) | null;

const family = {
  deaths: { kill, drain, poller },
  pauses: { pause },
  splits: { split, alone },
  database: { hang, crash, lonely },
  tenant: { lock, failing },
  clocks: { clock, pause },
} as const;
export type Family = keyof typeof family | 'all';
export const families: readonly Family[] = [...(Object.keys(family) as Family[]), 'all', 'all', 'all'];

function begunBy(of: Family): Readonly<Record<string, Begin>> {
  return of === 'all' ? Object.assign({}, ...Object.values(family)) : family[of];
}

export class Faults {
  causes = 0;
  /** Tenants that have trouble of their own in this round. */
  readonly troubled = new Set<string>();
  private readonly world: World;
  private readonly under = new Map<() => void, Happening>();

  constructor(world: World) {
    this.world = world;
  }

  begin(of: Family, forMs: number): void {
    const { world } = this;
    const begins = Object.values(begunBy(of));
    // One that lasts: whoever waits for it is found waiting.
    if (of === 'tenant' && world.chance(0.5)) this.lasting(lock);
    const everyMs = world.pick(faultEveryMs);
    for (let atMs = world.random.next() * everyMs; atMs < forMs; atMs += world.random.next() * 2 * everyMs)
      world.loop.put(atMs, socketPart, null, () => this.one(world.pick(begins)));
  }

  healAll(): void {
    for (const [heal, later] of [...this.under]) {
      later.cancelled = true;
      this.heal(heal);
    }
    for (const site of this.world.sites) if (site.life === null) this.world.start(site);
  }

  /** Until all is healed. */
  private lasting(begin: Begin): void {
    const heal = begin(this.world, this);
    if (heal === null) return;
    this.causes += 1;
    const never = this.world.loop.put(0, socketPart, null, () => {});
    never.cancelled = true;
    this.under.set(heal, never);
  }

  private one(begin: Begin): void {
    const { world } = this;
    const heal = begin(world, this);
    if (heal === null) return;
    this.causes += 1;
    const lastsMs = 200 + world.random.next() ** 2 * 14_000;
    this.under.set(
      heal,
      world.loop.put(lastsMs, socketPart, null, () => this.heal(heal)),
    );
  }

  private heal(heal: () => void): void {
    this.under.delete(heal);
    this.causes += 1;
    heal();
  }
}

function living(world: World, role: Site['role']): Site | null {
  const sites = world.sites.filter((site) => site.role === role && site.life !== null);
  return sites.length === 0 ? null : world.pick(sites);
}

function restart(world: World, site: Site): () => void {
  return () => {
    if (site.life === null) world.start(site);
  };
}

function kill(world: World) {
  const site = living(world, 'core');
  if (site === null) return null;
  world.kill(site);
  return restart(world, site);
}

function drain(world: World) {
  const site = living(world, 'core');
  if (site === null || site.life!.process.paused) return null;
  world.drain(site);
  return () => {
    world.kill(site);
    world.start(site);
  };
}

function poller(world: World) {
  const site = living(world, 'poller');
  if (site === null) return null;
  world.kill(site);
  return restart(world, site);
}

function pause(world: World) {
  const process = living(world, 'core')?.life?.process;
  if (process === undefined || process.paused) return null;
  world.say('WORLD', `${process.name} stands still`);
  process.paused = true;
  world.cluster.changed(process.name, false);
  return () => {
    if (process.ended) return;
    world.say('WORLD', `${process.name} goes on`);
    world.loop.resume(process);
    world.cluster.changed(process.name, false);
  };
}

function split(world: World) {
  const a = living(world, 'core');
  const b = living(world, 'core');
  if (a === null || b === null || a === b) return null;
  world.say('WORLD', `${a.name} and ${b.name} do not reach each other`);
  world.cluster.cut(a.name, b.name);
  return () => {
    world.say('WORLD', `${a.name} and ${b.name} reach each other`);
    world.cluster.mend(a.name, b.name);
  };
}

/** Cut off from all others, not from the database. */
function alone(world: World) {
  const site = living(world, 'core');
  if (site === null) return null;
  world.say('WORLD', `${site.name} is alone`);
  const others = world.sites.filter((one) => one !== site && (one.role === 'core' || world.chance(0.5)));
  for (const other of others) world.cluster.cut(site.name, other.name);
  return () => {
    world.say('WORLD', `${site.name} is not alone any more`);
    for (const other of others) world.cluster.mend(site.name, other.name);
  };
}

function hang(world: World) {
  const { server } = world.database;
  if (!server.isUp || server.isHung) return null;
  world.say('WORLD', 'the database stands still');
  server.hang();
  return () => {
    world.say('WORLD', 'the database goes on');
    server.goOn();
  };
}

function crash(world: World) {
  const { server } = world.database;
  if (!server.isUp) return null;
  world.say('WORLD', 'the database is killed');
  server.crash();
  let isOver = false;
  const start = () => {
    if (isOver || server.isUp) return;
    isOver = true;
    world.say('WORLD', 'the database runs');
    server.start();
  };
  if (world.chance(0.5)) world.loop.put(serverStartMs, socketPart, null, start);
  return start;
}

/** One core does not reach the database. */
function lonely(world: World) {
  const life = living(world, 'core')?.life;
  if (life?.core == null) return null;
  const { client, process } = life.core;
  world.say('WORLD', `${process.name} does not reach the database`);
  client.isolate();
  return () => {
    world.say('WORLD', `${process.name} reaches the database`);
    client.rejoin();
  };
}

function lock(world: World, faults: Faults) {
  const tenantId = world.pick(world.tenants);
  faults.troubled.add(tenantId);
  const { server } = world.database;
  world.say('WORLD', `${tenantId}: its lease is locked`);
  server.hold(tenantId);
  return () => {
    world.say('WORLD', `${tenantId}: its lease is free`);
    server.free(tenantId);
  };
}

function failing(world: World, faults: Faults) {
  const tenantId = world.pick(world.tenants);
  faults.troubled.add(tenantId);
  const { failing: all } = world.database;
  world.say('WORLD', `${tenantId}: its statements fail`);
  all.add(tenantId);
  return () => {
    world.say('WORLD', `${tenantId}: its statements do not fail any more`);
    all.delete(tenantId);
  };
}

function clock(world: World) {
  const process = living(world, 'core')?.life?.process;
  if (process === undefined) return null;
  const before = process.clock.skewMs;
  process.clock.skewMs = world.pick([-clockSkewMaxMs, clockSkewMaxMs]);
  world.say('WORLD', `the clock of ${process.name} is ${process.clock.skewMs} ms off`);
  return () => {
    process.clock.skewMs = before;
  };
}

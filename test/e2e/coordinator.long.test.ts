/**
 * The lease of the coordinator on a real database: a core is killed, stopped and drained; another has it soon after, every
 * node tells the same, also those without the database, and no epoch is ever two cores'.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, cluster, pause, until } from './picket.ts';
import { kill } from './processes.ts';

const storyMs = 180_000;
/** A session's 4 s, the wait before the next question, and what a loaded machine and this test's own commands take. */
const takenMs = 8_000;
const seenMs = 40_000;
const cores = ['core_1', 'core_2', 'core_3'];
const others = ['web_1', 'poller_1', 'agent_1'];

interface Told {
  coordinator: string | null;
  coordinator_by: string;
  coordinator_epoch: number | null;
}

let picket: Cluster;
let addresses: Map<string, string>;
/** By epoch: whoever was ever told to have it. */
const holders = new Map<number, Set<string>>();

beforeAll(async () => {
  picket = await cluster('core=3,web=1,poller=1,agent=1');
  const { nodes } = await picket.up();
  addresses = new Map(nodes.map(({ name, address }) => [name, address]));
}, 120_000);
afterAll(async () => {
  await picket?.close();
});

/** `through`: the core that is asked, or asked to ask. */
async function told(node: string, through: string): Promise<Told> {
  const at = ['--at', addresses.get(through)!];
  const seen = await picket.ask<Told>('status', ...(node === through ? [] : ['--node', node]), ...at);
  return noted(seen);
}

function noted(seen: Told): Told {
  const { coordinator, coordinator_by: by, coordinator_epoch: epoch } = seen;
  expect(by === 'lease').toBe(epoch !== null);
  if (epoch !== null) {
    const known = holders.get(epoch) ?? new Set();
    holders.set(epoch, known.add(coordinator!));
    expect([...known]).toEqual([coordinator]);
  }
  return seen;
}

async function page(): Promise<Told> {
  const answer = await fetch(`http://127.0.0.1:${picket.port}/health/cluster`);
  return noted((await answer.json()) as Told);
}

/** All of these nodes tell the same lease, with an epoch above `epoch`. */
function agreed(what: string, nodes: readonly string[], epoch: number, withinMs = seenMs): Promise<Told> {
  return until(what, withinMs, async () => {
    const first = await page();
    if (first.coordinator_epoch === null || first.coordinator_epoch <= epoch) return null;
    const through = nodes.find((name) => name.startsWith('core'))!;
    const all = await Promise.all(nodes.map((node) => told(node, through)));
    const one = ({ coordinator, coordinator_epoch: at }: Told) => `${coordinator} ${at}`;
    if (all.every((seen) => one(seen) === one(first))) return first;
    throw new Error(all.map(one).join(', '));
  });
}

/** Looks at the page until another core than `former` has the lease. */
function taken(former: string, epoch: number): Promise<Told> {
  return until(`another than ${former} to have the lease`, takenMs, async () => {
    const seen = await page();
    return seen.coordinator !== former && (seen.coordinator_epoch ?? 0) > epoch && seen;
  });
}

async function pidOf(name: string): Promise<number> {
  const members = await picket.ask<{ name: string; pid: number | null }[]>('members');
  return members.find((member) => member.name === name)!.pid!;
}

test('one core has the lease, and every node tells it', { timeout: storyMs }, async () => {
  const seen = await agreed('all to tell the same', [...cores, ...others], 0);
  expect(cores).toContain(seen.coordinator);
  expect(seen.coordinator_by).toBe('lease');
});

test('a coordinator that is stopped is replaced, and when it goes on it is not it any more, at once', {
  timeout: storyMs,
}, async () => {
  const before = await page();
  const former = before.coordinator!;
  const pid = await pidOf(former);
  kill(pid, 'SIGSTOP');
  try {
    const next = await taken(former, before.coordinator_epoch!);
    expect(next.coordinator_by).toBe('lease');
    // The question waits in its socket before it runs again: nothing that it answers is earlier.
    const first = told(former, former);
    await pause(1_000);
    kill(pid, 'SIGCONT');
    const answer = await first;
    expect(answer.coordinator_epoch).not.toBe(before.coordinator_epoch);
    const last = await agreed('all to tell the same', [...cores, ...others], before.coordinator_epoch!);
    expect([last.coordinator, last.coordinator_epoch]).toEqual([next.coordinator, next.coordinator_epoch]);
  } finally {
    kill(pid, 'SIGCONT');
  }
});

test('a coordinator that is killed is replaced', { timeout: storyMs }, async () => {
  const { coordinator, coordinator_epoch: epoch } = await page();
  kill(await pidOf(coordinator!), 'SIGKILL');
  // It may take the lease itself, in its next life: then by a later epoch as well.
  await until('a later epoch', takenMs, async () => ((await page()).coordinator_epoch ?? 0) > epoch!);
  await agreed('all to tell the same', [...cores, ...others], epoch!);
});

test('a coordinator that drains gives the lease to another at once', { timeout: storyMs }, async () => {
  const { coordinator, coordinator_epoch: epoch } = await page();
  const pid = await pidOf(coordinator!);
  kill(pid, 'SIGTERM');
  const next = await until('a later epoch', takenMs, async () => {
    const seen = await page();
    return (seen.coordinator_epoch ?? 0) > epoch! && seen;
  });
  expect([next.coordinator !== coordinator, next.coordinator_epoch]).toEqual([true, epoch! + 1]);
  const last = await agreed('all to tell the same', [...cores, ...others], epoch!);
  expect(last.coordinator).toBe(next.coordinator);
});

test('while the database is away the coordinator stays as long as it lives, and then the first core is', {
  timeout: storyMs,
}, async () => {
  const { coordinator, coordinator_epoch: epoch } = await page();
  const [postmaster] = picket.databasePids();
  const members = () => picket.ask<{ name: string; status: string; pid: number | null }[]>('members');
  kill(postmaster!, 'SIGSTOP');
  for (const pid of picket.databasePids()) kill(pid, 'SIGSTOP');
  try {
    // Longer than a session lives.
    await pause(6_000);
    const kept = await Promise.all([...cores, ...others].map((node) => told(node, coordinator!)));
    for (const seen of kept)
      expect([seen.coordinator, seen.coordinator_by, seen.coordinator_epoch]).toEqual([
        coordinator,
        'lease',
        epoch,
      ]);
    kill(await pidOf(coordinator!), 'SIGKILL');
    const lowest = await until('no lease', seenMs, async () => {
      const seen = await page();
      return seen.coordinator_by === 'lowest_core' && seen;
    });
    expect(cores).toContain(lowest.coordinator);
  } finally {
    for (const pid of picket.databasePids()) kill(pid, 'SIGCONT');
  }
  await until('all to be up', seenMs, async () => {
    const rows = await members();
    return rows.length === cores.length + others.length && rows.every(({ status }) => status === 'up');
  });
  await agreed('all to tell the same', [...cores, ...others], epoch!);
  for (const [at, names] of holders) expect([at, names.size]).toEqual([at, 1]);
});

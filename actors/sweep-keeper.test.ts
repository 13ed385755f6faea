import { expect, test } from 'vitest';
import type { Cluster, Metadata, NameEntry } from '../cluster/index.ts';
import { ActorSystem, defineActor, manualClock, type Ref } from '../runtime/index.ts';
import { memorySweeps } from '../test/contract/memory-sweeps.ts';
import { sweepSilentMs, sweepStoreRetryMs } from './limits.ts';
import { edgeAgentKey, sweepRunnerKey } from './names.ts';
import type { NewSweep } from './ports/sweep.ts';
import { sweepKeeper } from './sweep-keeper.ts';
import type { CommandedAgentProtocol, OrderSeen, SliceJob, SweepRunnerProtocol } from './sweep-messages.ts';

const tenantId = 'abcdefghijkl';
const wanted = (more: Partial<NewSweep> = {}): NewSweep => ({
  ...{ name: 'all', partition: 'default', networks: ['192.0.2.0/24', '198.51.100.0/24'], exclusions: [] },
  ...{ ports: [], icmp: true, ratePerS: 100, timeoutMs: 1_000, intervalMs: null, enabled: true },
  ...more,
});
const counts = (job: SliceJob, live = 3) => ({
  ...{ done: job.to - job.from, live, refused: 0, untold: 0, sent: 2 * (job.to - job.from) },
});

/** Who sweeps: nodes of the cluster, and edge agents by their actors; what they are given is told by the test. */
function playedRunners(system: ActorSystem, entries: NameEntry[]) {
  const jobs: SliceJob[] = [];
  const cancelled: number[] = [];
  const named = (key: NameEntry['key'], node: string, ref: Ref, metadata: Metadata) =>
    void entries.push({ key, node, ref, metadata } as unknown as NameEntry);
  /** A node of the cluster that sweeps; what it is given is told by the test. */
  const node = (name: string) => {
    const ref = system.spawn(
      defineActor<null, SweepRunnerProtocol>({
        name: 'sweep_runner',
        init: () => null,
        call: { totals: () => ({ slices: 0, addresses: 0, sent: 0 }) },
        cast: {
          run: (_self, job) => void jobs.push(job),
          cancel: (_self, _tenant, _run, _slice, number) => void cancelled.push(number),
        },
      }),
    );
    named(sweepRunnerKey(name), name, ref as never, { icmp: true });
    return ref;
  };
  const orders: { id: string; type: string; payload: { slice: number; from: number; to: number } }[] = [];
  const states = new Map<string, OrderSeen>();
  const edge = (name: string) => {
    const ref = system.spawn(
      defineActor<null, CommandedAgentProtocol>({
        name: 'edge_agent',
        init: () => null,
        call: {
          order(_self, type, payloadJson) {
            const id = `c${orders.length}`;
            orders.push({ id, type, payload: JSON.parse(Buffer.from(payloadJson).toString()) });
            return id;
          },
          orderState: (_self, id) =>
            states.get(id) ?? { state: 'sent', message: '', payloadJson: new Uint8Array() },
        },
        cast: { cancel() {} },
      }),
      null,
    );
    const metadata = {
      edge: true,
      status: 'connected',
      listens: true,
      capabilities: ['sweep', 'icmp', 'tcp'],
    };
    named(edgeAgentKey(tenantId, 'plant', name), 'poller_1', ref as never, metadata);
    return ref;
  };
  return { node, edge, jobs, cancelled, orders, states };
}

/** One core, another that comes after it, and whoever sweeps; all on one clock. */
function stage() {
  const clock = manualClock();
  const system = new ActorSystem({ clock, node: 'core_1', boot: 1 });
  const store = memorySweeps(() => clock.wallMs());
  const entries: NameEntry[] = [];
  const names = {
    register() {},
    watch() {},
    list: ({ tenant, kind }: { tenant?: string; kind?: string }) =>
      entries.filter(({ key }) => key.tenant === tenant && key.kind === kind),
  };
  const cluster = { node: 'core_1', names } as unknown as Cluster;
  const away = { now: false };
  const { sweeps, sweepRuns } = store;
  const sliceDone: typeof sweepRuns.sliceDone = (...asked) =>
    away.now ? Promise.reject(new Error('the store is away')) : sweepRuns.sliceDone(...asked);
  const keeper = (epoch: number, suspended = false) => {
    const definition = sweepKeeper({ cluster, sweeps, sweepRuns: { ...sweepRuns, sliceDone } });
    return system.spawn(definition, tenantId, epoch, false, suspended);
  };
  const { node, edge, jobs, cancelled, orders, states } = playedRunners(system, entries);
  const settle = async (ms = 0) => {
    await clock.advance(ms);
    await clock.settle();
  };
  const finish = (ref: ReturnType<typeof keeper>, job: SliceJob, agent = 'agent_1') =>
    system
      .cast(ref)
      .sliceDone(job.runId, job.number, { slice: job.slice, agent, counts: counts(job), why: null });
  const lastRun = async () => (await sweeps.list(tenantId))[0]?.run ?? null;
  return {
    ...{ clock, system, sweeps, sweepRuns, away, keeper, node, edge, jobs, cancelled, orders, states },
    ...{ settle, finish, lastRun },
  };
}

test('a sweep that is due begins by itself, is complete when its slices are stored, and begins again when it is due', async () => {
  const { sweeps, keeper, node, jobs, settle, finish, lastRun } = stage();
  await sweeps.add(tenantId, wanted({ intervalMs: 600_000 }), 'ann');
  node('agent_1');
  const ref = keeper(1);
  await settle(10);
  expect(jobs.map(({ from, to, allowAll }) => [from, to, allowAll])).toEqual([
    [0, 256, false],
    [256, 512, false],
  ]);
  for (const job of jobs) finish(ref, job);
  await settle(10);
  expect(await lastRun()).toMatchObject({
    ...{ state: 'complete', by: 'schedule', doneSlices: 2, counts: { done: 512, live: 6, sent: 1_024 } },
    agents: ['agent_1'],
  });
  await settle(590_000);
  expect(jobs.length).toBe(2);
  await settle(30_000);
  expect(jobs.length).toBe(4);
});

test('what a core had done of a run is not done again by the next, which takes the rest over', async () => {
  const { sweeps, sweepRuns, system, keeper, node, jobs, settle, finish, lastRun } = stage();
  const { id } = await sweeps.add(tenantId, wanted(), 'ann');
  node('agent_1');
  const first = keeper(1);
  await settle(10);
  const begun = system.call(first).run(id, 'ann');
  await settle(10);
  const run = await begun;
  finish(first, jobs[0]!);
  await settle(10);
  system.exit(first, 'kill');
  const next = keeper(2);
  await settle(10);
  expect(jobs.slice(2).map(({ slice, runId }) => [slice, runId])).toEqual([[1, run.id]]);
  // The one before writes nothing more.
  expect(
    await sweepRuns.sliceDone(tenantId, 1, run.id, {
      slice: 1,
      agent: 'x',
      counts: counts(jobs[1]!),
      why: null,
    }),
  ).toBeNull();
  finish(next, jobs[2]!);
  await settle(10);
  expect(await lastRun()).toMatchObject({ state: 'complete', doneSlices: 2 });
});

test('what the store did not take is written when it is back', async () => {
  const { sweeps, system, keeper, node, away, jobs, settle, finish, lastRun } = stage();
  const { id } = await sweeps.add(tenantId, wanted(), 'ann');
  node('agent_1');
  const ref = keeper(1);
  await settle(10);
  void system.call(ref).run(id, 'ann');
  await settle(10);
  away.now = true;
  for (const job of jobs) finish(ref, job);
  await settle(3 * sweepStoreRetryMs);
  expect(await lastRun()).toMatchObject({ state: 'running', doneSlices: 0 });
  away.now = false;
  await settle(sweepStoreRetryMs);
  expect(await lastRun()).toMatchObject({ state: 'complete', doneSlices: 2 });
});

test("a partition's own agent is ordered, asked how far it is, and its slice taken back when it says nothing more", async () => {
  const { sweeps, system, keeper, node, edge, jobs, orders, states, settle, lastRun } = stage();
  const { id } = await sweeps.add(tenantId, wanted({ partition: 'plant', networks: ['10.0.0.0/25'] }), 'ann');
  node('agent_1');
  edge('one');
  const ref = keeper(1);
  await settle(10);
  void system.call(ref).run(id, 'ann');
  await settle(10);
  expect(jobs).toEqual([]);
  expect(orders.map(({ type, payload }) => [type, payload.slice, payload.to])).toEqual([
    ['sweep.run', 0, 128],
  ]);
  const said = (state: string, done: number, beat: number) => ({
    ...{ state, message: '' },
    payloadJson: Buffer.from(JSON.stringify({ done, live: 2, sent: done, beat })),
  });
  states.set('c0', said('running', 40, 1));
  await settle(2_000);
  const seen = system.call(ref).progress(id);
  await settle();
  expect(await seen).toMatchObject({ counts: { done: 40, live: 2 }, underWay: [{ agent: 'one', slice: 0 }] });
  // It is killed and comes back: its command is there, and nobody works at it.
  await settle(sweepSilentMs);
  expect(await lastRun()).toMatchObject({ redone: [{ slice: 0, agent: 'one', why: 'agent_silent' }] });
  await settle(6_000);
  expect(orders.slice(1).map(({ type }) => type)).toEqual(['sweep.stop', 'sweep.run']);
  states.set(orders[2]!.id, said('completed', 128, 9));
  await settle(2_000);
  expect(await lastRun()).toMatchObject({
    state: 'complete',
    counts: { done: 128, live: 2 },
    agents: ['one'],
  });
});

test('a run is refused twice, stopped once, and forgotten when its sweep is removed', async () => {
  const { sweeps, system, keeper, node, jobs, cancelled, settle, lastRun } = stage();
  const { id } = await sweeps.add(tenantId, wanted(), 'ann');
  node('agent_1');
  const ref = keeper(1);
  await settle(10);
  const code = async (asked: Promise<unknown>) => {
    const told = asked.then(
      () => 'ok',
      (error: { code?: string }) => error.code,
    );
    await settle(10);
    return await told;
  };
  expect(await code(system.call(ref).run('swp_none', 'ann'))).toBe('no_such_sweep');
  expect(await code(system.call(ref).stop(id, 'ann'))).toBe('sweep_not_running');
  expect(await code(system.call(ref).run(id, 'ann'))).toBe('ok');
  expect(await code(system.call(ref).run(id, 'ann'))).toBe('sweep_running');
  expect(await code(system.call(ref).stop(id, 'ann'))).toBe('ok');
  expect(cancelled).toEqual(jobs.map(({ number }) => number));
  expect(await lastRun()).toMatchObject({ state: 'stopped', why: 'stopped by ann' });
  expect(await code(system.call(ref).run(id, 'ann'))).toBe('ok');
  await sweeps.remove(tenantId, id, 'ann');
  system.cast(ref).changed();
  await settle(10);
  expect(cancelled.length).toBe(4);
  const totals = system.call(ref).totals();
  await settle();
  expect(await totals).toEqual({ sweeps: 0, running: 0, slices: 0 });
  system.cast(ref).terms(true);
  expect(await code(system.call(ref).run(id, 'ann'))).toBe('tenant_suspended');
});

import { expect, test } from 'vitest';
import type { Cluster, Metadata, NameEntry } from '../cluster/index.ts';
import { ActorSystem, defineActor, manualClock, Ref } from '../runtime/index.ts';
import type { HealthProtocol, Job, PollerProtocol, WriterProtocol, WriterRows } from './messages.ts';
import type { Check } from './ports/check.ts';
import { scheduler } from './scheduler.ts';

const check: Check = {
  id: 'a',
  name: 'a',
  kind: 'tcp',
  target: '192.0.2.1',
  port: 1,
  partition: 'default',
  intervalMs: 1_000,
  timeoutMs: 500,
  retries: 1,
  settings: {},
  enabled: true,
  createdAtMs: 0,
  archivedAtMs: null,
  schedule: [{ version: 1, intervalMs: 1_000, phaseMs: 500, validFromMs: 0, validToMs: null }],
};

function pollerActor(jobs: Job[]) {
  return defineActor<null, PollerProtocol>({
    name: 'poller',
    init: () => null,
    call: { totals: () => ({ underWay: 0, held: 0, dropped: 0 }) },
    cast: {
      run(_self, given) {
        jobs.push(...given);
      },
      finished() {},
      returned() {},
      agentsChanged() {},
    },
  });
}

/** A scheduler with one check each second, on a cluster whose registry shows what `shown` holds. */
function stage(one = check) {
  const clock = manualClock();
  const actors = new ActorSystem({ clock, node: 'core_1', boot: 1 });
  const shown: { ref: Ref<PollerProtocol> | null } = { ref: null };
  const rows: WriterRows[] = [];
  const entry = (ref: Ref): NameEntry => ({
    key: { tenant: 'platform', partition: 'default', kind: 'poller', id: 'poller_1' },
    ref,
    node: 'poller_1',
    metadata: { status: 'available', partitions: [] },
  });
  const nothing = () => {};
  const cluster = {
    node: 'core_1',
    boot: 1,
    names: {
      register: nothing,
      update: nothing,
      unregister: nothing,
      lookup: () => shown.ref,
      list: () => (shown.ref === null ? [] : [entry(shown.ref)]),
      watch: nothing,
    },
    members: { list: () => [], live: () => [], watch: nothing },
    declare: nothing,
  } as unknown as Cluster;
  const writer = actors.spawn(
    defineActor<null, WriterProtocol>({
      name: 'writer',
      init: () => null,
      call: { flush: async () => {}, totals: () => ({}) as never },
      cast: {
        write(_self, _tenant, _epoch, given) {
          rows.push(given);
        },
      },
    }),
  );
  const health = actors.spawn(
    defineActor<null, HealthProtocol>({
      name: 'health',
      init: () => null,
      call: { views: () => [], explain: () => null },
      cast: { adopt: nothing, changed: nothing, forget: nothing, results: nothing, subscribe: nothing },
    }),
    't',
    1,
    writer,
  );
  const begin = () =>
    actors.spawn(scheduler({ cluster, checks: [one], accounted: [] }), {
      tenantId: 't',
      epoch: 1,
      allowAll: false,
      databaseOffsetMs: 0,
      terms: { suspendedSinceMs: null, resultsPerDay: null },
      gapsToday: 0,
      writer,
      health,
    });
  return { clock, actors, shown, rows, begin };
}

test('a poller whose link was lost and is back is used again, though its name never went', async () => {
  const { clock, actors, shown, begin } = stage();
  const before: Job[] = [];
  const after: Job[] = [];
  shown.ref = actors.spawn(pollerActor(before));
  await clock.settle();
  begin();
  await clock.advance(600);
  expect(before.length).toBe(1);
  // The monitor says down; the registry shows the poller all the while, and nobody tells of a change.
  actors.exit(shown.ref, 'kill');
  shown.ref = actors.spawn(pollerActor(after));
  await clock.advance(3_000);
  expect(after.map((job) => job.dueAtMs)).toContain(500);
  expect(actors.counts().crashes).toBe(0);
});

test('without a poller the instants become one gap that grows', async () => {
  const { clock, rows, begin } = stage();
  begin();
  await clock.advance(8_000);
  const gaps = rows.flatMap((one) => one.gaps ?? []);
  const results = rows.flatMap((one) => one.results ?? []);
  expect(results).toEqual([]);
  expect(new Set(gaps.map((gap) => gap.fromMs)).size).toBe(1);
  expect(gaps.at(-1)).toMatchObject({ reason: 'no_poller', fromMs: 500 });
  expect(gaps.at(-1)!.count).toBeGreaterThanOrEqual(6);
});

test('what only a customer’s network can answer is a gap while no agent is there, and no poller is asked', async () => {
  const { clock, actors, shown, rows, begin } = stage({ ...check, partition: 'plant', target: '10.20.0.5' });
  const jobs: Job[] = [];
  shown.ref = actors.spawn(pollerActor(jobs));
  await clock.settle();
  const ref = begin();
  await clock.advance(3_000);
  expect(jobs).toEqual([]);
  expect(rows.flatMap((one) => one.gaps ?? []).at(-1)).toMatchObject({
    ...{ reason: 'no_agent', fromMs: 500, count: 3 },
  });
  const entry = agentEntry({ capabilities: ['icmp', 'check.run'] });
  actors.cast(ref).agentNamed('added', entry);
  await clock.advance(1_000);
  expect(rows.flatMap((one) => one.gaps ?? []).at(-1)).toMatchObject({
    reason: 'no_capable_agent',
    count: 1,
  });
  actors.cast(ref).agentNamed('updated', agentEntry({ capabilities: ['tcp', 'check.run'] }));
  await clock.advance(1_000);
  expect(jobs).toMatchObject([{ dueAtMs: 4_500, agentId: 'site', target: '10.20.0.5', allowAll: false }]);
  // It does not do it, and nobody else is there: its own word is what is told.
  actors.cast(ref).notRun([{ checkId: 'a', dueAtMs: 4_500, reason: 'agent_refused', as: 'again' }]);
  await clock.advance(100);
  expect(jobs.length).toBe(1);
  expect(rows.flatMap((one) => one.results ?? []).map(({ row }) => row)).toMatchObject([
    { dueAtMs: 4_500, status: 'skipped', reason: 'agent_refused' },
  ]);
});

function agentEntry(metadata: Metadata): NameEntry {
  const key = { tenant: 't', partition: 'plant', kind: 'agent', id: 'site' };
  const said = { edge: true, status: 'connected', listens: true, ...metadata };
  return { key, ref: new Ref('poller_1', 1, 1), node: 'poller_1', metadata: said };
}

import { expect, test } from 'vitest';
import type { Cluster } from '../cluster/index.ts';
import { ActorSystem, defineActor, manualClock, Ref } from '../runtime/index.ts';
import { Durations } from './durations.ts';
import type { AgentProtocol, Job, NotRun, SchedulerProtocol } from './messages.ts';
import { poller } from './poller.ts';

const job: Job = {
  tenantId: 't',
  checkId: 'a',
  dueAtMs: 1_000,
  kind: 'tcp',
  target: '192.0.2.1',
  port: 1,
  timeoutMs: 500,
  settings: {},
  partition: 'default',
  allowAll: false,
  leftMs: 10_000,
  agentId: null,
};

/** A poller whose registry shows one agent: its own node's, or that of a node that nothing leads to. */
function stage(isThere = true) {
  const clock = manualClock();
  const actors = new ActorSystem({ clock, node: 'poller_1', boot: 1 });
  const told: NotRun[] = [];
  const home = actors.spawn(
    defineActor<null, SchedulerProtocol>({
      name: 'scheduler',
      init: () => null,
      call: { totals: () => ({}) as never, due: () => null, runNow: () => null },
      cast: {
        added() {},
        removed() {},
        changed() {},
        restored() {},
        terms() {},
        results() {},
        notRun(_self, items) {
          told.push(...items);
        },
        pollersChanged() {},
        agentNamed() {},
      },
    }),
    {} as never,
  );
  const given: string[] = [];
  const own = actors.spawn(
    defineActor<null, AgentProtocol>({
      name: 'agent',
      init: () => null,
      call: {
        totals: () => ({ running: 0, waiting: 0, done: 0, byStatus: {}, durations: new Durations().seen() }),
      },
      cast: {
        run(_self, jobs) {
          given.push(...jobs.map(({ job: { checkId } }) => checkId));
        },
      },
    }),
  );
  const agent = isThere ? own : new Ref('agent_1', 1, 1);
  const key = { tenant: 'platform', partition: 'default', kind: 'agent', id: 'agent_1' };
  const metadata = { status: 'connected', capabilities: ['tcp'], partitions: [] };
  const nothing = () => {};
  const cluster = {
    node: 'poller_1',
    boot: 1,
    tenant: null,
    names: {
      register: nothing,
      update: nothing,
      unregister: nothing,
      lookup: ({ kind }: { kind: string }) => (kind === 'agent' ? agent : home),
      list: () => [{ key, ref: agent, node: 'agent_1', metadata }],
      watch: nothing,
    },
    members: { list: () => [], live: () => [], watch: nothing },
    declare: nothing,
  } as unknown as Cluster;
  const ref = actors.spawn(poller({ cluster }));
  actors.cast(ref).agentsChanged();
  return { clock, actors, told, given, ref };
}

test('a job of a customer’s network is given to no node’s agent, whoever handed it out', async () => {
  const { actors, clock, told, given, ref } = stage();
  actors.cast(ref).run([
    { ...job, partition: 'plant', target: '10.0.0.1', allowAll: true },
    { ...job, checkId: 'b' },
  ]);
  await clock.advance(500);
  expect(told).toEqual([{ checkId: 'a', dueAtMs: 1_000, reason: 'no_agent', as: 'gap' }]);
  expect(given).toEqual(['b']);
});

test('jobs for an agent whose link is lost wait for it a moment, and are then told as no_agent', async () => {
  const { actors, clock, told, ref } = stage(false);
  actors.cast(ref).run([job]);
  await clock.advance(1_000);
  expect(told).toEqual([]);
  await clock.advance(3_000);
  expect(told).toEqual([{ checkId: 'a', dueAtMs: 1_000, reason: 'no_agent', as: 'gap' }]);
  expect(actors.counts().crashes).toBe(0);
});

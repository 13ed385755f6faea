import { expect, test } from 'vitest';
import type { Cluster } from '../cluster/index.ts';
import { ActorSystem, defineActor, manualClock, Ref } from '../runtime/index.ts';
import type { Job, NotRun, SchedulerProtocol } from './messages.ts';
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

test('jobs for an agent whose link is lost wait for it a moment, and are then told as no_agent', async () => {
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
  // The registry still shows the agent of a node that nothing leads to.
  const agent = new Ref('agent_1', 1, 1);
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
  actors.cast(ref).run([job]);
  await clock.advance(1_000);
  expect(told).toEqual([]);
  await clock.advance(3_000);
  expect(told).toEqual([{ checkId: 'a', dueAtMs: 1_000, reason: 'no_agent', as: 'gap' }]);
  expect(actors.counts().crashes).toBe(0);
});

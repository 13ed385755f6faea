import { expect, test } from 'vitest';
import type { Cluster } from '../cluster/index.ts';
import { ActorSystem, defineActor, manualClock, type Ref } from '../runtime/index.ts';
import type { SourceKeeperProtocol } from './messages.ts';
import type { PollJob, PollReport } from './poll-job.ts';
import { sourcePoller } from './source-poller.ts';

const tenantId = 'abcdefghijkl';

function stage() {
  const clock = manualClock();
  const actors = new ActorSystem({ clock, node: 'poller_1', boot: 1 });
  const polls: { job: PollJob; signal: AbortSignal; end(report: PollReport): void }[] = [];
  const told: { id: string; number: number; code: string }[] = [];
  const nothing = () => {};
  const cluster = { node: 'poller_1', names: { register: nothing } } as unknown as Cluster;
  const poll = (job: PollJob, signal: AbortSignal) =>
    new Promise<PollReport>((end) => void polls.push({ job, signal, end }));
  const dialler = async () => ({ poll, close: nothing });
  const poller = actors.spawn(sourcePoller({ cluster, dialler }));
  const keeperOf = () =>
    actors.spawn(
      defineActor<null, SourceKeeperProtocol>({
        name: 'keeper',
        init: () => null,
        call: { totals: () => ({ sources: 0, underWay: 0 }) },
        cast: {
          polled: (_self, id, number, { code }) => void told.push({ id, number, code }),
          ...{ changed: nothing, terms: nothing, pollersChanged: nothing },
        },
      }),
      tenantId,
      1,
      false,
      false,
    );
  return { actors, poller, polls, told, keeperOf };
}

const report: PollReport = {
  polledAtMs: 0,
  poller: 'poller_1',
  code: 'ok',
  detail: '',
  agent: 'a',
  services: [],
};

const job = (id: string, number: number, epoch = 1): PollJob => ({
  ...{ tenantId, epoch, number, sequences: {}, authorities: [], client: null, allowAll: true, dry: false },
  source: {
    ...{ id, address: 'a:1', partition: 'default', agentId: null, tlsName: null, intervalMs: 5_000 },
    ...{ services: [], version: 1, createdAtMs: 0, updatedAtMs: 0, archivedAtMs: null },
  },
});

/** Mailboxes and promises have been worked off. */
async function settle({ actors, poller }: { actors: ActorSystem; poller: Ref<never> }) {
  for (let turn = 0; turn < 5; turn += 1) {
    await actors
      .call(poller as Ref<{ start: []; call: { totals(): unknown }; cast: Record<never, never> }>)
      .totals();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a source is polled once at a time, and its keeper is told how it ended', async () => {
  const { actors, poller, polls, told, keeperOf } = stage();
  const keeper = keeperOf();
  const settled = () => settle({ actors, poller: poller as never });
  actors.cast(poller).poll(job('s', 1), keeper);
  await settled();
  actors.cast(poller).poll(job('s', 2), keeper);
  await settled();
  expect(polls.map(({ job: one, signal }) => [one.number, signal.aborted])).toEqual([
    [1, true],
    [2, false],
  ]);
  for (const one of polls) one.end(report);
  await settled();
  expect(told).toEqual([{ id: 's', number: 2, code: 'ok' }]);
});

test('a later epoch ends the polls of an earlier one, which is not listened to any more', async () => {
  const { actors, poller, polls, told, keeperOf } = stage();
  const [before, after] = [keeperOf(), keeperOf()];
  const settled = () => settle({ actors, poller: poller as never });
  actors.cast(poller).poll(job('s', 1, 4), before);
  actors.cast(poller).poll(job('t', 2, 4), before);
  await settled();
  actors.cast(poller).poll(job('s', 1, 5), after);
  await settled();
  expect(polls.map(({ signal }) => signal.aborted)).toEqual([true, true, false]);
  actors.cast(poller).poll(job('t', 3, 4), before);
  await settled();
  expect(polls).toHaveLength(3);
  expect(told).toEqual([{ id: 't', number: 3, code: 'fenced' }]);
});

test('what nobody waits for any more is ended', async () => {
  const { actors, poller, polls, keeperOf } = stage();
  const keeper = keeperOf();
  const settled = () => settle({ actors, poller: poller as never });
  actors.cast(poller).poll(job('s', 1), keeper);
  actors.cast(poller).poll(job('t', 2), keeper);
  await settled();
  actors.cast(poller).cancel(tenantId, 's', 7);
  await settled();
  expect(polls[0]!.signal.aborted).toBe(false);
  actors.cast(poller).cancel(tenantId, 's', 1);
  await settled();
  expect(polls[0]!.signal.aborted).toBe(true);
  actors.exit(keeper, 'kill');
  await settled();
  expect(polls[1]!.signal.aborted).toBe(true);
});

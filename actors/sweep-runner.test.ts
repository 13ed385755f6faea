import { expect, test } from 'vitest';
import type { SweepPinger } from '../checks/index.ts';
import type { Cluster } from '../cluster/index.ts';
import { ActorSystem, defineActor, manualClock, type Ref } from '../runtime/index.ts';
import { memoryDocuments } from '../test/contract/memory-documents.ts';
import { documentDesk } from './document-desk.ts';
import type { SliceOutcome, SweepRun } from './ports/sweep.ts';
import type { SliceJob, SweepKeeperProtocol } from './sweep-messages.ts';
import { sweepRunner } from './sweep-runner.ts';

const tenantId = 'abcdefghijkl';
const job = (number: number, more: Partial<SliceJob> = {}): SliceJob => ({
  ...{ tenantId, runId: 'run_1', slice: 2, attempt: 1, number, sweep: 'outside', partition: 'default' },
  ...{ addresses: 256, from: 128, to: 192, ratePerS: 100, allowAll: false },
  terms: {
    ...{ networks: ['192.0.2.0/24'], exclusions: [], ports: [], icmp: true, ratePerS: 100, timeoutMs: 100 },
  },
  ...more,
});

/** A node that sweeps, a core with a desk, and a keeper that writes down what it is told. */
function stage() {
  const clock = manualClock();
  const system = new ActorSystem({ clock, node: 'agent_1', boot: 1 });
  const documents = memoryDocuments(() => clock.wallMs());
  const holder = { now: true };
  const playedTenant = defineActor<
    null,
    { start: []; call: Record<never, never>; cast: { confirm(): void } }
  >({
    ...{ name: 'tenant', init: () => null, call: {}, cast: { confirm() {} } },
  });
  const tenant = system.spawn(playedTenant) as never;
  let desk: Ref | null = null;
  const names = {
    register() {},
    list: () => [{ node: 'agent_1', metadata: { epoch: 1 } }],
    lookup: ({ kind }: { kind: string }) =>
      !holder.now ? null : kind === 'scheduler' ? { node: 'agent_1' } : desk,
  };
  const cluster = { node: 'agent_1', names } as unknown as Cluster;
  desk = system.spawn(
    documentDesk({ cluster, documents, tenantOf: () => tenant, received: () => {} }),
  ) as never;
  const pinger: SweepPinger = {
    packets: 1,
    ping({ addresses }, tell) {
      for (const address of addresses)
        clock.timer(2, () =>
          tell(address, address.endsWith('0') ? { type: 'answered', ms: 1 } : { type: 'silent' }),
        );
      return () => {};
    },
    close: async () => {},
  };
  const runner = system.spawn(sweepRunner({ cluster, clock, pinger }));
  const told: (['progress', number] | ['done', SliceOutcome] | ['lost', string])[] = [];
  const keeper = () =>
    system.spawn(
      defineActor<null, SweepKeeperProtocol>({
        name: 'keeper',
        init: () => null,
        call: {
          ...{ run: async () => null as unknown as SweepRun, stop: async () => null as unknown as SweepRun },
          ...{ progress: () => null, totals: () => ({ sweeps: 0, running: 0, slices: 0 }) },
        },
        cast: {
          ...{ changed() {}, terms() {}, runnersChanged() {} },
          sliceProgress: (_self, _run, _slice, _number, { done }) => void told.push(['progress', done]),
          sliceDone: (_self, _run, _number, outcome) => void told.push(['done', outcome]),
          sliceLost: (_self, _run, _slice, _number, why) => void told.push(['lost', why]),
        },
      }),
      ...(['t', 1, false, false] as const),
    );
  return { clock, system, documents, runner, keeper, told, holder };
}

test('a slice is swept, its document is whole at the desk, and then the keeper is told', async () => {
  const { clock, system, documents, runner, keeper, told } = stage();
  system.cast(runner).run(job(1), keeper());
  await clock.advance(10_000);
  expect(told.some(([what]) => what === 'progress')).toBe(true);
  expect(told.at(-1)).toEqual([
    'done',
    {
      ...{ slice: 2, agent: 'agent_1', why: null },
      counts: { done: 64, live: 7, refused: 0, untold: 0, sent: 64 + 57 },
    },
  ]);
  const [row] = await documents.list(tenantId, 10);
  expect(row).toMatchObject({
    ...{ state: 'whole', kind: 'sweep', service: 'outside', sender: 'node/agent_1', partition: 'default' },
  });
  const bytes = await documents.read(tenantId, row!.ordinal, 0);
  const [head] = JSON.parse(Buffer.from(bytes!).toString()) as { hosts: { host: string }[] }[];
  expect(head).toMatchObject({ run: 'run_1', slice: 2, total_hosts: 64, available_hosts: 7 });
  expect(head!.hosts[0]).toMatchObject({ host: '192.0.2.130', available: true });
});

test('while no core holds the tenant the document waits, and what cannot be brought is told', async () => {
  const { clock, system, documents, runner, keeper, told, holder } = stage();
  holder.now = false;
  const ref = keeper();
  system.cast(runner).run(job(1), ref);
  await clock.advance(4_000);
  holder.now = true;
  await clock.advance(4_000);
  expect(told.at(-1)?.[0]).toBe('done');
  holder.now = false;
  system.cast(runner).run(job(2, { slice: 1, from: 0, to: 64 }), ref);
  await clock.advance(30_000);
  expect(told.at(-1)).toEqual(['lost', expect.stringContaining('tenant_unavailable')]);
  expect((await documents.list(tenantId, 10)).length).toBe(1);
});

test('nothing of a private network is sent from a shared node, and nothing goes on for a keeper that is gone', async () => {
  const { clock, system, documents, runner, keeper, told } = stage();
  const ref = keeper();
  const inside = { ...job(1).terms, networks: ['10.0.0.0/24'] };
  system.cast(runner).run(job(1, { terms: inside }), ref);
  await clock.advance(100);
  expect(told).toEqual([['lost', expect.stringContaining('target_not_allowed')]]);
  system.cast(runner).run(job(2, { addresses: 255 }), ref);
  await clock.advance(100);
  expect(told.at(-1)).toEqual(['lost', expect.stringContaining('other addresses')]);
  system.cast(runner).run(job(3), ref);
  await clock.advance(200);
  system.exit(ref, 'kill');
  await clock.advance(10_000);
  const totals = system.call(runner).totals();
  await clock.settle();
  expect(await totals).toEqual({ slices: 0, addresses: 0, sent: 0 });
  expect(await documents.list(tenantId, 10)).toEqual([]);
});

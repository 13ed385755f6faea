/** What every store of sweeps and their runs keeps to. */
import { expect, test } from 'vitest';
import { type NewSweep, noCounts, type SweepCounts } from '../../actors/ports/sweep.ts';
import type { SweepRunStore, SweepStore } from '../../actors/ports/sweep-store.ts';

export interface SweepSetup {
  sweeps: SweepStore;
  runs: SweepRunStore;
  newTenant(): Promise<string>;
  /** In order. */
  audit(tenantId: string): Promise<{ event: string; subject: string; who: string; why: string | null }[]>;
}

const by = 'spiffe://test/operator/ann';
const wanted = (name: string, more: Partial<NewSweep> = {}): NewSweep => ({
  ...{ name, partition: 'plant', networks: ['192.0.2.0/24'], exclusions: ['192.0.2.1'], ports: [22, 443] },
  ...{ icmp: true, ratePerS: 500, timeoutMs: 1_000, intervalMs: 3_600_000, enabled: true },
  ...more,
});
const planned = { addresses: 255, slices: 3, sliceAddresses: 100 };
const counts = (live: number): SweepCounts => ({ done: 100, live, refused: 1, untold: 2, sent: 300 });
const outcome = (slice: number, agent: string, live = 5, why: string | null = null) => ({
  ...{ slice, agent, counts: counts(live), why },
});

export function sweepStoreContract(setupOf: () => SweepSetup): void {
  test('what was added is listed by name as it was said, and no other tenant sees it', async () => {
    const { sweeps, newTenant, audit } = setupOf();
    const [mine, other] = [await newTenant(), await newTenant()];
    const b = await sweeps.add(mine, wanted('b', { intervalMs: null }), by);
    const a = await sweeps.add(mine, wanted('a'), by);
    expect(a).toMatchObject({ ...wanted('a'), version: 1 });
    expect(await sweeps.list(mine)).toEqual([
      { sweep: a, run: null },
      { sweep: b, run: null },
    ]);
    expect(await sweeps.list(other)).toEqual([]);
    await expect(sweeps.add(mine, wanted('a'), by)).rejects.toMatchObject({ code: 'sweep_exists' });
    await expect(sweeps.enable(other, a.id, false, by)).rejects.toMatchObject({ code: 'no_such_sweep' });
    expect(await sweeps.enable(mine, a.id, false, by)).toMatchObject({ enabled: false, version: 2 });
    await sweeps.remove(mine, a.id, by);
    await expect(sweeps.remove(mine, a.id, by)).rejects.toMatchObject({ code: 'no_such_sweep' });
    expect((await audit(mine)).map(({ event, subject, why }) => [event, subject, why])).toEqual([
      ['sweep_add', b.id, 'b'],
      ['sweep_add', a.id, 'a'],
      ['sweep_disable', a.id, 'a'],
      ['sweep_remove', a.id, 'a'],
    ]);
  });

  test('a sweep has one run at a time, of its version at that moment', async () => {
    const { sweeps, runs, newTenant } = setupOf();
    const tenant = await newTenant();
    const sweep = await sweeps.add(tenant, wanted('a'), by);
    const [run, ...no] = (
      await Promise.all([1, 2, 3].map(() => runs.begin(tenant, 1, sweep, planned, by)))
    ).sort((one, two) => Number(two !== null) - Number(one !== null));
    expect(no).toEqual([null, null]);
    expect(run).toMatchObject({
      state: 'running',
      by,
      ...planned,
      counts: noCounts,
      doneSlices: 0,
      endedAtMs: null,
    });
    expect(run!.ageMs).toBeGreaterThanOrEqual(0);
    expect((await sweeps.list(tenant))[0]!.run).toMatchObject({ id: run!.id });
    expect(await runs.end(tenant, 1, run!.id, 'stopped', 'by ann')).toMatchObject({
      state: 'stopped',
      why: 'by ann',
    });
    expect(await runs.end(tenant, 1, run!.id, 'complete', null)).toBeNull();
    await sweeps.enable(tenant, sweep.id, true, by);
    expect(await runs.begin(tenant, 1, sweep, planned, by)).toBeNull();
    const { sweep: now } = (await sweeps.list(tenant))[0]!;
    expect(await runs.begin(tenant, 1, now, planned, 'schedule')).toMatchObject({ by: 'schedule' });
    expect((await sweeps.runs(tenant, sweep.id, 10)).map(({ state }) => state)).toEqual([
      'running',
      'stopped',
    ]);
    await sweeps.remove(tenant, sweep.id, by);
    expect(await runs.claim(tenant, 1)).toEqual([]);
  });

  test('a slice counts once, however often it is told and by whom', async () => {
    const { sweeps, runs, newTenant } = setupOf();
    const tenant = await newTenant();
    const sweep = await sweeps.add(tenant, wanted('a'), by);
    const { id } = (await runs.begin(tenant, 4, sweep, planned, by))!;
    await Promise.all(['a', 'b', 'a'].map((agent) => runs.sliceDone(tenant, 4, id, outcome(0, agent))));
    expect(await runs.sliceDone(tenant, 4, id, outcome(2, 'c', 7, 'fping failed'))).toMatchObject({
      ...{ doneSlices: 2, counts: { done: 200, live: 12, refused: 2, untold: 4, sent: 600 } },
      ...{ why: 'fping failed', state: 'running' },
    });
    await runs.sliceRedone(tenant, 4, id, { slice: 1, agent: 'a', why: 'agent_lost' });
    await runs.sliceRedone(tenant, 4, id, { slice: 2, agent: 'b', why: 'agent_silent' });
    expect((await runs.claim(tenant, 4)).map(({ done }) => done)).toEqual([[0, 2]]);
    expect(await runs.end(tenant, 4, id, 'complete', null)).toMatchObject({
      ...{ state: 'complete', why: 'fping failed', redoneCount: 2, agents: expect.arrayContaining(['c']) },
      redone: [
        { slice: 2, agent: 'b', why: 'agent_silent' },
        { slice: 1, agent: 'a', why: 'agent_lost' },
      ],
    });
  });

  test('whoever holds the tenant next goes on where the one before was, and that one writes nothing more', async () => {
    const { sweeps, runs, newTenant } = setupOf();
    const tenant = await newTenant();
    const sweep = await sweeps.add(tenant, wanted('a'), by);
    const { id } = (await runs.begin(tenant, 4, sweep, planned, by))!;
    await runs.sliceDone(tenant, 4, id, outcome(1, 'a'));
    expect((await runs.claim(tenant, 6)).map(({ run, done }) => [run.id, done])).toEqual([[id, [1]]]);
    expect(await runs.claim(tenant, 5)).toEqual([]);
    expect(await runs.sliceDone(tenant, 4, id, outcome(0, 'a'))).toBeNull();
    expect(await runs.end(tenant, 4, id, 'complete', null)).toBeNull();
    await runs.sliceRedone(tenant, 4, id, { slice: 1, agent: 'a', why: 'x' });
    expect(await runs.sliceDone(tenant, 6, id, outcome(0, 'a'))).toMatchObject({
      doneSlices: 2,
      redoneCount: 0,
    });
  });
}

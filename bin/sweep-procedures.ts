/**
 * What operators' commands ask of a core about sweeps: rows by the store, runs by whoever has them run for the tenant. Thin:
 * judged by the rooms that know.
 */
import {
  judgeNewSweep,
  type Sweep,
  type SweepKeeperProtocol,
  type SweepProgress,
  type SweepSaid,
  sweepKeeperKey,
  type Tenant,
} from '../actors/index.ts';
import { ProcedureError } from '../cluster/index.ts';
import type { Ref } from '../runtime/index.ts';
import type { Store } from '../store/index.ts';
import { standbyRetryMs, standbyWaitMs, statusAnswerMs, sweepRunsShown } from './limits.ts';
import { text } from './named-tenant.ts';
import type { RoleContext } from './roles/role.ts';
import { type RunView, runView, type SweepView, sweepView } from './sweep-views.ts';
import { tenantDoors } from './tenant-doors.ts';

type SweepStores = Pick<Store, 'tenants' | 'sweeps'>;

export interface SweepNamed {
  tenant: string;
  /** Its id, or its name. */
  sweep: string;
}

export function declareSweeps(context: RoleContext, store: SweepStores): void {
  declareRows(context, store);
  declareRuns(context, store);
}

function declareRows(context: RoleContext, store: SweepStores): void {
  const { node, flags } = context;
  const { read, write } = tenantDoors(node, store);
  const tell = (tenant: Tenant) => {
    const keeper = node.names.lookup<SweepKeeperProtocol>(sweepKeeperKey(tenant.id));
    if (keeper !== null) node.system.cast(keeper).changed();
  };

  write('sweep_add', async (tenant, { sweep }: { tenant: string; sweep: SweepSaid }, by) => {
    const judged = judgeNewSweep(sweep, { allowAll: flags.ownMachineTenant === tenant.slug });
    if ('refused' in judged) throw new ProcedureError(judged.refused, judged.detail);
    const row = await store.sweeps.add(tenant.id, judged.sweep, by);
    tell(tenant);
    return sweepView(tenant, row, null, null);
  });
  for (const [verb, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const)
    write(`sweep_${verb}`, async (tenant, { sweep }: SweepNamed, by) => {
      const { id } = await find(store, tenant, sweep);
      await store.sweeps.enable(tenant.id, id, enabled, by);
      tell(tenant);
      return await show(context, store, tenant, id);
    });
  write('sweep_remove', async (tenant, { sweep }: SweepNamed, by) => {
    const { id } = await find(store, tenant, sweep);
    const removed = await store.sweeps.remove(tenant.id, id, by);
    tell(tenant);
    return sweepView(tenant, removed, null, null);
  });
  read('sweep_list', async (tenant) => {
    const rows = await store.sweeps.list(tenant.id);
    const views = rows.map(async ({ sweep, run }) =>
      sweepView(
        tenant,
        sweep,
        run,
        run?.state === 'running' ? await progress(context, tenant, sweep.id) : null,
      ),
    );
    return await Promise.all(views);
  });
  read('sweep_show', async (tenant, { sweep }: SweepNamed) => {
    const { id, name } = await find(store, tenant, sweep);
    const runs = await store.sweeps.runs(tenant.id, id, sweepRunsShown);
    const view = await show(context, store, tenant, id);
    return { ...view, runs: runs.map((run) => runView(name, run, null)) };
  });
}

function declareRuns(context: RoleContext, store: SweepStores): void {
  const { node } = context;
  const { read, write } = tenantDoors(node, store);
  write('sweep_run', async (tenant, { sweep }: SweepNamed, by): Promise<RunView> => {
    const { id, name } = await find(store, tenant, sweep);
    const run = await withKeeper(context, tenant, (keeper) =>
      node.system.call(keeper, standbyWaitMs).run(id, by),
    );
    return runView(name, run, null);
  });
  write('sweep_stop', async (tenant, { sweep }: SweepNamed, by): Promise<RunView> => {
    const { id, name } = await find(store, tenant, sweep);
    const run = await withKeeper(context, tenant, (keeper) =>
      node.system.call(keeper, standbyWaitMs).stop(id, by),
    );
    return runView(name, run, null);
  });
  read('sweep_progress', async (tenant, asked: SweepNamed & { run: string }): Promise<RunView> => {
    const { id, name } = await find(store, tenant, asked.sweep);
    const runs = await store.sweeps.runs(tenant.id, id, sweepRunsShown);
    const run = runs.find((one) => one.id === asked.run);
    if (run === undefined) throw new ProcedureError('no_such_run', `sweep ${name} has no run "${asked.run}"`);
    return runView(name, run, run.state === 'running' ? await progress(context, tenant, id) : null);
  });
}

async function find(store: SweepStores, tenant: Tenant, idOrName: unknown): Promise<Sweep> {
  const named = text(idOrName);
  const rows = await store.sweeps.list(tenant.id);
  const found =
    rows.find(({ sweep }) => sweep.id === named) ?? rows.find(({ sweep }) => sweep.name === named);
  if (found !== undefined) return found.sweep;
  throw new ProcedureError(
    'no_such_sweep',
    `tenant ${tenant.slug} has no sweep "${named}": see picket sweep list --tenant ${tenant.slug}`,
  );
}

async function show(
  context: RoleContext,
  store: SweepStores,
  tenant: Tenant,
  id: string,
): Promise<SweepView> {
  const found = (await store.sweeps.list(tenant.id)).find(({ sweep }) => sweep.id === id);
  if (found === undefined) throw new ProcedureError('no_such_sweep', `sweep ${id} was removed`);
  const { sweep, run } = found;
  const running = run?.state === 'running' ? await progress(context, tenant, id) : null;
  return sweepView(tenant, sweep, run, running);
}

/** Null while nobody says: what is written is shown then. */
async function progress({ node }: RoleContext, tenant: Tenant, id: string): Promise<SweepProgress | null> {
  const keeper = node.names.lookup<SweepKeeperProtocol>(sweepKeeperKey(tenant.id));
  if (keeper === null) return null;
  return await node.system
    .call(keeper, statusAnswerMs)
    .progress(id)
    .catch(() => null);
}

/** Waits through a move between cores. */
async function withKeeper<T>(
  { node }: RoleContext,
  tenant: Tenant,
  act: (keeper: Ref<SweepKeeperProtocol>) => Promise<T>,
): Promise<T> {
  const { clock } = node.system;
  const untilMs = clock.monotonicMs() + standbyWaitMs;
  for (;;) {
    const keeper = node.names.lookup<SweepKeeperProtocol>(sweepKeeperKey(tenant.id));
    if (keeper !== null) return await act(keeper);
    if (clock.monotonicMs() > untilMs)
      throw new ProcedureError('standby', `no core holds tenant "${tenant.slug}" now: see picket status`);
    await new Promise<void>((resolve) => void clock.timer(standbyRetryMs, resolve));
  }
}

/** What a tenant's tree makes of a check that is changed: who is refused, and what it goes by from then on. */
import { expect, test } from 'vitest';
import { tenantRow } from '../test/contract/tenant-row.ts';
import type { TenantProtocol } from './messages.ts';
import type { Check, CheckEdit } from './ports/check.ts';
import { keeperOf } from './testing/keeper.ts';

const tenantId = 'abcdefghijkl';
const version = (number: number, intervalMs: number, validFromMs: number, validToMs: number | null) => ({
  ...{ version: number, intervalMs, phaseMs: 0, validFromMs, validToMs },
});
const first: Check = {
  ...{ id: 'chk_1', name: 'a check', kind: 'tcp', target: '8.8.8.8', port: 53, partition: 'default' },
  ...{ intervalMs: 1_000, timeoutMs: 500, retries: 1, settings: {}, enabled: true, createdAtMs: 0 },
  ...{ archivedAtMs: null, schedule: [version(1, 1_000, 0, null)] },
};

/** A tree that runs, and a store that changes its one check as it is asked, from the moment `atMs` on. */
async function stage(status: 'active' | 'suspended' = 'active') {
  const edits: CheckEdit[] = [];
  const store = { atMs: 0, check: first, isAway: false };
  const checks = {
    list: async () => [store.check],
    async edit(_tenantId: string, _checkId: string, edit: CheckEdit): Promise<Check | null> {
      edits.push(edit);
      const { schedule } = store.check;
      const last = schedule.at(-1)!;
      const next = version(last.version + 1, edit.intervalMs ?? last.intervalMs, store.atMs, null);
      const ended = [...schedule.slice(0, -1), { ...last, validToMs: store.atMs }];
      store.check = { ...store.check, ...edit, schedule: [...ended, next] };
      if (store.isAway) throw Object.assign(new Error('away'), { code: 'store_unavailable' });
      return store.check;
    },
  };
  const row = tenantRow(tenantId, 'acme', { status, statusAtMs: 1 });
  const { clock, actors, written } = keeperOf({ now: [row] }, { checks });
  await clock.advance(2_000);
  const tree = actors.whereis<TenantProtocol>(`tenant:${tenantId}`)!;
  const edit = (given: CheckEdit, id = 'chk_1') => actors.call(tree).editCheck(id, given, 'somebody', null);
  const covered = () =>
    written.flatMap(({ results = [], gaps = [] }) => [
      ...results.map(({ row: { dueAtMs } }) => dueAtMs),
      ...gaps.flatMap(({ fromMs, toMs, intervalMs, count }) =>
        Array.from({ length: count }, (_, n) => fromMs + n * intervalMs).filter((atMs) => atMs <= toMs),
      ),
    ]);
  return { clock, actors, tree, edits, store, edit, covered };
}

test('a check goes on by its new interval, and every instant of both versions is accounted for', async () => {
  const { clock, store, edit, covered } = await stage();
  store.atMs = 2_000;
  expect(await edit({ intervalMs: 3_000, retries: 2 })).toMatchObject({ interval_ms: 3_000, retries: 2 });
  await clock.advance(10_000);
  const instants = [...new Set(covered())].sort((a, b) => a - b);
  expect(instants.filter((atMs) => atMs > 0 && atMs <= 9_000)).toEqual([1_000, 3_000, 6_000, 9_000]);
});

test('a listing shows what was changed', async () => {
  const { actors, tree, store, edit } = await stage();
  store.atMs = 2_000;
  await edit({ name: 'another', target: '1.1.1.1', settings: {} });
  expect(await actors.call(tree).listChecks()).toMatchObject([
    { id: 'chk_1', name: 'another', target: '1.1.1.1', interval_ms: 1_000 },
  ]);
});

test('what may not be is refused before the store is asked, and what is no field of a check never gets there', async () => {
  const { edits, edit } = await stage();
  const refused = async (given: CheckEdit) => (await edit(given).catch((error: unknown) => error)) as object;
  expect(await refused({ intervalMs: 999 })).toMatchObject({ code: 'bad_check' });
  expect(await refused({ timeoutMs: 60_001 })).toMatchObject({ code: 'bad_check' });
  expect(await refused({ settings: { nonsense: '1' } })).toMatchObject({ code: 'bad_check' });
  expect(await refused({ target: '127.0.0.1' })).toMatchObject({ code: 'target_not_allowed' });
  expect(await refused({})).toMatchObject({ code: 'bad_check' });
  expect(await refused({ id: 'chk_2', archivedAtMs: 5 } as CheckEdit)).toMatchObject({ code: 'bad_check' });
  expect(await edit({ name: 'none' }, 'chk_none')).toBeNull();
  expect(edits).toEqual([]);
  await edit({ name: 'named', kind: 'http', partition: 'other' } as CheckEdit);
  expect(edits).toEqual([{ name: 'named' }]);
});

test('the checks of a suspended tenant are not changed', async () => {
  const { edits, edit } = await stage('suspended');
  await expect(edit({ intervalMs: 5_000 })).rejects.toMatchObject({ code: 'tenant_suspended' });
  expect(edits).toEqual([]);
});

test('a change whose answer was lost is read again, and is in force then', async () => {
  const { clock, actors, tree, store, edit } = await stage();
  store.atMs = 2_000;
  store.isAway = true;
  await expect(edit({ intervalMs: 5_000, name: 'slower' })).rejects.toMatchObject({
    code: 'store_unavailable',
  });
  await clock.advance(1_000);
  expect(await actors.call(tree).listChecks()).toMatchObject([{ name: 'slower', interval_ms: 5_000 }]);
});

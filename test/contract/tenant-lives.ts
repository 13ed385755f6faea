/** What every TenantLives promises: only the drawn ways, each noted, data gone after a purge and the id for ever taken. */
import { expect, test } from 'vitest';
import type { Tenant } from '../../actors/ports/tenant-store.ts';
import { everything, holderOf, newCheck, newTenant, result, type StoreSetup } from './store-setup.ts';

export function tenantLivesContract(setupOf: () => StoreSetup): void {
  const find = async (id: string) => (await setupOf().tenants.find(id)) as Tenant;
  const change = (
    id: string,
    event: 'retry' | 'suspend' | 'activate' | 'cancel',
    why: string | null = null,
  ) => setupOf().lives.change(id, event, 'tester', why);

  test('a tenant is suspended, activated and cancelled, and each is noted with who, from, to and why', async () => {
    const id = await newTenant(setupOf());
    const before = await find(id);
    await change(id, 'suspend', 'unpaid');
    const suspended = await find(id);
    expect(suspended.status).toBe('suspended');
    expect(suspended.statusAtMs).toBeGreaterThanOrEqual(before.statusAtMs);
    await change(id, 'activate');
    expect(await change(id, 'cancel', 'contract ended')).toMatchObject({ tenant: { status: 'cancelled' } });
    const history = await setupOf().lives.history(id);
    expect(history.map(({ who, event, from, to, why }) => ({ who, event, from, to, why }))).toEqual([
      { who: 'system', event: 'create', from: null, to: 'provisioning', why: null },
      { who: 'provisioning', event: 'provisioned', from: 'provisioning', to: 'active', why: null },
      { who: 'tester', event: 'suspend', from: 'active', to: 'suspended', why: 'unpaid' },
      { who: 'tester', event: 'activate', from: 'suspended', to: 'active', why: null },
      { who: 'tester', event: 'cancel', from: 'active', to: 'cancelled', why: 'contract ended' },
    ]);
    expect(history.map(({ atMs }) => atMs)).toEqual(history.map(({ atMs }) => atMs).sort((a, b) => a - b));
  });

  test('what is not drawn is refused with what may be, and changes and notes nothing', async () => {
    const id = await newTenant(setupOf());
    const before = [await find(id), await setupOf().lives.history(id)];
    expect(await change(id, 'activate')).toEqual({
      refused: 'bad_transition',
      detail: expect.stringMatching(/is active: .*"activate"; allowed now: suspend, cancel$/),
    });
    expect(await change(id, 'retry')).toMatchObject({ refused: 'bad_transition' });
    expect([await find(id), await setupOf().lives.history(id)]).toEqual(before);
  });

  test('of many that suspend a tenant at once one does', async () => {
    const id = await newTenant(setupOf());
    const answers = await Promise.all(Array.from({ length: 8 }, () => change(id, 'suspend')));
    expect(answers.filter((answer) => 'tenant' in answer)).toHaveLength(1);
    expect((await setupOf().lives.history(id)).filter(({ event }) => event === 'suspend')).toHaveLength(1);
  });

  test('an id that is nobody’s is an error', async () => {
    const refused = { code: 'no_such_tenant' };
    await expect(change('aaaaaaaaaaaa', 'suspend')).rejects.toMatchObject(refused);
    await expect(setupOf().lives.history('aaaaaaaaaaaa')).rejects.toMatchObject(refused);
    await expect(setupOf().lives.purge('aaaaaaaaaaaa', 'tester', 0)).rejects.toMatchObject(refused);
  });

  test('only what was cancelled long enough ago is purged; then all is gone but the row, and the slug is free', async () => {
    const setup = setupOf();
    const { lives, checks, results, tenants } = setup;
    const [id, other] = [await newTenant(setup), await newTenant(setup)];
    for (const each of [id, other]) {
      const [check] = await checks.add(each, [newCheck('one')]);
      const { write } = await holderOf(setup, each);
      await write({
        results: [result(check!.id, 1_800_000_000_000)],
        gaps: [{ checkId: check!.id, fromMs: 1, toMs: 1, intervalMs: 1, count: 1, reason: 'x' }],
      });
    }
    const kept = await checks.list(other, 0);
    expect(await lives.purge(id, 'tester', 0)).toMatchObject({ refused: 'bad_transition' });
    await change(id, 'cancel');
    expect(await lives.purge(id, 'tester', 86_400_000)).toMatchObject({ refused: 'still_kept' });
    expect(await checks.list(id, 0)).toHaveLength(1);
    expect(await lives.purge(id, 'tester', 0)).toMatchObject({ tenant: { purgedAtMs: expect.any(Number) } });
    await expect(checks.list(id, 0)).rejects.toMatchObject({ code: 'no_such_tenant' });
    const { slug, purgedAtMs } = await find(id);
    expect(await lives.purge(id, 'tester', 0)).toMatchObject({ tenant: { purgedAtMs } });
    expect((await lives.history(id)).at(-1)).toMatchObject({
      event: 'purge',
      who: 'tester',
      to: 'cancelled',
    });
    expect(await checks.list(other, 0)).toEqual(kept);
    expect(await results.results(other, everything)).toHaveLength(1);
    expect(await results.gaps(other, everything)).toHaveLength(1);
    const again = await tenants.create(slug, 'The next of that name');
    if ('refused' in again) throw new Error(again.detail);
    expect(again.tenant.id).not.toBe(id);
    expect((await find(slug)).id).toBe(again.tenant.id);
    expect(await results.results(again.tenant.id, everything)).toEqual([]);
  });

  test('provisioning a tenant that is made already changes nothing', async () => {
    const id = await newTenant(setupOf());
    const before = await find(id);
    expect(await setupOf().lives.provision(id)).toEqual(before);
  });
}

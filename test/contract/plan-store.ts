/** What every PlanStore promises: plans that are there from the start, quotas that change alone, tenants that change plans. */
import { expect, test } from 'vitest';
import { newTenant, type StoreSetup, unique } from './store-setup.ts';

export function planStoreContract(setupOf: () => StoreSetup): void {
  test('free, pro and enterprise are there, each with more than the one before', async () => {
    const plans = await setupOf().plans.list();
    const quotas = ['free', 'pro', 'enterprise'].map(
      (name) => plans.find((plan) => plan.name === name)!.quotas,
    );
    for (const each of ['devices', 'users', 'checks', 'resultsPerDay'] as const) {
      const [free, pro, enterprise] = quotas.map((all) => all[each]);
      expect(free!).toBeLessThan(pro!);
      expect(enterprise).toBeNull();
    }
  });

  test('a plan is made, and changed quota by quota', async () => {
    const name = unique('plan');
    const { plans } = setupOf();
    expect(await plans.set(name, { checks: 5 })).toEqual({
      plan: { name, quotas: { devices: null, users: null, checks: 5, resultsPerDay: null } },
    });
    await plans.set(name, { resultsPerDay: 100 });
    await plans.set(name, { checks: null });
    expect((await plans.list()).find((plan) => plan.name === name)?.quotas).toEqual({
      devices: null,
      users: null,
      checks: null,
      resultsPerDay: 100,
    });
    expect(await plans.set('No Plan', {})).toMatchObject({ refused: 'bad_plan' });
    await expect(plans.set(name, { checks: -1 })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('a tenant is given another plan, which is noted, or refused one that is not there', async () => {
    const { plans, lives } = setupOf();
    const id = await newTenant(setupOf());
    const name = unique('plan');
    await plans.set(name, { checks: 7 });
    expect(await plans.assign(id, name, 'tester')).toMatchObject({
      tenant: { plan: name, quotas: { checks: 7 } },
    });
    expect((await lives.history(id)).at(-1)).toMatchObject({ event: 'plan', who: 'tester', why: name });
    expect(await plans.assign(id, 'gold', 'tester')).toMatchObject({ refused: 'no_such_plan' });
  });
}

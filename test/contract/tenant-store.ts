/** What every TenantStore promises: slugs that are unique among the living, ids that are for ever, refusals as values. */
import { expect, test } from 'vitest';
import { type StoreSetup, unique } from './store-setup.ts';

export function tenantStoreContract(setupOf: () => StoreSetup): void {
  test('a created tenant is active and found by its id and by its slug', async () => {
    const slug = unique('acme');
    const answer = await setupOf().tenants.create(slug, 'Acme\'s "Größe" $1; DROP SCHEMA platform');
    if ('refused' in answer) throw new Error(answer.detail);
    const { tenant } = answer;
    expect(tenant).toMatchObject({
      slug,
      name: 'Acme\'s "Größe" $1; DROP SCHEMA platform',
      status: 'active',
    });
    expect(tenant.id).toMatch(/^[a-z][a-z2-7]{11}$/);
    expect(await setupOf().tenants.find(tenant.id)).toEqual(tenant);
    expect(await setupOf().tenants.find(slug)).toEqual(tenant);
    expect(await setupOf().tenants.list()).toContainEqual(tenant);
  });

  test('a tenant has the plan that it was created with, with its quotas, and unless told one without any', async () => {
    const { tenants } = setupOf();
    const [first, second] = [
      await tenants.create(unique('acme'), 'Acme', { plan: 'free' }),
      await tenants.create(unique('acme'), 'Acme'),
    ];
    expect(first).toMatchObject({ tenant: { plan: 'free', quotas: { checks: expect.any(Number) } } });
    const none = { devices: null, users: null, checks: null, resultsPerDay: null };
    expect(second).toMatchObject({ tenant: { quotas: none, schemaFits: true, purgedAtMs: null } });
    const refused = { refused: 'no_such_plan' };
    expect(await tenants.create(unique('acme'), 'Acme', { plan: 'gold' })).toMatchObject(refused);
  });

  test('nobody is found under a name that nobody has', async () => {
    expect(await setupOf().tenants.find('nobody-here')).toBeNull();
    expect(await setupOf().tenants.find("x' OR '1'='1")).toBeNull();
  });

  test('a slug that is taken is refused', async () => {
    const slug = unique('twice');
    await setupOf().tenants.create(slug, 'First');
    expect(await setupOf().tenants.create(slug, 'Second')).toMatchObject({ refused: 'slug_taken' });
  });

  test('of many that want one slug at once exactly one gets it, and nothing of the others remains', async () => {
    const slug = unique('race');
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => setupOf().tenants.create(slug, 'Racer')),
    );
    expect(answers.filter((answer) => 'tenant' in answer)).toHaveLength(1);
    expect(answers.filter((answer) => 'refused' in answer && answer.refused === 'slug_taken')).toHaveLength(
      4,
    );
    expect((await setupOf().tenants.list()).filter((tenant) => tenant.slug === slug)).toHaveLength(1);
  });

  test("a slug that reads like another tenant's id is taken", async () => {
    const answer = await setupOf().tenants.create(unique('first'), 'First');
    if ('refused' in answer) throw new Error(answer.detail);
    expect(await setupOf().tenants.create(answer.tenant.id, 'Mimic')).toMatchObject({
      refused: 'slug_taken',
    });
  });

  test.each([
    '',
    'a',
    'Acme',
    '1acme',
    '-acme',
    'ac me',
    "a'; --",
    'ac_me',
    'a'.repeat(41),
    'platform',
    'acme\n',
  ])('the slug %j is refused', async (slug) => {
    expect(await setupOf().tenants.create(slug, 'Bad')).toMatchObject({ refused: 'bad_slug' });
  });
}

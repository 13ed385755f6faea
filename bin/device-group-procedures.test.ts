/** What a core answers operators about groups of devices, over a real store: judged, refused, with the asker's name, and shown with devices. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSchema } from '../store/index.ts';
import { declaredProcedures } from '../test/contract/declared-procedures.ts';
import { clock, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { declareDeviceGroups } from './device-group-procedures.ts';
import { declareDevices } from './device-procedures.ts';
import type { DeviceGroupView, DeviceView, GroupChangeView } from './device-views.ts';

let database: ScratchDatabase;
const { node, access, ask } = declaredProcedures();

beforeAll(async () => {
  database = await scratchDatabase();
  declareDevices(node, database.store);
  declareDeviceGroups(node, database.store);
});
afterAll(() => database?.close());

/** With a group `dmz` and devices of these names; answers their ids. */
async function tenant(slug: string, ...names: string[]): Promise<string[]> {
  const answer = await database.store.tenants.create(slug, slug, {});
  if ('refused' in answer) throw new Error(answer.detail);
  await ask('device_group_add', { tenant: slug, name: 'dmz' });
  const devices = names.map((name) => ({ name }));
  return (await ask<DeviceView[]>('device_add', { tenant: slug, devices })).map(({ id }) => id);
}

test('who may change devices may change groups, who may read them may list groups', () => {
  expect(access().filter((line) => line.startsWith('device_group'))).toEqual([
    'device_group_add write',
    'device_group_list read',
    'device_group_put write',
    'device_group_remove write',
    'device_group_take write',
  ]);
});

test('groups are shown with every device that is listed, shown or changed, and devices of a group alone are listed', async () => {
  const [a, b] = await tenant('shown', 'a', 'b');
  const of = (more: object) => ({ tenant: 'shown', ...more });
  const made = await ask<DeviceGroupView>('device_group_add', of({ name: ' LAN ', description: 'inside' }));
  expect(made).toEqual({
    ...{ name: 'LAN', description: 'inside', devices: 0, decommissioned: 0 },
    ...{ who: 'spiffe://picket.local/operator/ada', created_at: expect.stringMatching(/Z$/) },
  });
  expect(await ask<GroupChangeView>('device_group_put', of({ name: 'lan', ids: [a, b, a] }))).toEqual({
    ...{ group: 'LAN', changed: 2, unchanged: 0 },
  });
  expect(await ask('device_group_put', of({ name: 'dmz', ids: [a] }))).toMatchObject({ changed: 1 });
  expect(await ask('device_group_put', of({ name: 'dmz', ids: [a, b] }))).toMatchObject({
    ...{ changed: 1, unchanged: 1 },
  });
  expect(await ask('device_group_take', of({ name: 'dmz', ids: [a, b] }))).toMatchObject({ changed: 2 });
  await ask('device_group_put', of({ name: 'dmz', ids: [a] }));
  const groups = async (more: object) =>
    (await ask<DeviceView[]>('device_list', of(more))).map((row) => [row.name, row.groups]);
  expect(await groups({})).toEqual([
    ['a', ['dmz', 'LAN']],
    ['b', ['LAN']],
  ]);
  expect(await groups({ group: 'Dmz' })).toEqual([['a', ['dmz', 'LAN']]]);
  expect(await ask('device_show', of({ id: a }))).toMatchObject({ groups: ['dmz', 'LAN'] });
  expect(await ask('device_decommission', of({ id: a }))).toMatchObject({ groups: ['dmz', 'LAN'] });
  expect(await groups({ group: 'dmz' })).toEqual([]);
  expect(await groups({ group: 'dmz', archived: true })).toEqual([['a', ['dmz', 'LAN']]]);
  expect(await ask('device_group_list', of({}))).toMatchObject([
    { name: 'dmz', devices: 0, decommissioned: 1 },
    { name: 'LAN', devices: 1, decommissioned: 1 },
  ]);
  expect(await ask('device_group_remove', of({ name: 'lan' }))).toMatchObject({
    ...{ name: 'LAN', devices: 1, decommissioned: 1 },
  });
  expect(await groups({})).toEqual([['b', []]]);
});

test('what is refused changes nothing', async () => {
  const [a] = await tenant('refused', 'a');
  const many = Array.from({ length: 1_001 }, () => a);
  const refusals: [name: string, argument: object, code: string, detail: RegExp][] = [
    ['device_group_add', { name: 'DMZ' }, 'group_exists', /"dmz"/],
    ['device_group_add', { name: ' ' }, 'bad_group', /1 to 100/],
    ['device_group_remove', { name: 'lan' }, 'no_such_group', /picket device group list/],
    ['device_group_remove', { name: 7 }, 'bad_argument', /a text/],
    ['device_group_put', { name: 'lan', ids: [a] }, 'no_such_group', /"lan"/],
    ['device_group_put', { name: 'dmz', ids: [a, 'sr:no'] }, 'no_such_device', /"sr:no".*picket device list/],
    ['device_group_put', { name: 'dmz', ids: [] }, 'bad_argument', /1 to 1000/],
    ['device_group_put', { name: 'dmz', ids: many }, 'bad_argument', /1 to 1000/],
    ['device_group_put', { name: 'dmz', ids: [7] }, 'bad_argument', /a text/],
    ['device_group_take', { name: 'dmz', ids: a }, 'bad_argument', /1 to 1000/],
    ['device_list', { group: 'lan' }, 'no_such_group', /picket device group list/],
    ['device_group_list', { tenant: 'nobody' }, 'no_such_tenant', /nobody/],
  ];
  for (const [name, argument, code, detail] of refusals) {
    const answer = ask(name, { tenant: 'refused', ...argument });
    await expect(answer, name).rejects.toMatchObject({ code, message: expect.stringMatching(detail) });
  }
  expect(await ask('device_group_list', { tenant: 'refused' })).toMatchObject([{ name: 'dmz', devices: 0 }]);
});

test("no tenant sees another's groups, and of a suspended one they can only be read", async () => {
  const [[a], [theirs]] = [await tenant('mine', 'a'), await tenant('theirs', 'b')];
  await ask('device_group_add', { tenant: 'theirs', name: 'secret' });
  await ask('device_group_put', { tenant: 'theirs', name: 'secret', ids: [theirs] });
  const mine = (name: string, more: object) => ask(name, { tenant: 'mine', ...more });
  await expect(mine('device_group_put', { name: 'dmz', ids: [theirs] })).rejects.toMatchObject({
    code: 'no_such_device',
  });
  await expect(mine('device_group_put', { name: 'secret', ids: [a] })).rejects.toMatchObject({
    code: 'no_such_group',
  });
  await expect(mine('device_list', { group: 'secret' })).rejects.toMatchObject({ code: 'no_such_group' });
  expect(JSON.stringify(await mine('device_group_list', {}))).not.toContain('secret');
  const { id } = (await database.store.tenants.find('mine'))!;
  await database.store.lives.change(id, 'suspend', 'tester', null);
  for (const [name, more] of [
    ['device_group_add', { name: 'lan' }],
    ['device_group_put', { name: 'dmz', ids: [a] }],
    ['device_group_take', { name: 'dmz', ids: [a] }],
    ['device_group_remove', { name: 'dmz' }],
  ] as const)
    await expect(mine(name, more), name).rejects.toMatchObject({ code: 'tenant_suspended' });
  expect(await mine('device_group_list', {})).toMatchObject([{ name: 'dmz' }]);
});

test('of a tenant whose schema has no groups devices are listed and changed without', async () => {
  const [a] = await tenant('behind', 'a');
  const schema = openSchema(database.server.url, clock);
  try {
    await schema.rollback({ tenant: 'behind' });
  } finally {
    await schema.close();
  }
  expect(await ask('device_list', { tenant: 'behind' })).toMatchObject([{ id: a, groups: [] }]);
  expect(await ask('device_identify', { tenant: 'behind', id: a })).toMatchObject({ groups: [] });
  await expect(ask('device_list', { tenant: 'behind', group: 'dmz' })).rejects.toMatchObject({
    code: 'schema_behind',
  });
});

/** What a core answers operators about devices, over a real store: judged, refused, noted with the asker's name, announced. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DeviceNews } from '../actors/index.ts';
import { declaredProcedures } from '../test/contract/declared-procedures.ts';
import { changesOf, put, seenDevice } from '../test/contract/inventory-store.ts';
import { type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { declareDevices } from './device-procedures.ts';
import type { DeviceView } from './device-views.ts';

let database: ScratchDatabase;
const told: { topic: string; news: DeviceNews }[] = [];
const { node, access, ask } = declaredProcedures(
  (_from, topic: { tenant: string; name: string }, news: DeviceNews) =>
    void told.push({ topic: `${topic.tenant} ${topic.name}`, news }),
);

beforeAll(async () => {
  database = await scratchDatabase();
  declareDevices(node, database.store);
});
afterAll(() => database?.close());

async function tenant(slug: string, plan?: string): Promise<string> {
  const answer = await database.store.tenants.create(slug, slug, plan === undefined ? {} : { plan });
  if ('refused' in answer) throw new Error(answer.detail);
  return answer.tenant.id;
}

test('what changes a device asks for the right to write, what shows one for that to read', () => {
  expect(access()).toEqual([
    'device_add write',
    'device_decommission write',
    'device_identify write',
    'device_list read',
    'device_manage write',
    'device_restore write',
    'device_show read',
  ]);
});

test('each change is noted with who asked and why, and announced to the tenant alone', async () => {
  const id = await tenant('noted');
  told.length = 0;
  const said = { name: 'edge', type: 'router', addresses: ['192.0.2.1'], macs: ['00-00-5e-00-53-01'] };
  const [row] = await ask<DeviceView[]>('device_add', { tenant: 'noted', devices: [said] });
  const change = (event: string) =>
    ask<DeviceView>(`device_${event}`, { tenant: id, id: row!.id, why: `to ${event}` });
  for (const event of ['identify', 'manage', 'decommission', 'restore']) await change(event);
  expect(told.map(({ topic, news }) => [topic, news.event, news.state])).toEqual([
    [`${id} devices`, 'create', 'discovered'],
    [`${id} devices`, 'identify', 'identified'],
    [`${id} devices`, 'manage', 'managed'],
    [`${id} devices`, 'decommission', 'decommissioned'],
    [`${id} devices`, 'restore', 'identified'],
  ]);
  expect(told[0]!.news).toMatchObject({
    tenant_id: id,
    device_id: row!.id,
    name: 'edge',
    at: row!.created_at,
  });
  const shown = await ask<DeviceView & { history: { who: string; why: string | null }[] }>('device_show', {
    tenant: 'noted',
    id: row!.id,
  });
  expect(shown).toMatchObject({
    name: 'edge',
    macs: ['00005E005301'],
    state: 'identified',
    archived_at: null,
  });
  expect(shown.history.map(({ who, why }) => `${who} ${why}`)).toEqual(
    ['null', 'to identify', 'to manage', 'to decommission', 'to restore'].map(
      (why) => `spiffe://picket.local/operator/ada ${why}`,
    ),
  );
});

test('what is refused changes nothing and is announced to nobody', async () => {
  await tenant('refused');
  const [row] = await ask<DeviceView[]>('device_add', { tenant: 'refused', devices: [{ name: 'one' }] });
  const page = { tenant: 'refused', archived: false, after: null };
  told.length = 0;
  const refusals: [name: string, argument: object, code: string, detail: RegExp][] = [
    [
      'device_add',
      { devices: [{ name: 'two' }, { name: 'x', macs: ['?'] }] },
      'bad_device',
      /"\?" is no MAC/,
    ],
    ['device_add', { devices: [{ name: 'two', type: 'toaster' }] }, 'bad_device_type', /access_point/],
    ['device_add', { devices: 'two' }, 'bad_argument', /a list/],
    ['device_manage', { id: row!.id }, 'bad_transition', /allowed now: identify, decommission/],
    ['device_identify', { id: row!.id, why: 7 }, 'bad_argument', /a text/],
    ['device_identify', { id: 'sr:nobody' }, 'no_such_device', /picket device list/],
    ['device_show', { id: 'sr:nobody' }, 'no_such_device', /has no device/],
    ['device_list', { tenant: 'nobody' }, 'no_such_tenant', /nobody/],
  ];
  for (const [name, argument, code, detail] of refusals) {
    const answer = ask(name, { tenant: 'refused', ...argument });
    await expect(answer, name).rejects.toMatchObject({ code, message: expect.stringMatching(detail) });
  }
  expect(await ask('device_list', page)).toEqual([row]);
  expect(told).toEqual([]);
});

test("a plan's quota holds, and of a suspended tenant devices can only be read", async () => {
  await database.store.plans.set('two-devices', { devices: 2 });
  const id = await tenant('bounded', 'two-devices');
  const add = (...names: string[]) =>
    ask<DeviceView[]>('device_add', { tenant: 'bounded', devices: names.map((name) => ({ name })) });
  await expect(add('a', 'b', 'c')).rejects.toMatchObject({ code: 'quota_devices' });
  const [a, b] = await add('a', 'b');
  await expect(add('c')).rejects.toMatchObject({ code: 'quota_devices' });
  await database.store.lives.change(id, 'suspend', 'tester', null);
  await expect(ask('device_identify', { tenant: id, id: a!.id })).rejects.toMatchObject({
    code: 'tenant_suspended',
  });
  expect(await ask('device_list', { tenant: id })).toEqual([a, b]);
  await database.store.lives.change(id, 'cancel', 'tester', null);
  await expect(ask('device_list', { tenant: id })).rejects.toMatchObject({ code: 'tenant_not_running' });
});

test('a device that was seen is not written down once more, and the answer names it', async () => {
  const id = await tenant('seen');
  const { inventory } = database.store;
  const place = { tenantId: id, epoch: 1 };
  await inventory.claim(place);
  const identifiers = [
    { type: 'mac', scope: '', value: '001B21000001', deviceId: 'sr:seen', status: 'live' as const },
  ];
  await put(
    inventory,
    place,
    changesOf({ devices: [seenDevice('sr:seen', { name: 'hp1234' })], identifiers }),
  );
  const add = (partition: string) => {
    const devices = [{ name: 'printer', partition, macs: ['001B21000009', '00:1b:21:00:00:01'] }];
    return ask<DeviceView[]>('device_add', { tenant: 'seen', devices });
  };
  await expect(add('default')).rejects.toMatchObject({
    code: 'device_exists',
    message: expect.stringContaining('sr:seen (hp1234)'),
  });
  expect(await add('branch')).toHaveLength(1);
});

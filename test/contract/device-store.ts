/** What every DeviceStore promises: only the drawn ways, each noted, a quota that no two pass together, one id a device. */
import { expect, test } from 'vitest';
import type { NewDevice } from '../../actors/ports/device.ts';
import { deviceEvents, deviceLife } from '../../actors/ports/device-lifecycle.ts';
import type { DeviceRefused } from '../../actors/ports/device-store.ts';
import { newTenant, type StoreSetup } from './store-setup.ts';

let serial = 0;

export function newDevice(given: Partial<NewDevice> = {}): NewDevice {
  serial += 1;
  const hex = serial.toString(16).padStart(6, '0').toUpperCase();
  return {
    name: `device ${serial}`,
    partition: 'default',
    type: 'switch',
    addresses: ['192.0.2.1', '2001:db8::1'],
    macs: [`00005E${hex}`.replace('00005E0', '00005EA')],
    serial: 'FOC "1" \\ {x}',
    ...given,
  };
}

const by = { by: 'tester', liveMax: null };
const page = { archived: false, after: null, limit: 1_000 };

export function deviceStoreContract(setupOf: () => StoreSetup): void {
  async function made(tenantId: string, ...devices: NewDevice[]) {
    const answer = await setupOf().devices.add(tenantId, devices, by);
    if ('refused' in answer) throw new Error(answer.detail);
    return answer.devices;
  }

  const one = async (tenantId: string) => (await made(tenantId, newDevice()))[0]!.id;

  test('added devices are answered and listed as they were given, in that order, and noted', async () => {
    const tenantId = await newTenant(setupOf());
    const bare = newDevice({ type: null, addresses: [], macs: [], serial: null });
    const given = [newDevice(), bare, newDevice({ partition: 'branch', macs: [] })];
    const added = await made(tenantId, ...given);
    expect(added).toMatchObject(given);
    for (const device of added) {
      expect(device.id).toMatch(/^sr:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(device).toMatchObject({
        state: 'discovered',
        archivedAtMs: null,
        stateAtMs: device.createdAtMs,
      });
    }
    const { devices } = setupOf();
    expect(await devices.list(tenantId, page)).toEqual(added);
    expect(await devices.list(tenantId, { ...page, after: added[0]!.id, limit: 1 })).toEqual([added[1]]);
    expect(await devices.find(tenantId, added[2]!.id)).toEqual(added[2]);
    expect(await devices.find(tenantId, 'sr:nobody\u0000')).toBeNull();
    expect(await devices.history(tenantId, added[1]!.id)).toEqual([
      {
        atMs: added[1]!.createdAtMs,
        who: 'tester',
        event: 'create',
        from: null,
        to: 'discovered',
        why: null,
      },
    ]);
    expect(await devices.types(tenantId)).toContain('router');
  });

  test('the same device is there once: by its MAC, else by its address, in its partition and tenant', async () => {
    const [tenantId, other] = [await newTenant(setupOf()), await newTenant(setupOf())];
    const device = newDevice();
    const [first] = await made(tenantId, device);
    const again = { ...device, name: 'again', addresses: ['192.0.2.9'] };
    expect(await setupOf().devices.add(tenantId, [newDevice(), again], by)).toMatchObject({
      refused: 'device_exists',
      detail: expect.stringContaining(first!.id),
    });
    const twin = newDevice();
    expect(await setupOf().devices.add(tenantId, [twin, twin], by)).toMatchObject({
      refused: 'device_exists',
    });
    expect(await setupOf().devices.list(tenantId, page)).toHaveLength(1);
    const [elsewhere] = await made(tenantId, { ...device, partition: 'branch' });
    expect(elsewhere!.id).not.toBe(first!.id);
    expect((await made(other, device))[0]!.id).toBe(first!.id);
  });

  test('a type that the tenant does not know is refused, with those that it knows', async () => {
    const tenantId = await newTenant(setupOf());
    const answer = await setupOf().devices.add(tenantId, [newDevice({ type: 'toaster' })], by);
    expect(answer).toMatchObject({ refused: 'bad_device_type', detail: expect.stringContaining('firewall') });
  });

  test('each event leads where it is drawn, or is refused with those that are allowed', async () => {
    const tenantId = await newTenant(setupOf());
    const { devices } = setupOf();
    const id = await one(tenantId);
    const wanted: string[] = ['create'];
    const path = [
      'restore',
      'manage',
      'identify',
      'identify',
      'manage',
      'decommission',
      'manage',
      'restore',
    ] as const;
    for (const event of path) {
      const before = (await devices.find(tenantId, id))!;
      const step = deviceLife.next(before.state, event);
      const answer = await devices.change(tenantId, id, event, { ...by, why: `for ${event}` });
      if ('to' in step) {
        wanted.push(event);
        expect(answer).toMatchObject({ device: { id, state: step.to } });
        const isGone = step.to === 'decommissioned';
        expect(await devices.list(tenantId, { ...page, archived: isGone })).toMatchObject([{ id }]);
        expect(await devices.list(tenantId, { ...page, archived: !isGone })).toEqual([]);
      } else {
        expect(answer).toMatchObject({
          refused: 'bad_transition',
          detail: expect.stringContaining(`allowed now: ${deviceLife.allowed(before.state).join(', ')}`),
        });
        expect(await devices.find(tenantId, id)).toEqual(before);
      }
    }
    const history = await devices.history(tenantId, id);
    expect(history.map(({ event }) => event)).toEqual(wanted);
    expect(history.at(-1)).toMatchObject({
      who: 'tester',
      why: 'for restore',
      from: 'decommissioned',
      to: 'identified',
    });
    expect(await devices.change(tenantId, 'sr:nobody', 'manage', by)).toMatchObject({
      refused: 'no_such_device',
    });
  });

  test('of many that change one device at once each sees the state that the one before left', async () => {
    const tenantId = await newTenant(setupOf());
    const { devices } = setupOf();
    const id = await one(tenantId);
    const asked = Array.from({ length: 24 }, (_, at) => deviceEvents[at % deviceEvents.length]!);
    await Promise.all(asked.map((event) => devices.change(tenantId, id, event, by)));
    const history = await devices.history(tenantId, id);
    for (const [at, { from, to, event }] of history.entries()) {
      if (at === 0) continue;
      expect(from).toBe(history[at - 1]!.to);
      expect(deviceLife.next(from!, event as (typeof deviceEvents)[number])).toEqual({ to });
    }
    expect((await devices.find(tenantId, id))!.state).toBe(history.at(-1)!.to);
  });

  test('a quota lets in as many live devices as it says, whoever asks at once, and restores none beyond it', async () => {
    const tenantId = await newTenant(setupOf());
    const { devices } = setupOf();
    const terms = { by: 'tester', liveMax: 5 };
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => devices.add(tenantId, [newDevice()], terms)),
    );
    const isRefused = (answer: object): answer is DeviceRefused => 'refused' in answer;
    expect(answers.filter(isRefused).map(({ refused }) => refused)).toEqual(Array(7).fill('quota_devices'));
    const live = await devices.list(tenantId, page);
    expect(live).toHaveLength(5);
    await devices.change(tenantId, live[0]!.id, 'decommission', terms);
    await made(tenantId, newDevice());
    expect(await devices.change(tenantId, live[0]!.id, 'restore', terms)).toMatchObject({
      refused: 'quota_devices',
    });
    // What is there already goes on.
    expect(await devices.change(tenantId, live[1]!.id, 'identify', { ...terms, liveMax: 0 })).toHaveProperty(
      'device',
    );
    await devices.change(tenantId, live[2]!.id, 'decommission', terms);
    const [one, two] = await Promise.all(
      [live[0]!, live[2]!].map(({ id }) => devices.change(tenantId, id, 'restore', terms)),
    );
    expect([one!, two!].filter(isRefused)).toHaveLength(1);
    expect(await devices.list(tenantId, page)).toHaveLength(5);
  });

  test("another tenant's device is neither found, listed nor changed", async () => {
    const [mine, theirs] = [await newTenant(setupOf()), await newTenant(setupOf())];
    const id = await one(theirs);
    const { devices } = setupOf();
    expect(await devices.find(mine, id)).toBeNull();
    expect(await devices.list(mine, page)).toEqual([]);
    expect(await devices.change(mine, id, 'identify', by)).toMatchObject({ refused: 'no_such_device' });
    await expect(devices.list('aaaaaaaaaaaa', page)).rejects.toMatchObject({ code: 'no_such_tenant' });
  });
}

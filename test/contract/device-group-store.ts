/** What every DeviceGroupStore promises: a device is in the groups of all ids that are merged into it, and a change is done whole or not at all. */
import { expect, test } from 'vitest';
import type { DeviceGroupStore } from '../../actors/ports/device-group-store.ts';
import type { InventoryShelf, InventoryStore, SeenDevice } from '../../actors/ports/inventory-store.ts';
import { changesOf, put, seenDevice } from './inventory-store.ts';
import { newTenant, type StoreSetup } from './store-setup.ts';

export interface DeviceGroupSetup extends StoreSetup {
  deviceGroups: DeviceGroupStore;
  inventory: InventoryStore;
  inventoryShelf: InventoryShelf;
}

const by = 'tester';
const terms = { by, liveMax: null };

/** A tenant with devices that were seen, sr:a to sr:d, and a group. */
export async function withDevices(setup: DeviceGroupSetup, group = 'dmz') {
  const { deviceGroups, inventory, inventoryShelf } = setup;
  const tenantId = await newTenant(setup);
  const place = { tenantId, epoch: 1 };
  await inventory.claim(place);
  const see = (...devices: SeenDevice[]) => put(inventory, place, changesOf({ devices }));
  await see(...['a', 'b', 'c', 'd'].map((name) => seenDevice(`sr:${name}`)));
  expect(await deviceGroups.add(tenantId, { name: group, description: null }, by)).toHaveProperty('group');
  return {
    tenantId,
    see,
    merge: (from: string, mergedInto: string) => see(seenDevice(from, { mergedInto })),
    unmerge: (id: string) => see(seenDevice(id)),
    put: (name: string, ...ids: string[]) => deviceGroups.put(tenantId, name, ids, by),
    take: (name: string, ...ids: string[]) => deviceGroups.take(tenantId, name, ids, by),
    groups: async (id: string) => (await deviceGroups.of(tenantId, [id])).get(id) ?? [],
    inGroup: async (name: string, which: 'live' | 'archived' | 'merged' = 'live') => {
      const ids: string[] = [];
      for (;;) {
        const query = { which, group: name, after: ids.at(-1) ?? null, limit: 2 };
        const page = await inventoryShelf.list(tenantId, query);
        ids.push(...page.map(({ id }) => id));
        if (page.length < query.limit) return ids.sort();
      }
    },
    counts: async () =>
      (await deviceGroups.list(tenantId)).map(({ name, devices, archived }) => [name, devices, archived]),
  };
}

export function deviceGroupStoreContract(setupOf: () => DeviceGroupSetup): void {
  test('a group is there as it was made, once whatever its case and Unicode form, and by name', async () => {
    const { deviceGroups } = setupOf();
    const tenantId = await newTenant(setupOf());
    const add = (name: string, description: string | null = null) =>
      deviceGroups.add(tenantId, { name, description }, by);
    const made = await add('Caf\u00e9', 'phones');
    expect(made).toEqual({
      group: { name: 'Caf\u00e9', description: 'phones', who: by, createdAtMs: expect.any(Number) },
    });
    await add('access');
    for (const name of ['Caf\u00e9', 'cafe\u0301', 'CAF\u00c9'])
      expect(await add(name)).toMatchObject({
        refused: 'group_exists',
        detail: expect.stringContaining('Caf\u00e9'),
      });
    expect((await deviceGroups.list(tenantId)).map(({ name }) => name)).toEqual(['access', 'Caf\u00e9']);
    expect(await deviceGroups.find(tenantId, 'CAFE\u0301')).toBe('Caf\u00e9');
    expect(await deviceGroups.find(tenantId, 'cafe')).toBeNull();
  });

  test('devices are put in and taken out, the same again changes nothing, and how many changed is told', async () => {
    const { tenantId, put, take, groups, inGroup, counts } = await withDevices(setupOf());
    expect(await put('DMZ', 'sr:a', 'sr:b', 'sr:a')).toEqual({ group: 'dmz', changed: 2 });
    expect(await put('dmz', 'sr:b', 'sr:c')).toEqual({ group: 'dmz', changed: 1 });
    expect(await put('dmz', 'sr:b', 'sr:c')).toEqual({ group: 'dmz', changed: 0 });
    expect(await inGroup('Dmz')).toEqual(['sr:a', 'sr:b', 'sr:c']);
    expect(await counts()).toEqual([['dmz', 3, 0]]);
    expect(await take('dmz', 'sr:a', 'sr:d')).toEqual({ group: 'dmz', changed: 1 });
    expect(await take('dmz', 'sr:a', 'sr:d')).toEqual({ group: 'dmz', changed: 0 });
    expect([await groups('sr:a'), await groups('sr:b')]).toEqual([[], ['dmz']]);
    const history = await setupOf().devices.history(tenantId, 'sr:a');
    expect(history.map(({ event, who, why }) => `${event} ${who} ${why}`)).toEqual([
      'group_put tester dmz',
      'group_take tester dmz',
    ]);
  });

  test('of a call with an id that is unknown, or without such a group, nothing is done', async () => {
    const { put, take, inGroup } = await withDevices(setupOf());
    await put('dmz', 'sr:a');
    expect(await put('dmz', 'sr:b', 'sr:nobody', 'sr:c\u0000')).toMatchObject({
      refused: 'no_such_device',
      detail: expect.stringContaining('sr:nobody'),
    });
    expect(await take('dmz', 'sr:a', 'sr:nobody')).toMatchObject({ refused: 'no_such_device' });
    expect(await put('lan', 'sr:b')).toMatchObject({ refused: 'no_such_group' });
    expect(await take('lan', 'sr:a')).toMatchObject({ refused: 'no_such_group' });
    expect(await inGroup('dmz')).toEqual(['sr:a']);
    expect(await inGroup('lan')).toEqual([]);
  });

  test('a merge moves groups with their device, each once, and an unmerge gives them back exactly', async () => {
    const { tenantId, merge, unmerge, put, groups, inGroup, counts } = await withDevices(setupOf());
    await setupOf().deviceGroups.add(tenantId, { name: 'lan', description: null }, by);
    await put('dmz', 'sr:a', 'sr:b');
    await put('lan', 'sr:b', 'sr:c');
    const all = async () => await Promise.all(['sr:a', 'sr:b', 'sr:c'].map(groups));
    const before = await all();
    expect(before).toEqual([['dmz'], ['dmz', 'lan'], ['lan']]);
    await merge('sr:b', 'sr:a');
    await merge('sr:c', 'sr:a');
    expect(await all()).toEqual([['dmz', 'lan'], ['dmz', 'lan'], ['lan']]);
    expect(await counts()).toEqual([
      ['dmz', 1, 0],
      ['lan', 1, 0],
    ]);
    expect([await inGroup('lan'), await inGroup('lan', 'merged')]).toEqual([['sr:a'], ['sr:b', 'sr:c']]);
    await unmerge('sr:b');
    await unmerge('sr:c');
    expect(await all()).toEqual(before);
    expect(await inGroup('lan')).toEqual(['sr:b', 'sr:c']);
  });

  test('what is put into a group is put in by itself, and what is taken out goes with all that is merged into it', async () => {
    const { merge, unmerge, put, take, groups, inGroup } = await withDevices(setupOf());
    await put('dmz', 'sr:b');
    await merge('sr:b', 'sr:a');
    expect(await put('dmz', 'sr:a')).toMatchObject({ changed: 1 });
    await unmerge('sr:b');
    expect(await inGroup('dmz')).toEqual(['sr:a', 'sr:b']);
    await merge('sr:b', 'sr:a');
    expect(await take('dmz', 'sr:a')).toMatchObject({ changed: 1 });
    expect(await groups('sr:a')).toEqual([]);
    await unmerge('sr:b');
    expect(await inGroup('dmz')).toEqual([]);
    await put('dmz', 'sr:a', 'sr:b');
    await merge('sr:b', 'sr:a');
    expect(await take('dmz', 'sr:b')).toMatchObject({ changed: 1 });
    expect([await groups('sr:a'), await groups('sr:b')]).toEqual([['dmz'], []]);
  });

  test('a decommissioned device keeps its groups', async () => {
    const { tenantId, put, groups, inGroup, counts } = await withDevices(setupOf());
    const { devices } = setupOf();
    await put('dmz', 'sr:a', 'sr:b');
    await devices.change(tenantId, 'sr:a', 'decommission', terms);
    expect(await groups('sr:a')).toEqual(['dmz']);
    expect([await inGroup('dmz'), await inGroup('dmz', 'archived')]).toEqual([['sr:b'], ['sr:a']]);
    expect(await counts()).toEqual([['dmz', 1, 1]]);
    await devices.change(tenantId, 'sr:a', 'restore', terms);
    expect(await counts()).toEqual([['dmz', 2, 0]]);
  });

  test('a group that is removed tells what it had, and made again has nothing', async () => {
    const { tenantId, put, groups, counts } = await withDevices(setupOf(), 'Dmz');
    const { deviceGroups, devices } = setupOf();
    await put('dmz', 'sr:a', 'sr:b');
    await devices.change(tenantId, 'sr:b', 'decommission', terms);
    expect(await deviceGroups.remove(tenantId, 'DMZ', by)).toMatchObject({
      group: { name: 'Dmz', devices: 1, archived: 1 },
    });
    expect(await deviceGroups.remove(tenantId, 'DMZ', by)).toMatchObject({ refused: 'no_such_group' });
    expect([await groups('sr:a'), await counts()]).toEqual([[], []]);
    await deviceGroups.add(tenantId, { name: 'dmz', description: null }, by);
    expect(await counts()).toEqual([['dmz', 0, 0]]);
  });

  test('of many that change groups at once each is done whole, and none is lost', async () => {
    const { tenantId, put, counts } = await withDevices(setupOf());
    const { deviceGroups } = setupOf();
    const names = Array.from({ length: 12 }, (_, at) => `g${at % 6}`);
    const added = await Promise.all(
      names.map((name) => deviceGroups.add(tenantId, { name, description: null }, by)),
    );
    expect(added.filter((answer) => 'group' in answer)).toHaveLength(6);
    const ids = ['sr:a', 'sr:b', 'sr:c', 'sr:d'];
    const answers = await Promise.all(names.map((name) => put(name, ...ids)));
    const changed = answers.map((answer) => ('changed' in answer ? answer.changed : -1));
    expect(changed.sort()).toEqual([...Array(6).fill(0), ...Array(6).fill(4)]);
    expect((await counts()).slice(1)).toEqual(names.slice(0, 6).map((name) => [name, 4, 0]));
    const [removed, late] = await Promise.all([deviceGroups.remove(tenantId, 'g0', by), put('g0', 'sr:a')]);
    expect(removed).toMatchObject({ group: { devices: 4 } });
    expect([
      { group: 'g0', changed: 0 },
      expect.objectContaining({ refused: 'no_such_group' }),
    ]).toContainEqual(late);
  });

  test("another tenant's group or device is neither found, listed nor changed", async () => {
    const [mine, theirs] = [await withDevices(setupOf()), await withDevices(setupOf(), 'theirs')];
    const { deviceGroups } = setupOf();
    await theirs.see(seenDevice('sr:theirs'));
    await theirs.put('theirs', 'sr:a', 'sr:theirs');
    expect(await mine.counts()).toEqual([['dmz', 0, 0]]);
    expect(await deviceGroups.find(mine.tenantId, 'theirs')).toBeNull();
    expect(await mine.put('dmz', 'sr:theirs')).toMatchObject({ refused: 'no_such_device' });
    expect(await mine.put('theirs', 'sr:a')).toMatchObject({ refused: 'no_such_group' });
    expect(await mine.take('theirs', 'sr:a')).toMatchObject({ refused: 'no_such_group' });
    expect(await deviceGroups.remove(mine.tenantId, 'theirs', by)).toMatchObject({
      refused: 'no_such_group',
    });
    expect(await mine.groups('sr:a')).toEqual([]);
    expect(await mine.inGroup('theirs')).toEqual([]);
    await mine.put('dmz', 'sr:a');
    expect([await mine.groups('sr:a'), await theirs.groups('sr:a')]).toEqual([['dmz'], ['theirs']]);
    await expect(deviceGroups.list('aaaaaaaaaaaa')).rejects.toMatchObject({ code: 'no_such_tenant' });
  });
}

/** What every InventoryStore and InventoryShelf promise: a batch is there whole or not at all, under one epoch, and comes back as it was. */
import { expect, test } from 'vitest';
import type {
  InventoryChanges,
  InventoryPlace,
  InventoryRow,
  InventoryShelf,
  InventoryStore,
  SeenDevice,
  SeenInterface,
} from '../../actors/ports/inventory-store.ts';

export interface InventorySetup {
  inventory: InventoryStore;
  shelf: InventoryShelf;
  newTenant(): Promise<string>;
}

const atMs = 1_750_000_000_000;

export const seenDevice = (id: string, given: Partial<SeenDevice> = {}): SeenDevice => ({
  ...{ id, name: id, isService: false, ip: '10.0.0.1', mac: null, macs: [], serial: null, hostname: null },
  ...{ firstSeenMs: atMs, lastSeenMs: atMs, isAvailable: true, isDeleted: false, sources: ['snmp'] },
  ...{ mergedInto: null, described: null, ...given },
});

export const changesOf = (given: Partial<InventoryChanges> = {}): InventoryChanges => ({
  ...{
    partition: 'default',
    rows: [],
    partitionRow: null,
    isPartitionNew: false,
    devices: [],
    identifiers: [],
    conflicts: [],
  },
  ...{ sightings: [], interfaces: [], merges: [], document: null, ...given },
});

export const put = (inventory: InventoryStore, place: InventoryPlace, changes: InventoryChanges) =>
  inventory.write(place, inventory.prepare(changes));

export function inventoryStoreContract(setupOf: () => InventorySetup): void {
  const claimed = async (epoch = 1) => {
    const { inventory, shelf, newTenant } = setupOf();
    const tenantId = await newTenant();
    const place = { tenantId, epoch };
    expect(await inventory.claim(place)).toBe(true);
    return { inventory, shelf, tenantId, place };
  };
  const loaded = async (inventory: InventoryStore, tenantId: string) => {
    const rows: InventoryRow[] = [];
    for await (const page of inventory.load(tenantId)) rows.push(...page);
    return rows;
  };

  test('rows come back as they were written, each partition after its own, in the order of the kinds', async () => {
    const { inventory, tenantId, place } = await claimed();
    const head = (name: string): InventoryRow => ({
      kind: 'partition',
      key: name,
      row: { name, batches: 1 },
    });
    const row = (kind: InventoryRow['kind'], key: string, value: unknown = { of: key }): InventoryRow => ({
      ...{ kind, key, row: value },
    });
    const odd = { text: 'a\u0000"b\\ \ud800 ü', list: [1, [null, true]] };
    const given = [
      row('service', 's'),
      row('evidence', '000000000002'),
      row('evidence', '000000000001', odd),
    ];
    const write = (partition: string, rows: InventoryRow[]) =>
      put(inventory, place, changesOf({ partition, rows, partitionRow: head(partition) }));
    expect(await write('south', given)).toEqual({ written: 3 });
    expect(await write('north', [row('ban', 'b')])).toEqual({ written: 1 });
    const all = await loaded(inventory, tenantId);
    expect(all.map(({ kind, key }) => `${kind} ${key}`)).toEqual([
      ...['partition north', 'ban b'],
      ...['partition south', 'evidence 000000000001', 'evidence 000000000002', 'service s'],
    ]);
    expect(all[3]!.row).toEqual(odd);
  });

  test('the same again writes nothing, not even its head', async () => {
    const { inventory, shelf, tenantId, place } = await claimed();
    const changes = (batches: number) =>
      changesOf({
        rows: [{ kind: 'evidence', key: '1', row: { n: 1 } }],
        partitionRow: { kind: 'partition', key: 'default', row: { batches } },
        devices: [
          seenDevice('sr:a', {
            described: { type: null, vendor: 'Acme', model: null, os: null, atMs, confidence: 7 },
          }),
        ],
        identifiers: [{ type: 'mac', scope: '', value: '001122334455', deviceId: 'sr:a', status: 'live' }],
        conflicts: [{ type: 'serial', scope: '', value: 'X', reason: 'shared', devices: ['sr:a', 'sr:b'] }],
        sightings: [{ ip: '10.0.0.9', sources: ['sweep'], firstSeenMs: 1, lastSeenMs: 2, expiresAtMs: 3 }],
      });
    expect(await put(inventory, place, changes(1))).toEqual({ written: 5 });
    expect(await put(inventory, place, changes(2))).toEqual({ written: 0 });
    expect((await loaded(inventory, tenantId))[0]!.row).toEqual({ batches: 1 });
    expect(await shelf.find(tenantId, 'sr:a')).toMatchObject({
      ip: '10.0.0.1',
      vendor: 'Acme',
      byHand: false,
    });
    expect(await shelf.identifiers(tenantId, 'sr:a')).toHaveLength(1);
    const gone = changesOf({
      identifiers: [{ type: 'mac', scope: '', value: '001122334455', deviceId: null, status: 'live' }],
      conflicts: [{ type: 'serial', scope: '', value: 'X', reason: null, devices: [] }],
      sightings: [{ ip: '10.0.0.9', sources: [], firstSeenMs: 1, lastSeenMs: 2, expiresAtMs: 3 }],
    });
    expect(await put(inventory, place, gone)).toEqual({ written: 3 });
    expect(await shelf.identifiers(tenantId, 'sr:a')).toEqual([]);
    expect(await shelf.conflicts(tenantId, 10)).toEqual([]);
  });

  test('a holder of the lease that was replaced writes nothing of a batch, and cannot come back', async () => {
    const { inventory, shelf, tenantId, place } = await claimed(1);
    expect(await inventory.claim({ tenantId, epoch: 2 })).toBe(true);
    const rows: InventoryRow[] = [{ kind: 'evidence', key: '1', row: {} }];
    expect(await put(inventory, place, changesOf({ rows, devices: [seenDevice('sr:a')] }))).toEqual({
      refused: 'fenced',
    });
    expect(await inventory.claim(place)).toBe(false);
    expect(await loaded(inventory, tenantId)).toEqual([]);
    expect(await shelf.list(tenantId, { which: 'live', after: null, limit: 10 })).toEqual([]);
  });

  test('a device that was merged is listed among the merged, as it was, and comes back as it was', async () => {
    const { inventory, shelf, tenantId, place } = await claimed();
    const list = async (which: 'live' | 'merged') =>
      (await shelf.list(tenantId, { which, after: null, limit: 10 })).map(({ id }) => id).sort();
    const devices = [seenDevice('sr:a'), seenDevice('sr:b', { hostname: 'b', ip: '10.0.0.2' })];
    await put(inventory, place, changesOf({ devices }));
    const merge = {
      ...{ n: 0, what: 'merge' as const, from: 'sr:b', to: 'sr:a', reason: 'mac', evidence: ['mac:1'] },
      ...{ atMs, who: 'somebody', why: null, row: { line: null } },
    };
    const merged = seenDevice('sr:b', { name: 'sr:b', ip: null, mergedInto: 'sr:a' });
    await put(inventory, place, changesOf({ devices: [merged], merges: [merge] }));
    expect([await list('live'), await list('merged')]).toEqual([['sr:a'], ['sr:b']]);
    expect(await shelf.find(tenantId, 'sr:b')).toMatchObject({
      hostname: 'b',
      ip: '10.0.0.2',
      mergedInto: 'sr:a',
    });
    const { row: _, n: __, ...told } = merge;
    expect(await shelf.merges(tenantId, 'sr:a')).toEqual([{ ...told, partition: 'default' }]);
    await put(inventory, place, changesOf({ devices: [devices[1]!] }));
    expect([await list('live'), await list('merged')]).toEqual([['sr:a', 'sr:b'], []]);
  });

  test('it is known whom an identifier identifies now, within its partition', async () => {
    const { inventory, shelf, tenantId, place } = await claimed();
    const serial = (value: string, status: 'live' | 'history' = 'live') => ({
      ...{ type: 'serial', scope: '', value, deviceId: 'sr:a', status },
    });
    const identifiers = [serial('S1', 'history'), serial('S2')];
    await put(inventory, place, changesOf({ devices: [seenDevice('sr:a', { name: 'edge' })], identifiers }));
    const ask = (partition: string, ...values: string[]) =>
      shelf.holder(
        tenantId,
        partition,
        values.map((value) => ({ type: 'serial', scope: '', value })),
      );
    const found = { type: 'serial', scope: '', value: 'S2', deviceId: 'sr:a', name: 'edge' };
    expect(await ask('default', 'S0', 'S1', 'S2')).toEqual(found);
    for (const [partition, value] of [
      ['default', 'S1'],
      ['north', 'S2'],
      ['default', 'S0'],
    ] as const)
      expect(await ask(partition, value)).toBeNull();
    expect(await ask('default')).toBeNull();
  });

  test('interfaces of a device are those of the last write, and what is as it was is not written again', async () => {
    const { inventory, shelf, tenantId, place } = await claimed();
    const port = (name: string, more: Partial<SeenInterface> = {}): SeenInterface => ({
      ...{ name, mac: '', addresses: [], sources: ['snmp'], firstSeenMs: atMs, lastSeenMs: atMs, ...more },
    });
    const row = (text: string): InventoryRow => ({ kind: 'interfaces', key: '1', row: { text } });
    const head: InventoryRow = { kind: 'partition', key: 'default', row: {} };
    const say = (deviceId: string, interfaces: SeenInterface[], rows: InventoryRow[] = []) =>
      put(inventory, place, changesOf({ rows, partitionRow: head, interfaces: [{ deviceId, interfaces }] }));
    const [a, b] = [
      port('b', { mac: '001B21000001', addresses: ['10.0.0.1'] }),
      port('', { mac: '001B21000001' }),
    ];
    const odd = 'a\u0000 \ud800';
    expect(await say('sr:a', [a, b, port('a')], [row(odd)])).toEqual({ written: 4 });
    expect(await say('sr:a', [a, b, port('a')], [row(odd)])).toEqual({ written: 0 });
    expect(await say('sr:b', [port('a', { sources: [odd] })])).toEqual({ written: 1 });
    expect(await shelf.interfaces(tenantId, 'sr:a')).toEqual([b, port('a'), a]);
    const later = { ...a, lastSeenMs: atMs + 3_600_000 };
    expect(await say('sr:a', [later, port('c')], [row('more')])).toEqual({ written: 5 });
    expect(await shelf.interfaces(tenantId, 'sr:a')).toEqual([later, port('c')]);
    expect((await shelf.interfaces(tenantId, 'sr:b'))[0]!.sources).toEqual(['a\ufffd \ufffd']);
    expect(await loaded(inventory, tenantId)).toEqual([head, row('more')]);
    expect(await say('sr:a', [])).toEqual({ written: 2 });
    expect(await shelf.interfaces(tenantId, 'sr:a')).toEqual([]);
    await inventory.claim({ tenantId, epoch: 2 });
    expect(await say('sr:b', [], [row('late')])).toEqual({ refused: 'fenced' });
    expect(await shelf.interfaces(tenantId, 'sr:b')).toHaveLength(1);
  });

  test('an id of another partition is not written over', async () => {
    const { inventory, shelf, tenantId, place } = await claimed();
    await put(inventory, place, changesOf({ partition: 'north', devices: [seenDevice('sr:a')] }));
    const theirs = changesOf({ partition: 'south', devices: [seenDevice('sr:a', { ip: '10.6.6.6' })] });
    expect(await put(inventory, place, theirs)).toEqual({ written: 0 });
    expect(await shelf.find(tenantId, 'sr:a')).toMatchObject({ partition: 'north', ip: '10.0.0.1' });
  });

  test('what a better source said of a device stands against others for a day', async () => {
    const { inventory, shelf, tenantId, place } = await claimed();
    const say = (vendor: string, confidence: number, afterMs: number) =>
      put(
        inventory,
        place,
        changesOf({
          devices: [
            seenDevice('sr:a', {
              described: { type: null, vendor, model: null, os: null, atMs: atMs + afterMs, confidence },
            }),
          ],
        }),
      );
    const vendor = async () => (await shelf.find(tenantId, 'sr:a'))!.vendor;
    await say('from snmp', 9, 0);
    await say('from a sweep', 5, 3_600_000);
    expect(await vendor()).toBe('from snmp');
    await say('from a sweep', 5, 86_400_000);
    expect(await vendor()).toBe('from a sweep');
    await say('of old', 5, 0);
    expect(await vendor()).toBe('from a sweep');
  });
}

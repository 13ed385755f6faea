import { expect, test } from 'vitest';
import type { Cluster, Topic } from '../cluster/index.ts';
import { ActorSystem, manualClock } from '../runtime/index.ts';
import { InventoryCounts } from './inventory-counts.ts';
import type { InventoryNews } from './inventory-news.ts';
import { deviceId } from './ports/device-id.ts';
import type { DeviceToSee, DocumentToReconcile } from './ports/inventory-store.ts';
import { reconcileBatchMax, reconcilerRetryMs } from './reconcile-limits.ts';
import { reconciler } from './reconciler.ts';
import { clusterOf } from './testing/keeper.ts';
import { keptInventory } from './testing/kept-inventory.ts';

const tenantId = 'abcdefghijkl';
const update = (n: number, more: object = {}) => ({
  ...{ source: 'armis', ip: `10.0.0.${n}`, timestamp: 1_750_000_000 + n },
  ...{ metadata: { armis_device_id: `a${n}` }, ...more },
});
const plain = clusterOf(
  () => ['core_1'],
  () => {},
);

function stage(kept = keptInventory(), epoch = 1) {
  const clock = manualClock();
  const heard: { topic: Topic; news: InventoryNews }[] = [];
  const publish = (_: unknown, topic: Topic, news: InventoryNews) => heard.push({ topic, news });
  const cluster = { ...plain, topics: { ...plain.topics, publish } as unknown as Cluster['topics'] };
  const counts = new InventoryCounts();
  const actors = new ActorSystem({ clock, node: 'core_1', boot: 1 });
  const bytes = new Map<number, Uint8Array>();
  const documents = {
    read: async (_: string, ordinal: number, atByte: number) => {
      const left = bytes.get(ordinal)!.subarray(atByte, atByte + 100);
      return left.length === 0 ? null : left;
    },
  };
  const ref = actors.spawn(
    reconciler({ cluster, inventory: kept.store, documents, giveWay: async () => {}, counts }),
    tenantId,
    epoch,
  );
  const received = (one: Partial<DocumentToReconcile>, items: unknown) => {
    const ordinal = kept.documents.length + 1;
    bytes.set(ordinal, Buffer.from(JSON.stringify(items)));
    kept.documents.push({
      ...{ ordinal, id: `d${ordinal}`, agent: 'site_1', partition: 'north', kind: 'sync' as const },
      ...{ receivedAtMs: 1_750_000_000_000, ...one },
    });
  };
  return { kept, actors, clock, ref, received, call: actors.call(ref), heard, counts };
}

test('an update is answered when it is in the store, and is there for the next holder', async () => {
  const { kept, call } = stage();
  const [first] = await call.updates('default', [update(1)]);
  expect(first).toMatchObject({ action: 'created' });
  expect(kept.writes).toBe(1);
  const next = stage(kept, 2);
  const [again] = await next.call.updates('default', [update(1)]);
  expect(again).toMatchObject({ action: 'matched', device_id: (first as { device_id: string }).device_id });
  expect(kept.writes).toBe(1);
  // The former one has lost the tenant, and learns it when it writes.
  await expect(call.updates('default', [update(2)])).rejects.toThrow();
});

test('while the store is away nothing is answered; when it is back everything is there once', async () => {
  const { kept, clock, call, actors, ref } = stage();
  await call.updates('default', [update(1)]);
  kept.away(true);
  let answered = 0;
  const asked = [2, 3].map((n) => call.updates('default', [update(n)]).then(() => (answered += 1)));
  // Explaining asks nothing of the store.
  expect(await call.explain('sr:none')).toBeNull();
  expect(answered).toBe(0);
  kept.away(false);
  clock.advance(reconcilerRetryMs);
  await Promise.all(asked);
  expect(await actors.call(ref).totals()).toMatchObject({ devices: 3, taken: 3 });
});

test('what was decided while an earlier write was under way is not answered when that one is fenced', async () => {
  const { kept, clock, call, actors, ref } = stage();
  await call.updates('default', [update(1)]);
  kept.away(true);
  const batch = (from: number) =>
    Array.from({ length: reconcileBatchMax }, (_, n) =>
      update(n % 250, { metadata: { armis_device_id: `a${from + n}` } }),
    );
  let answered = 0;
  const asked = [1_000, 2_000].map((from) =>
    call.updates('default', batch(from)).then(
      () => (answered += 1),
      () => 'not answered',
    ),
  );
  // Both are decided: nobody waits any more.
  expect(await actors.call(ref).totals()).toMatchObject({ devices: 2_001, waiting: 0 });
  await kept.store.claim({ tenantId, epoch: 2 });
  kept.away(false);
  clock.advance(reconcilerRetryMs);
  expect(await Promise.all(asked)).toEqual(['not answered', 'not answered']);
  expect(answered).toBe(0);
  expect(kept.writes).toBe(1);
});

test('more than a batch at once is refused, and what is no update is told by itself', async () => {
  const { call } = stage();
  const many = Array.from({ length: reconcileBatchMax + 1 }, (_, n) => update(n));
  await expect(call.updates('default', many)).rejects.toMatchObject({ code: 'too_many_updates' });
  expect(await call.updates('default', ['x', update(1), { ip: 'nowhere' }])).toMatchObject([
    ...[{ error: 'not_an_object' }, { action: 'created' }, { error: 'ip_is_no_address' }],
  ]);
});

test('documents are taken whole in their order, and what is wrong in one is told of it', async () => {
  const { kept, received, call, actors, ref } = stage();
  await call.updates('default', []);
  const items = Array.from({ length: 2_500 }, (_, n) =>
    update(n % 250, { metadata: { armis_device_id: `a${n}` } }),
  );
  received({}, [...items, 7, { ip: '10.0.0.1', partition: 'south' }]);
  received({ kind: 'sweep' }, [{ network: 'x', hosts: [{ host: '10.0.0.9', available: true }] }]);
  received({}, []);
  actors.cast(ref).look();
  while (kept.documents.length > 0) await call.updates('default', []);
  expect(kept.over.map(({ updates, taken, refused, failed }) => [updates, taken, refused, failed])).toEqual([
    [2_502, 2_500, { not_an_object: 1, other_partition: 1 }, null],
    [1, 1, {}, null],
    [0, 0, {}, null],
  ]);
  expect(kept.over[0]!.examples).toEqual([
    { item: 2_500, error: 'not_an_object' },
    { item: 2_501, error: 'other_partition' },
  ]);
  expect((await call.totals()).devices).toBe(2_500);
});

test('what a person merged is explained, and what was merged by nobody is not undone', async () => {
  const { call } = stage();
  const ids = (await call.updates('default', [update(1), update(2)])).map(
    (one) => (one as { device_id: string }).device_id,
  );
  const { device_id: into } = await call.merge(ids[0]!, ids[1]!, 'somebody', 'looks alike');
  const from = ids.find((id) => id !== into)!;
  expect(await call.explain(from)).toMatchObject({ state: `merged into ${into}` });
  const told = await call.explain(into);
  expect(told!.because.join('\n')).toContain(`${from} was merged into ${into}`);
  await call.unmerge(from, 'somebody', null);
  expect(await call.explain(from)).toMatchObject({ state: 'identified' });
  await expect(call.unmerge(from, 'somebody', null)).rejects.toMatchObject({ code: 'no_merge_audit_found' });
  await expect(call.merge(into, 'sr:none', 'somebody', null)).rejects.toMatchObject({
    code: 'unknown_device',
  });
});

test('what a batch did is told to the tenant once, when it is in the store, and is counted', async () => {
  const { kept, call, heard, counts, actors, ref, clock } = stage();
  const ids = (await call.updates('north', [update(1), update(2), 7])).map((one) =>
    'device_id' in one ? one.device_id : null,
  );
  const news = () => heard.splice(0).map((one) => one.news);
  expect(heard[0]!.topic).toEqual({ tenant: tenantId, name: 'inventory' });
  expect(news()).toMatchObject([
    { tenant_id: tenantId, partition: 'north', created: { count: 2, devices: ids.slice(0, 2) } },
  ]);
  await call.updates('north', [update(1), update(2)]);
  expect(news()).toEqual([]);
  const { device_id: into } = await call.merge(ids[0]!, ids[1]!, 'somebody', null);
  const from = ids.find((id) => id !== into && id !== null)!;
  const moved = { device_id: from, other_id: into, who: 'somebody' };
  expect(news()).toMatchObject([{ created: { count: 0 }, merged: { count: 1, devices: [moved] } }]);
  await call.unmerge(from, 'somebody', null);
  expect(news()).toMatchObject([{ separated: { devices: [{ ...moved, reason: 'unmerged' }] } }]);
  const dock = (n: number) => update(n, { mac: '00:1b:21:00:00:01' });
  await call.updates('north', [dock(1)]);
  expect(news()).toEqual([]);
  await call.updates('north', [dock(2)]);
  const conflicts = { count: 1, opened: [{ type: 'mac', value: '001B21000001', reason: 'shared' }] };
  expect(news()).toMatchObject([{ conflicts }]);
  // Nobody hears of what is not kept, nor of what another holder's epoch refuses.
  kept.away(true);
  call.updates('north', [update(3)]).catch(() => {});
  await actors.call(ref).totals();
  expect(counts.totals()).toMatchObject({ devices: 3, unwritten: 1 });
  await kept.store.claim({ tenantId, epoch: 2 });
  kept.away(false);
  clock.advance(reconcilerRetryMs);
  await expect(call.updates('north', [])).rejects.toThrow();
  expect(heard).toEqual([]);
  expect(counts.totals()).toMatchObject({
    ...{ updates: { created: 2, refused: 1, blocked: 1 }, documents: { reconciled: 0, failed: 0 }, busy: 0 },
    changes: { created: 2, merged: 1, separated: 1, conflict: 1 },
    writes: { count: 6 },
    // It is gone, and holds nothing.
    ...{ devices: 0, residents: 0, waiting: 0, unwritten: 0, greatestResidents: 0 },
  });
});

test('a source is withdrawn a part at a time, with who asked, and the next holder knows nothing of it', async () => {
  const { kept, call, heard } = stage();
  const armis = Array.from({ length: reconcileBatchMax + 1 }, (_, n) =>
    update(n % 250, { metadata: { armis_device_id: `a${n}`, serial: `S${n}` } }),
  );
  const snmp = (n: number) => update(n, { source: 'snmp', metadata: { serial: `S${n}` } });
  await call.updates('default', armis.slice(1));
  await call.updates('default', [armis[0], snmp(1)]);
  const [, , tied] = await call.updates('default', [armis[1], armis[2], snmp(1)]);
  heard.length = 0;
  const withdraw = () => call.withdraw('default', 'armis', 'ann', 'it is removed');
  expect(await withdraw()).toEqual({ count: reconcileBatchMax, isMore: true });
  expect(await withdraw()).toEqual({ count: 1, isMore: false });
  expect(await withdraw()).toEqual({ count: 0, isMore: false });
  expect(await call.withdraw('nowhere', 'armis', 'ann', null)).toEqual({ count: 0, isMore: false });
  expect(heard).toEqual([]);
  const { device_id: id } = tied as { device_id: string };
  expect([...kept.identifiers]).toEqual([['default serial  S1', `${id} live`]]);
  const next = stage(kept, 2);
  expect(await next.call.updates('default', [snmp(1)])).toMatchObject([{ device_id: id, action: 'matched' }]);
  expect((await next.call.explain(id))!.because.join(' ')).not.toContain('armis');
});

test('documents are counted by how they ended', async () => {
  const { kept, call, counts, received, actors, ref } = stage();
  received({}, [update(1), update(2)]);
  actors.cast(ref).look();
  while (kept.documents.length > 0) await call.updates('default', []);
  expect(counts.totals()).toMatchObject({ documents: { reconciled: 1, failed: 0 }, changes: { created: 2 } });
});

const written = (n: number, more: Partial<DeviceToSee> = {}): DeviceToSee => ({
  ...{ ordinal: n, id: `sr:${n}`, partition: 'default', addresses: [], macs: [], serial: null },
  ...{ createdAtMs: 1_750_000_000_000, ...more },
});

test('what somebody wrote down is the device that is seen later, whatever else tells of it then', async () => {
  const kept = keptInventory();
  const [mac, ip] = ['001B2100000A', '10.0.0.9'];
  kept.byHand.push(
    written(1, {
      id: deviceId('default', [['mac', mac]]),
      macs: [mac, '001B2100000B'],
      serial: 'S1',
      addresses: [ip],
    }),
    written(2, { id: deviceId('north', [['ip', ip]]), partition: 'north', addresses: [ip] }),
    written(3, { serial: 'S3' }),
  );
  const ids = kept.byHand.map(({ id }) => id);
  const { call, actors, ref } = stage(kept);
  const seen = async (partition: string, said: object) => {
    const [outcome] = await call.updates(partition, [{ source: 'snmp', timestamp: 1_750_000_100, ...said }]);
    return (outcome as { device_id: string }).device_id;
  };
  await call.updates('default', [update(1)]);
  await call.updates('north', [update(2)]);
  expect(kept.byHand).toEqual([]);
  expect(await seen('default', { ip: '10.0.0.7', metadata: { serial: 'S1', armis_device_id: 'a7' } })).toBe(
    ids[0],
  );
  expect(await seen('default', { ip: '10.0.0.8', mac: '001B2100000B' })).toBe(ids[0]);
  expect(await seen('north', { ip })).toBe(ids[1]);
  expect(await seen('default', { metadata: { serial: 'S3', armis_device_id: 'a3' } })).toBe(ids[2]);
  // One that is told of meanwhile, and one that is seen before it was read.
  kept.byHand.push(written(4, { serial: 'S4' }));
  actors.cast(ref).look();
  await call.updates('default', [update(1)]);
  expect(await seen('default', { metadata: { serial: 'S4' } })).toBe('sr:4');
  const late = deviceId('default', [['mac', '001B21000005']]);
  expect(await seen('default', { metadata: { serial: 'S5', armis_device_id: 'a5' } })).not.toBe(late);
  kept.byHand.push(written(5, { id: late, serial: 'S5', macs: ['001B21000005'] }));
  actors.cast(ref).look();
  await call.updates('default', [update(1)]);
  await call.updates('default', [update(1)]);
  expect(await seen('default', { metadata: { armis_device_id: 'a5' } })).toBe(late);
  expect(kept.byHand).toEqual([]);
});

/** Device updates of an agent in a customer's network until they are devices: through the death of the core, and a person's mistake. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reconcileLines } from '../../actors/index.ts';
import { phaseOf } from '../../actors/schedule.ts';
import { readToken } from '../../certs/index.ts';
import { sendDocument } from '../../edge/index.ts';
import { systemClock, systemRandom } from '../../runtime/index.ts';
import { openStore, runningEmbedded } from '../../store/index.ts';
import { type EdgeChannels, edgeChannels } from '../edge/edge-channel.ts';
import { type Cluster, cluster, type MemberRow, picket, until } from './picket.ts';
import { kill } from './processes.ts';

const clock = systemClock({ unref: true });
let net: Cluster;
let channels: EdgeChannels;

interface DeviceRow {
  id: string;
  uid: string;
  hostname: string | null;
  ip: string | null;
  partition: string;
  is_available: boolean | null;
  sources: string[];
  merged_into: string | null;
  groups: string[];
}

interface Shown extends DeviceRow {
  identifiers: { type: string; value: string; status: string }[];
  merges: { what: string; from: string; to: string; who: string | null; why: string | null }[];
  interfaces: { name: string | null; mac: string | null; addresses: string[]; sources: string[] }[];
}

interface Explained {
  state: string;
  because: string[];
}

beforeAll(async () => {
  net = await cluster('core=2,web=0,poller=1,agent=0');
  await net.up();
  await net.ask('tenant', 'create', 'acme');
  const flags = ['--tenant', 'acme', '--name', 'site_1', '--partition', 'north'];
  const { token } = await net.ask<{ token: string }>('package', 'create', ...flags);
  const [file, folder] = [join(net.data, 'token'), join(net.data, 'edge_site_1')];
  writeFileSync(file, `${token}\n`);
  expect(await picket('enroll', '--token-file', file, '--dir', folder)).toMatchObject({ status: 0 });
  const read = readToken(token);
  if (!read.ok) throw new Error(read.error.code);
  channels = edgeChannels(folder, read.token.endpoints);
});
afterAll(async () => {
  channels?.close();
  await net.close();
});

const acme = ['--tenant', 'acme'];
const list = (...flags: string[]) => net.ask<DeviceRow[]>('device', 'list', ...acme, ...flags);
const show = (id: string) => net.ask<Shown>('device', 'show', id, ...acme);
const explain = (id: string) => net.ask<Explained>('explain', 'device', id, ...acme);

async function send(id: string, updates: readonly unknown[], kind: 'sync' | 'sweep' = 'sync'): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(updates));
  const read = async function* () {
    yield bytes;
  };
  const sent = await sendDocument(
    { clock, random: systemRandom(), dial: () => channels.dial() },
    { id, kind, service: 'armis', totalBytes: bytes.length, read, onHeld: () => {} },
  );
  expect(sent).toMatchObject({ ok: true });
}

interface DocumentRow {
  id: string;
  reconciled_at: string | null;
  reconciled: {
    updates: number;
    taken: number;
    refused: Record<string, number>;
    failed: string | null;
  } | null;
}

/** Of the newest document, when it is in the inventory. */
async function reconciled(): Promise<NonNullable<DocumentRow['reconciled']>> {
  const [newest] = await net.ask<{ id: string }[]>('document', 'list', ...acme);
  let row: DocumentRow | null = null;
  await until('the document is in the inventory', 90_000, async () => {
    row = await net.ask<DocumentRow>('document', 'show', newest!.id, ...acme);
    return row.reconciled_at !== null;
  });
  return row!.reconciled!;
}

const mac = (n: number) => `001B21${n.toString(16).padStart(6, '0')}`.toUpperCase();
const update = (n: number, source: 'armis' | 'netbox' | 'snmp' = 'armis', hour = 0) => ({
  ...{ source, ip: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, mac: mac(n), hostname: `host-${n}` },
  timestamp: new Date(Date.parse('2026-01-05T00:00:00Z') + hour * 3_600_000 + n).toISOString(),
  metadata:
    source === 'snmp'
      ? {}
      : { [source === 'armis' ? 'armis_device_id' : 'netbox_device_id']: `${source}-${n}` },
});

test('what an agent sends becomes devices of its own partition, and what is wrong with it is told', async () => {
  const bad = [{ ip: 'nowhere' }, { ...update(9_999), partition: 'south' }, 7];
  const ports = (n: number) => [
    { name: `eth${n}`, mac: mac(80_000 + n), ips: [`10.80.0.${n}/24`] },
    { name: 'lo' },
  ];
  await send('first', [...[1, 2, 3].map((n) => ({ ...update(n), interfaces: ports(n) })), ...bad]);
  expect(await reconciled()).toMatchObject({
    ...{ updates: 6, taken: 3, failed: null },
    refused: { ip_is_no_address: 1, other_partition: 1, not_an_object: 1 },
  });
  const rows = await list();
  expect(rows.map(({ hostname, ip, partition, sources }) => [hostname, ip, partition, sources])).toEqual(
    expect.arrayContaining([['host-1', '10.0.0.1', 'north', ['armis']]]),
  );
  expect(rows).toHaveLength(3);
  await send('swept', [{ network: '10.0.0.0/24', hosts: [{ host: '10.0.0.1', available: false }] }], 'sweep');
  expect(await reconciled()).toMatchObject({ taken: 1 });
  const one = await show(rows.find(({ hostname }) => hostname === 'host-1')!.id);
  expect(one.identifiers).toEqual(
    expect.arrayContaining([{ type: 'armis_device_id', scope: '', value: 'armis-1', status: 'live' }]),
  );
  expect(await list()).toHaveLength(3);
});

test('a core that is killed in the middle of a sync leaves the same devices as one that was not', async () => {
  const numbers = Array.from({ length: 6_000 }, (_, at) => at + 1_000);
  const updates = [
    ...numbers.map((n) => update(n)),
    ...numbers.filter((n) => n % 3 === 0).map((n) => update(n, 'netbox', 1)),
    ...numbers.filter((n) => n % 5 === 0).map((n) => update(n, 'snmp', 2)),
  ];
  const before = await list();
  const [held] = await net.ask<{ node: string }[]>('registry', ...acme, '--kind', 'reconciler');
  const members = await net.ask<MemberRow[]>('members');
  const { pid } = members.find(({ name }) => name === held!.node)!;
  const store = openStore({ url: runningEmbedded(net.data)!, phaseOf, clock: systemClock() });
  try {
    const { id: tenantId } = (await store.tenants.find('acme'))!;
    const page = { which: 'live', after: null, limit: before.length + 1 } as const;
    await send('large', updates);
    // Of the command alone it would be over before that has started.
    await until('some of it is in the inventory', 60_000, async () => {
      if ((await store.inventoryShelf.list(tenantId, page)).length <= before.length) return false;
      kill(pid, 'SIGKILL');
      return true;
    });
    expect(await store.inventory.nextDocument(tenantId)).not.toBeNull();
  } finally {
    await store.close();
  }
  expect(await reconciled()).toMatchObject({ updates: updates.length, taken: updates.length, refused: {} });
  const wanted = JSON.parse(
    reconcileLines(updates.map((one) => JSON.stringify({ ...one, partition: 'north' }))).at(-1)!,
  ) as { devices: { id: string; hostname: string; sources: string[] }[] };
  const plain = (rows: readonly { id: string; hostname: string | null; sources: string[] }[]) =>
    rows.map(({ id, hostname, sources }) => `${id} ${hostname} ${sources.join(' ')}`).sort();
  const known = new Set(before.map(({ id }) => id));
  expect(plain((await list()).filter(({ id }) => !known.has(id)))).toEqual(plain(wanted.devices));
}, 240_000);

test('a wrong merge is found with explain, undone with unmerge, and does not come back', async () => {
  const rows = await list();
  const idOf = (n: number) => rows.find(({ hostname }) => hostname === `host-${n}`)!.id;
  await net.ask('device', 'group', 'add', 'dmz', ...acme, '--description', 'reachable');
  await net.ask('device', 'group', 'add', 'printers', ...acme);
  await net.ask('device', 'group', 'put', 'DMZ', idOf(1), idOf(2), ...acme);
  expect(await net.ask('device', 'group', 'put', 'printers', idOf(2), ...acme)).toEqual({
    ...{ group: 'printers', changed: 1, unchanged: 0 },
  });
  const unknown = await net.run('device', 'group', 'put', 'printers', idOf(1), 'sr:none', ...acme);
  expect(unknown).toMatchObject({ status: 1, err: expect.stringContaining('no_such_device') });
  const groups = async () => await Promise.all([1, 2].map(async (n) => (await show(idOf(n))).groups));
  const apart = await groups();
  expect(apart).toEqual([['dmz'], ['dmz', 'printers']]);
  const merged = await net.ask<DeviceRow>(
    'device',
    'merge',
    idOf(1),
    idOf(2),
    ...acme,
    '--why',
    'looks alike',
  );
  const gone = merged.id === idOf(1) ? idOf(2) : idOf(1);
  expect(await list('--merged')).toMatchObject([{ id: gone, merged_into: merged.id }]);
  expect(await list()).toHaveLength(rows.length - 1);
  expect(merged.groups).toEqual(['dmz', 'printers']);
  expect(await list('--group', 'printers')).toMatchObject([{ id: merged.id, groups: ['dmz', 'printers'] }]);
  const names = async (id: string) => (await show(id)).interfaces.map(({ name }) => name);
  expect(await names(merged.id)).toEqual(['eth1', 'eth2', 'lo']);
  expect(await names(gone)).toEqual([]);
  const { because } = await explain(merged.id);
  expect(because.join('\n')).toContain(`${gone} was merged into ${merged.id}`);
  expect(because.join('\n')).toContain('armis_device_id:armis-1');
  const { merges } = await show(merged.id);
  expect(merges).toMatchObject([{ what: 'merge', from: gone, why: 'looks alike' }]);
  expect(merges[0]!.who).toContain('/operator/');

  expect(await net.ask('device', 'unmerge', gone, ...acme, '--why', 'two printers')).toMatchObject({
    id: gone,
  });
  expect(await groups()).toEqual(apart);
  expect(await net.run('device', 'group', 'remove', 'dmz', ...acme)).toMatchObject({
    ...{ status: 0, out: expect.stringContaining('removed dmz; it had 2 devices') },
  });
  expect(await net.ask('device', 'group', 'list', ...acme)).toMatchObject([{ name: 'printers', devices: 1 }]);
  const again = [1, 2].flatMap((n) => [update(n, 'armis', 30), update(n, 'snmp', 31)]);
  await send('again', again);
  expect(await reconciled()).toMatchObject({ taken: 4 });
  expect((await list()).map(({ id }) => id).sort()).toEqual(rows.map(({ id }) => id).sort());
  expect((await explain(gone)).state).toBe('identified');
  // The core that was told of them is gone.
  const n = gone === idOf(1) ? 1 : 2;
  expect((await show(gone)).interfaces).toMatchObject([
    { name: `eth${n}`, mac: mac(80_000 + n), addresses: [`10.80.0.${n}`], sources: ['armis'] },
    { name: 'lo', mac: null, sources: ['armis'] },
  ]);
  const shown = await net.run('device', 'show', gone, ...acme);
  expect(shown.out).toMatch(new RegExp(`INTERFACE +MAC.*\\n.*eth${n} .*armis`));
  const undone = await net.run('device', 'unmerge', gone, ...acme);
  expect(undone).toMatchObject({ status: 1, err: expect.stringContaining('no_merge_audit_found') });
});

test('what two devices have in common and nothing else is a conflict, and no merge', async () => {
  const shared = (n: number) => ({ ...update(n, 'armis', 40), mac: mac(77_777) });
  await send('dock', [
    { ...shared(50_001), metadata: { armis_device_id: 'dock-1' } },
    { ...shared(50_002), metadata: { armis_device_id: 'dock-2' } },
  ]);
  await reconciled();
  const conflicts = await net.ask<{ type: string; value: string; reason: string; devices: string[] }[]>(
    'device',
    'conflicts',
    ...acme,
  );
  const conflict = conflicts.find(({ value }) => value === mac(77_777))!;
  expect(conflict).toMatchObject({ type: 'mac', reason: 'shared' });
  expect(conflict.devices).toHaveLength(2);
  expect((await explain(conflict.devices[0]!)).because.join('\n')).toContain(conflict.devices[1]!);
  const none = await net.run('explain', 'device', 'sr:none', ...acme);
  expect(none).toMatchObject({ status: 1, err: expect.stringContaining('no_such_device') });
});

test('what somebody wrote down is the device that is seen, and what was seen is not written down once more', async () => {
  const place = ['--partition', 'north', ...acme];
  const add = (...flags: string[]) => ['device', 'add', ...place, ...flags];
  const made = await net.ask<DeviceRow>(
    ...add('--name', 'core switch', '--serial', 'BY-HAND-1', '--mac', mac(90_001)),
  );
  await until('the device is among those that are compared', 20_000, async () => {
    return (await explain(made.id)).state !== 'by_hand';
  });
  const serial = { armis_device_id: 'hand-1', serial: 'BY-HAND-1' };
  await send('hand', [{ ...update(60_001, 'armis', 41), mac: mac(90_002), metadata: serial }]);
  await reconciled();
  const seen = (await list()).filter(({ hostname }) => hostname === 'host-60001');
  expect(seen).toMatchObject([{ id: made.id, name: 'core switch' }]);
  expect((await show(made.id)).sources).toEqual(['armis', 'manual']);
  for (const flags of [
    ['--serial', 'BY-HAND-1'],
    ['--mac', mac(90_002)],
  ]) {
    const again = await net.run(...add('--name', 'again', ...flags));
    expect(again).toMatchObject({ status: 1, err: expect.stringContaining('device_exists') });
    expect(again.err).toContain(made.id);
  }
});

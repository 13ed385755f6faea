/**
 * One stream of device updates from three feeders at three cores at once, each with its part in an order of its own and with what others
 * send too, while the core that holds the tenant is killed: the same devices as from one feeder in order.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reconcileLines } from '../../actors/index.ts';
import { phaseOf } from '../../actors/schedule.ts';
import { shuffled } from '../../bench/identity/world.ts';
import { seededRandom, systemClock } from '../../runtime/index.ts';
import { openStore, runningEmbedded, type Store } from '../../store/index.ts';
import { type Cluster, cluster, type MemberRow, until } from './picket.ts';
import { kill } from './processes.ts';

const devices = 3_000;
const feeders = 3;
const filesEach = 2;
const waitMs = 120_000;
const random = seededRandom(41);
let net: Cluster;
let store: Store;
let cores: string[];

beforeAll(async () => {
  net = await cluster(`core=${feeders},web=0,poller=0,agent=0`);
  const { nodes } = await net.up();
  cores = nodes.map(({ address }) => address);
  await net.ask('tenant', 'create', 'acme');
  store = openStore({ url: runningEmbedded(net.data)!, phaseOf, clock: systemClock() });
});
afterAll(async () => {
  await store?.close();
  await net?.close();
});

const mac = (n: number) => `001B21${n.toString(16).padStart(6, '0')}`.toUpperCase();

/** Every device by Armis; half by NetBox and some by SNMP, tied by MAC and serial; of fifty one has a docking station's MAC. */
function stream(): object[] {
  const of = (n: number, source: string, hour: number, metadata: Record<string, string>) => ({
    ...{
      source,
      ip: `10.8.${n >> 8}.${n & 255}`,
      mac: mac(n % 50 === 0 ? 99_999 : n),
      hostname: `host-${n}`,
    },
    ...{
      timestamp: new Date(Date.parse('2026-01-05T00:00:00Z') + hour * 3_600_000 + n).toISOString(),
      metadata,
    },
  });
  const all = Array.from({ length: devices }, (_, n) => n);
  return [
    ...all.map((n) => of(n, 'armis', 0, { armis_device_id: `a${n}` })),
    ...all
      .filter((n) => n % 2 === 0)
      .map((n) => of(n, 'netbox', 1, { netbox_device_id: `b${n}`, serial: `S${n}` })),
    ...all.filter((n) => n % 3 === 0).map((n) => of(n, 'snmp', 2, { serial: `S${n}` })),
  ];
}

/** A third of the stream, and a fifth of the rest once more, in an order of its own. */
function partOf(updates: readonly object[], feeder: number): object[] {
  return shuffled(
    updates.filter((_, at) => at % feeders === feeder || random.next() < 0.2),
    random,
  );
}

/** Through its core, and when that does not answer through another, until all is received. */
async function feed(feeder: number, updates: readonly object[]): Promise<number> {
  const each = Math.ceil(updates.length / filesEach);
  let failed = 0;
  for (let part = 0; part < filesEach; part += 1) {
    const file = join(net.data, `feed-${feeder}-${part}.ndjson`);
    const lines = updates.slice(part * each, (part + 1) * each).map((one) => JSON.stringify(one));
    writeFileSync(file, lines.join('\n'));
    await until(`part ${part} of feeder ${feeder}`, waitMs, async () => {
      const at = cores[(feeder + failed) % cores.length]!;
      const { status } = await net.run('source', 'import', file, '--tenant', 'acme', '--at', at);
      if (status !== 0) failed += 1;
      return status === 0;
    });
  }
  return failed;
}

/** With -9, when it has taken some and a document is not in the inventory. */
async function killHolder(tenantId: string): Promise<void> {
  const [held] = await net.ask<{ node: string }[]>('registry', '--tenant', 'acme', '--kind', 'reconciler');
  const members = await net.ask<MemberRow[]>('members');
  const { pid } = members.find(({ name }) => name === held!.node)!;
  await until('some of it is in the inventory', waitMs, async () => {
    if ((await store.inventoryShelf.list(tenantId, { ...page, limit: 1 })).length === 0) return false;
    if ((await store.inventory.nextDocument(tenantId)) === null) return false;
    kill(pid, 'SIGKILL');
    return true;
  });
}

const page = { which: 'live', after: null, limit: devices * 2 } as const;

interface Rows {
  identifiers: { type: string; scope: string; value: string; device_id: string }[];
}

/** Of each device what identifies it, and of a device with one piece of evidence its id, which is a function of that. */
function groupsOf({ identifiers }: Rows) {
  const groups = new Map<string, string[]>();
  for (const { type, scope, value, device_id } of identifiers)
    groups.set(device_id, [...(groups.get(device_id) ?? []), `${type}:${scope}:${value}`]);
  const told = [...groups].map(([id, all]) => ({ id, all: all.sort() }));
  const single = told.filter(({ all }) => all.every((one) => !/^(serial|netbox)/.test(one)));
  return {
    groups: told.map(({ all }) => all.join(' ')).sort(),
    golden: single.map(({ id, all }) => `${id} ${all.join(' ')}`).sort(),
  };
}

test('feeders at three cores and the death of the one that decides leave the devices of one feeder in order', async () => {
  const { id: tenantId } = (await store.tenants.find('acme'))!;
  const updates = stream();
  const parts = Array.from({ length: feeders }, (_, feeder) => partOf(updates, feeder));
  const feeding = Promise.all(parts.map((part, feeder) => feed(feeder, part)));
  await Promise.all([feeding, killHolder(tenantId)]);
  await until('all of it is in the inventory', waitMs, async () => {
    const all = await store.documents.list(tenantId, 1_000);
    const whole = all.filter(({ state }) => state === 'whole');
    const told = await Promise.all(
      whole.map(({ ordinal }) => store.inventoryShelf.reconciled(tenantId, ordinal)),
    );
    const left = told.filter((one) => one === null || one.failed !== null);
    if (whole.length >= feeders * filesEach && left.length === 0) return true;
    throw new Error(
      `${all.length} documents, ${whole.length} whole, not in the inventory: ${JSON.stringify(left)}`,
    );
  });
  const rows = await store.inventoryShelf.list(tenantId, page);
  const identifiers: Rows['identifiers'] = [];
  for (const { id } of rows)
    for (const one of await store.inventoryShelf.identifiers(tenantId, id))
      identifiers.push({ ...one, device_id: one.deviceId });
  const lines = updates.map((one) => JSON.stringify(one));
  const wanted = JSON.parse(reconcileLines(lines).at(-1)!) as Rows & { devices: unknown[] };
  expect(rows).toHaveLength(wanted.devices.length);
  const [found, expected] = [groupsOf({ identifiers }), groupsOf(wanted)];
  expect(found.groups).toEqual(expected.groups);
  expect(found.golden).toEqual(expected.golden);
  expect(found.golden.length).toBeGreaterThan(devices / 3);
}, 400_000);

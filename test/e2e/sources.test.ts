/** Sources of a tenant on a real cluster, against servers that answer as Armis and NetBox are documented. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PlayedArmis, playArmis } from '../servers/armis.ts';
import { makeInventory } from '../servers/inventory.ts';
import { type PlayedNetbox, playNetbox } from '../servers/netbox.ts';
import { type Cluster, cluster, until } from './picket.ts';
import { kill } from './processes.ts';
import type { RunRow } from './source-rows.ts';

interface SourceRow {
  id: string;
  name: string;
  enabled: boolean;
  credentials: string;
  breaker: { state: string; failures: number };
  running: { page: number } | null;
  last_run: RunRow | null;
  last_complete: RunRow | null;
}

interface DocumentRow {
  id: string;
  kind: string;
  service: string;
  agent: string;
  status: string;
  items: number | null;
}

interface Update {
  partition: string;
  source: string;
  ip?: string;
  hostname?: string;
  metadata: Record<string, string>;
}

let net: Cluster;
let netbox: PlayedNetbox;
let armis: PlayedArmis;

beforeAll(async () => {
  [netbox, armis] = [
    await playNetbox(makeInventory(400)),
    await playArmis(makeInventory(400, 2), { searchesOfToken: 7 }),
  ];
  net = await cluster('core=2,web=0,poller=1,agent=0');
  await net.up();
});
afterAll(async () => {
  await net?.close();
  await Promise.all([netbox?.close(), armis?.close()]);
});

/** A file with what opens it. */
function secret(name: string, text: string): string {
  const file = join(net.data, name);
  writeFileSync(file, `${text}\n`);
  return file;
}

async function updatesOf(id: string | null): Promise<Update[]> {
  const file = join(net.data, `${id}.json`);
  await net.ask('document', 'get', id!, '--out', file);
  return JSON.parse(readFileSync(file, 'utf8')) as Update[];
}

const documents = () => net.ask<DocumentRow[]>('document', 'list');
const show = (name: string) => net.ask<SourceRow>('source', 'show', name);
const gone = (updates: readonly Update[]) =>
  updates
    .filter(({ metadata }) => metadata._deleted === 'true')
    .map(({ metadata }) => metadata.netbox_device_id);

describe('NetBox', () => {
  test('page 37 of 40 fails: nothing is kept or retracted, and the next complete run retracts exactly what is gone', async () => {
    const flags = ['--kind', 'netbox', '--endpoint', netbox.url, '--interval', 'never', '--page', '10'];
    const file = secret('netbox-token', netbox.token);
    const added = await net.ask<SourceRow>(
      'source',
      'add',
      '--name',
      'cmdb',
      ...flags,
      '--credentials-file',
      file,
    );
    expect(added).toMatchObject({ name: 'cmdb', enabled: true, credentials: 'set', last_run: null });
    expect(JSON.stringify(added)).not.toContain(netbox.token);
    const first = await net.ask<RunRow>('source', 'run', 'cmdb');
    expect(first).toMatchObject({ outcome: 'complete', listed: 400, pages: 40, retracted: 0 });
    expect(await updatesOf(first.document_id)).toHaveLength(400);

    const removed = ['3', '200', '398'];
    netbox.devices = netbox.devices.filter(({ id }) => !removed.includes(String(id)));
    netbox.fault = ({ page }) => (page === 37 ? { status: 500 } : null);
    const failed = await net.run('source', 'run', 'cmdb');
    expect(failed.status).toBe(1);
    expect(failed.err).toMatch(
      /aborted at page 37: .*answered 500.*nothing of them is kept and nothing is retracted/,
    );
    // It waits between its attempts, and says meanwhile how far it is.
    expect(failed.err).toContain('page 36: 360 devices of 397');
    const between = await show('cmdb');
    expect(between).toMatchObject({
      last_run: { outcome: 'aborted', code: 'server_error', page: 37, document_id: null, retracted: 0 },
      last_complete: { run_id: first.run_id },
      breaker: { state: 'closed', failures: 1 },
    });
    expect((await documents()).map(({ id }) => id)).toEqual([first.document_id]);

    netbox.fault = () => null;
    const second = await net.ask<RunRow>('source', 'run', 'cmdb');
    expect(second).toMatchObject({ outcome: 'complete', listed: 397, retracted: 3 });
    const updates = await updatesOf(second.document_id);
    expect(updates).toHaveLength(400);
    expect(gone(updates)).toEqual(removed);
    expect(gone(updates.slice(-3))).toEqual(removed);
    expect((await documents())[0]).toMatchObject({
      kind: 'sync',
      service: 'netbox',
      agent: 'cmdb',
      items: 400,
    });
  });

  test('a core that dies in the middle leaves no document, and another goes on from what was known', async () => {
    netbox.fault = ({ page }) => (page === 20 ? { hangs: true } : null);
    await net.ask('source', 'run', 'cmdb', '--no-wait');
    await until('it is at its twentieth page', 30_000, async () => (await show('cmdb')).running?.page === 19);
    const names = await net.ask<{ node: string }[]>('registry', '--kind', 'listing_keeper');
    const members = await net.ask<{ name: string; pid: number }[]>('members');
    const { pid } = members.find(({ name }) => name === names[0]!.node)!;
    const wholeBefore = (await documents()).filter(({ status }) => status === 'whole');
    kill(pid, 'SIGKILL');
    netbox.fault = () => null;
    netbox.devices = netbox.devices.filter(({ id }) => id !== 5);
    const run = await until('it is listed by another core', 60_000, () =>
      net.ask<RunRow>('source', 'run', 'cmdb'),
    );
    expect(run).toMatchObject({ outcome: 'complete', listed: 396, retracted: 1 });
    expect(gone(await updatesOf(run.document_id))).toEqual(['5']);
    const whole = (await documents()).filter(({ status }) => status === 'whole');
    expect(whole.map(({ id }) => id)).toEqual([run.document_id, ...wholeBefore.map(({ id }) => id)]);
  });

  test('a token that is not taken any more is told, and set anew', async () => {
    netbox.token = 'another-token';
    const refused = await net.run('source', 'run', 'cmdb');
    expect([refused.status, refused.err]).toEqual([1, expect.stringMatching(/answered 403/)]);
    await net.ask('source', 'edit', 'cmdb', '--credentials-file', secret('netbox-token', 'another-token'));
    expect(await net.ask<RunRow>('source', 'run', 'cmdb')).toMatchObject({
      outcome: 'complete',
      retracted: 0,
    });
  });
});

describe('Armis', () => {
  /** The others are in a network of the blacklist. */
  const listed = () => armis.devices.filter(({ ips }) => !ips[0]?.startsWith('10.0.1.'));

  test('is listed on its schedule, and a token that ends in the middle is nobody noticed', async () => {
    const file = secret('armis-key', armis.secretKey);
    const flags = ['--kind', 'armis', '--endpoint', armis.url, '--credentials-file', file, '--page', '10'];
    await net.ask('source', 'add', '--name', 'armis', ...flags, '--blacklist', '10.0.1.0/24');
    const run = await until('it was listed', 60_000, async () => (await show('armis')).last_run);
    expect(run).toMatchObject({ by: 'schedule', outcome: 'complete', listed: 400, pages: 40 });
    expect(armis.tokensGiven).toBe(6);
    const updates = await updatesOf(run.document_id);
    const ids = updates.map(({ metadata }) => Number(metadata.armis_device_id));
    expect(ids).toEqual(listed().map(({ id }) => id));
  });

  test('is disabled, run by hand, enabled and removed; its credentials are shown nowhere', async () => {
    expect(await net.ask<SourceRow>('source', 'disable', 'armis')).toMatchObject({ enabled: false });
    expect(await net.ask<RunRow>('source', 'run', 'armis')).toMatchObject({ outcome: 'complete' });
    expect(await net.ask<SourceRow>('source', 'enable', 'armis')).toMatchObject({ enabled: true });
    for (const args of [['list'], ['show', 'armis'], ['list', '--json']]) {
      const { status, out, err } = await net.run('source', ...args);
      expect(status).toBe(0);
      expect(out + err).not.toMatch(/armis-secret-key|netbox-token/);
    }
    const sources = async () => {
      const rows = await net.ask<{ sources: string[]; deleted: boolean }[]>('device', 'list');
      return rows.filter(({ deleted }) => !deleted).flatMap((row) => row.sources);
    };
    await until('its devices are in the inventory', 60_000, async () => (await sources()).includes('armis'));
    expect(await net.ask<SourceRow>('source', 'remove', 'armis', '--withdraw', '--yes')).toMatchObject({
      ...{ name: 'armis', enabled: false, withdrawn: listed().length },
    });
    expect(new Set(await sources())).toEqual(new Set(['netbox']));
    const { status, err } = await net.run('source', 'show', 'armis');
    expect([status, err]).toEqual([1, expect.stringContaining('picket source list')]);
  });
});

describe('a file', () => {
  test('becomes a document of its good lines; the bad ones are told by number', async () => {
    const file = join(net.data, 'inventory.csv');
    writeFileSync(
      file,
      'ip,hostname,metadata.serial\n10.9.0.1,one,S1\nnot an address,two,S2\n10.9.0.3,three,S3\n',
    );
    const { status, out, err } = await net.run('source', 'import', file, '--partition', 'plant', '--json');
    expect([status, err]).toEqual([0, '']);
    const imported = JSON.parse(out) as { document_id: string };
    expect(imported).toMatchObject({
      updates: 2,
      bad: 1,
      bad_lines: [{ line: 3, reason: 'ip is no address' }],
    });
    const updates = await updatesOf(imported.document_id);
    expect(updates).toMatchObject([
      {
        ip: '10.9.0.1',
        hostname: 'one',
        partition: 'plant',
        source: 'integration',
        metadata: { serial: 'S1' },
      },
      { ip: '10.9.0.3', hostname: 'three' },
    ]);
  });

  test('of many lines comes whole', async () => {
    const file = join(net.data, 'devices.ndjson');
    const lines = Array.from({ length: 20_000 }, (_, at) =>
      JSON.stringify({ hostname: `host-${at}`, metadata: { at } }),
    );
    writeFileSync(file, lines.join('\n'));
    const imported = await net.ask<{ document_id: string }>('source', 'import', file, '--source', 'manual');
    const updates = await updatesOf(imported.document_id);
    expect(updates.map(({ hostname }) => hostname)).toEqual(lines.map((_, at) => `host-${at}`));
    expect(updates[0]).toMatchObject({ source: 'manual', metadata: { at: '0' } });
  });
});

describe('what is refused', () => {
  test.each([
    [
      'an endpoint in a private network, of a tenant that shares its nodes',
      'target_not_allowed',
      ['--endpoint', 'https://10.0.0.1'],
    ],
    ['a name and password in the endpoint', 'bad_source', ['--endpoint', 'https://me:secret@netbox.example']],
    [
      'a network that is none',
      'bad_source',
      ['--endpoint', 'https://netbox.example', '--blacklist', 'everything'],
    ],
    ['an interval of a second', 'bad_source', ['--endpoint', 'https://netbox.example', '--interval', '1s']],
  ])('%s', async (_, code, flags) => {
    await net.run('tenant', 'create', 'acme');
    const { status, err } = await net.run(
      'source',
      'add',
      '--tenant',
      'acme',
      '--name',
      'x',
      '--kind',
      'netbox',
      ...flags,
    );
    expect([status, err]).toEqual([1, expect.stringContaining(code)]);
    expect(err).not.toContain('secret');
  });
});

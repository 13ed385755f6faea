/** Sources that are placed at an agent of a tenant, on a real cluster: its program lists what the core may not even connect to. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fieldsOf, message } from '../edge/plain-protobuf.ts';
import { makeInventory } from '../servers/inventory.ts';
import { type PlayedNetbox, playNetbox } from '../servers/netbox.ts';
import { type AgentProcess, type Enrolled, endAgents, enrolled, startAgent } from './agent-program.ts';
import { enrolled as enrolledSite } from './edge-site.ts';
import { type Cluster, cluster, until } from './picket.ts';
import type { RunRow } from './source-rows.ts';

interface SourceRow {
  id: string;
  place: string;
  agent: string | null;
  partition: string;
  running: { run_id: string; page: number; devices: number } | null;
  last_run: RunRow | null;
}

interface DocumentRow {
  id: string;
  kind: string;
  agent: string;
  partition: string;
  status: string;
}

interface Update {
  partition: string;
  source: string;
  metadata: Record<string, string>;
}

const tenant = ['--tenant', 'acme'];
const take = '/picket.edge.v1.Sources/Take';
let net: Cluster;
let netbox: PlayedNetbox;
let home: Enrolled;
let agent: AgentProcess;

beforeAll(async () => {
  netbox = await playNetbox(makeInventory(400));
  netbox.token = 'netbox-token-that-nobody-sees';
  net = await cluster('core=1,web=0,poller=1,agent=0');
  await net.up();
  for (const slug of ['acme', 'other']) await net.ask('tenant', 'create', slug);
  home = await enrolled(net, 'acme', 'plant-1', '--kind', 'agent', '--partition', 'plant');
  agent = await started();
});
afterAll(async () => {
  endAgents();
  await net?.close();
  await netbox?.close();
});

async function started(): Promise<AgentProcess> {
  const process = startAgent(['--dir', home.dir]);
  await until('the agent listens', 40_000, async () => {
    const rows = await net.ask<{ listens: boolean; capabilities: string[] }[]>('agents', 'list', ...tenant);
    return rows.some(({ listens, capabilities }) => listens && capabilities.includes('source'));
  });
  return process;
}

function secret(name: string, text: string): string {
  const file = join(net.data, `secret_${name}`);
  writeFileSync(file, `${text}\n`);
  return file;
}

const show = (name: string) => net.ask<SourceRow>('source', 'show', name, ...tenant);
const run = (name: string) => net.ask<RunRow>('source', 'run', name, ...tenant);
const documents = () => net.ask<DocumentRow[]>('document', 'list', ...tenant);
const whole = async () => (await documents()).filter(({ status }) => status === 'whole').map(({ id }) => id);

async function updatesOf(id: string | null): Promise<Update[]> {
  const file = join(net.data, `${id}.json`);
  await net.ask('document', 'get', id!, '--out', file, ...tenant);
  return JSON.parse(readFileSync(file, 'utf8')) as Update[];
}

const gone = (updates: readonly Update[]) =>
  updates
    .filter(({ metadata }) => metadata._deleted === 'true')
    .map(({ metadata }) => metadata.netbox_device_id);

/** Files below a folder in which a text stands. */
function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('secret_'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text));
}

describe('a NetBox in a private network', () => {
  const add = () => [
    'source',
    'add',
    ...tenant,
    '--name',
    'cmdb',
    '--kind',
    'netbox',
    '--endpoint',
    netbox.url,
  ];
  const more = () => [
    '--interval',
    'never',
    '--page',
    '10',
    '--credentials-file',
    secret('netbox', netbox.token),
  ];

  test('is placed at an agent of the partition and the tenant, and nowhere else', async () => {
    await enrolled(net, 'other', 'theirs', '--kind', 'agent', '--partition', 'plant');
    for (const [flags, code] of [
      [[], 'target_not_allowed'],
      [['--agent', 'plant-1', '--partition', 'office'], 'wrong_partition'],
      [['--agent', 'plant-2', '--partition', 'plant'], 'no_such_agent'],
      [['--agent', 'theirs', '--partition', 'plant'], 'no_such_agent'],
    ] as const) {
      const { status, err } = await net.run(...add(), ...more(), ...flags);
      expect([status, err]).toEqual([1, expect.stringContaining(code)]);
    }
    const added = await net.ask<SourceRow>(...add(), ...more(), '--agent', 'plant-1');
    expect(added).toMatchObject({ place: 'agent', agent: 'plant-1', partition: 'plant' });
    expect((await net.run('source', 'edit', 'cmdb', ...tenant, '--agent', 'theirs')).err).toContain(
      'no_such_agent',
    );
  });

  test('is listed by the agent, and what is gone is retracted after the next complete listing', async () => {
    const first = await run('cmdb');
    expect(first).toMatchObject({
      ...{ outcome: 'complete', node: 'agent/plant-1', listed: 400, pages: 40, retracted: 0 },
    });
    const updates = await updatesOf(first.document_id);
    expect(updates).toHaveLength(400);
    expect(new Set(updates.map(({ partition, source }) => `${partition} ${source}`))).toEqual(
      new Set(['plant netbox']),
    );
    const [row] = await documents();
    expect(row).toMatchObject({ kind: 'sync', agent: 'cmdb', partition: 'plant', status: 'whole' });

    netbox.devices = netbox.devices.filter(({ id }) => ![3, 200].includes(id));
    netbox.fault = ({ page }) => (page === 37 ? { status: 500 } : null);
    const failed = await net.run('source', 'run', 'cmdb', ...tenant);
    expect([failed.status, failed.err]).toEqual([
      1,
      expect.stringMatching(/aborted at page 37: .*answered 500.*nothing of them is kept/),
    ]);
    expect(failed.err).toMatch(/page \d+: \d+ devices of 398/);
    expect(await whole()).toEqual([first.document_id]);

    netbox.fault = () => null;
    const second = await run('cmdb');
    expect(second).toMatchObject({ outcome: 'complete', listed: 398, retracted: 2 });
    expect(gone(await updatesOf(second.document_id))).toEqual(['3', '200']);
  });

  test('no other certificate of the tenant, and none of another, is given the run or writes its document', async () => {
    const sites = [
      await enrolledSite(net, 'acme', 'office-1', 'office'),
      await enrolledSite(net, 'acme', 'plant-9', 'plant'),
      await enrolledSite(net, 'other', 'plant-1', 'plant'),
    ];
    netbox.fault = ({ page }) => (page === 20 ? { hangs: true } : null);
    await net.ask('source', 'run', 'cmdb', '--no-wait', ...tenant);
    const { running } = await until('it is at its twentieth page', 30_000, async () => {
      const row = await show('cmdb');
      return row.running?.page === 19 ? row : null;
    });
    const runId = running!.run_id;
    const before = (await documents()).map(({ id }) => id);
    for (const site of sites) {
      const client = await site.dial();
      const answer = await client.unary(take, message([1, runId]));
      expect(answer).toMatchObject({ status: 7, detail: expect.stringContaining('not_placed') });
      expect(answer.messages).toEqual([]);
      const call = client.open('/picket.edge.v1.Documents/Transfer');
      call.send(message([1, message([1, runId], [2, 'source'], [3, 'netbox'])]));
      expect(await call.ended).toMatchObject({ status: 7, detail: expect.stringContaining('not_placed') });
      client.close();
    }
    expect((await documents()).map(({ id }) => id)).toEqual(before);
    // Its own may.
    const own = await ownClient();
    const given = await own.unary(take, message([1, runId]));
    expect(given.status).toBe(0);
    expect(String(fieldsOf(given.messages[0]!).get(2)![0])).toBe(netbox.token);
    own.close();
    await net.ask('source', 'disable', 'cmdb', ...tenant);
    netbox.fault = () => null;
  });

  test('what opens it is in no file of the agent and of the cluster, and in no answer', async () => {
    const shown = await net.run('source', 'show', 'cmdb', '--json', ...tenant);
    expect(shown.out).not.toContain(netbox.token);
    expect(agent.log()).not.toContain(netbox.token);
    expect(filesWith(net.data, netbox.token)).toEqual([]);
  });
});

/** Another connection with the certificate of the agent that runs. */
async function ownClient() {
  const pem = readFileSync(join(home.dir, 'edge.pem'), 'utf8');
  const gateways = await net.ask<{ metadata: { address: string } }[]>('registry', '--kind', 'gateway');
  const port = Number(gateways[0]!.metadata.address.split(':')[1]);
  const { PlainClient } = await import('../edge/plain-grpc.ts');
  return await PlainClient.dial(port, { cert: pem, key: pem, rejectUnauthorized: false });
}

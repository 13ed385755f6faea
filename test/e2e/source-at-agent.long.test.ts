/** Sources that are placed at an agent, while it or what is between it and the store is killed; a token that ends; many devices. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PlayedArmis, playArmis } from '../servers/armis.ts';
import { makeInventory } from '../servers/inventory.ts';
import { type PlayedNetbox, playNetbox } from '../servers/netbox.ts';
import { type AgentProcess, endAgents, enrolled, memoryOf, startAgent } from './agent-program.ts';
import { type Cluster, cluster, type MemberRow, until } from './picket.ts';
import { kill } from './processes.ts';

interface RunRow {
  run_id: string;
  outcome: string;
  code: string;
  document_id: string | null;
  listed: number;
  retracted: number;
}
interface SourceRow {
  running: { run_id: string; page: number } | null;
  last_run: RunRow | null;
}

const tenant = ['--tenant', 'acme'];
let net: Cluster;
let netbox: PlayedNetbox;
let armis: PlayedArmis;
let folder: string;
let agent: AgentProcess;

beforeAll(async () => {
  netbox = await playNetbox(makeInventory(400));
  armis = await playArmis(makeInventory(400, 2), { searchesOfToken: 7 });
  net = await cluster('core=2,web=0,poller=2,agent=0');
  await net.up();
  await net.ask('tenant', 'create', 'acme');
  ({ dir: folder } = await enrolled(net, 'acme', 'plant-1', '--kind', 'agent', '--partition', 'plant'));
  agent = await started();
  const file = join(net.data, 'token');
  writeFileSync(file, netbox.token);
  for (const [name, page] of [
    ['cmdb', '10'],
    ['large', '1000'],
  ] as const) {
    const flags = ['--kind', 'netbox', '--endpoint', netbox.url, '--interval', 'never', '--page', page];
    const placed = ['--agent', 'plant-1', '--credentials-file', file];
    await net.ask('source', 'add', ...tenant, '--name', name, ...flags, ...placed);
  }
});
afterAll(async () => {
  endAgents();
  await net?.close();
  await Promise.all([netbox?.close(), armis?.close()]);
});

async function started(): Promise<AgentProcess> {
  const process = startAgent(['--dir', folder]);
  await until('the agent listens', 40_000, async () =>
    (await net.ask<{ listens: boolean }[]>('agents', 'list', ...tenant)).some(({ listens }) => listens),
  );
  return process;
}

const show = (name: string) => net.ask<SourceRow>('source', 'show', name, ...tenant);

async function pidOf(kind: string): Promise<number> {
  const [entry] = await net.ask<{ node: string }[]>('registry', '--kind', kind, ...tenant);
  const members = await net.ask<MemberRow[]>('members');
  return members.find(({ name }) => name === entry!.node)!.pid!;
}

const documents = () => net.ask<{ id: string; status: string }[]>('document', 'list', ...tenant);
const whole = async () => (await documents()).filter(({ status }) => status === 'whole').map(({ id }) => id);

async function begun(): Promise<string> {
  netbox.fault = ({ page }) => (page > 3 ? { afterMs: 400 } : null);
  netbox.asked.length = 0;
  const { run_id } = await net.ask<{ run_id: string }>('source', 'run', 'cmdb', '--no-wait', ...tenant);
  await until('it is in the middle', 30_000, async () => ((await show('cmdb')).running?.page ?? 0) >= 8);
  return run_id;
}

const ended = (run: string) =>
  until('the run is over', 120_000, async () => {
    const { last_run } = await show('cmdb');
    return last_run?.run_id === run ? last_run : null;
  });

async function idsOf(document: string | null, source: 'armis' | 'netbox' = 'netbox'): Promise<string[]> {
  const file = join(net.data, `${document}.json`);
  await net.ask('document', 'get', document!, '--out', file, ...tenant);
  const updates = JSON.parse(readFileSync(file, 'utf8')) as { metadata: Record<string, string> }[];
  return updates.map(({ metadata }) => metadata[`${source}_device_id`]!);
}

test('the gateway of the agent is killed in the middle: the run goes on over the other, no page is asked twice', async () => {
  const run = await begun();
  kill(await pidOf('agent'), 'SIGKILL');
  const done = await ended(run);
  expect(done).toMatchObject({ outcome: 'complete', listed: 400 });
  expect(netbox.asked.map(({ page }) => page)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
  expect(await idsOf(done.document_id)).toEqual(Array.from({ length: 400 }, (_, at) => String(at + 1)));
});

test('the core is killed in the middle: the run is nowhere, and the next one is complete', async () => {
  const before = await whole();
  netbox.devices = netbox.devices.filter(({ id }) => id !== 5);
  const run = await begun();
  kill(await pidOf('listing_keeper'), 'SIGKILL');
  const next = await until('it is listed for another core', 90_000, () =>
    net.ask<RunRow>('source', 'run', 'cmdb', ...tenant),
  );
  expect(next).toMatchObject({ outcome: 'complete', listed: 399, retracted: 1 });
  expect(next.run_id).not.toBe(run);
  expect((await idsOf(next.document_id)).at(-1)).toBe('5');
  expect(await whole()).toEqual([next.document_id, ...before]);
});

test('the agent is killed in the middle: nothing of the run is left, and the next one is complete', async () => {
  netbox.devices = makeInventory(400);
  expect(await net.ask<RunRow>('source', 'run', 'cmdb', ...tenant)).toMatchObject({ outcome: 'complete' });
  const before = await whole();
  netbox.devices = netbox.devices.filter(({ id }) => id !== 7);
  netbox.fault = ({ page }) => (page === 20 ? { hangs: true } : null);
  const { run_id } = await net.ask<{ run_id: string }>('source', 'run', 'cmdb', '--no-wait', ...tenant);
  await until('it is at its twentieth page', 30_000, async () => (await show('cmdb')).running?.page === 19);
  agent.kill('SIGKILL');
  await agent.ended;
  netbox.fault = () => null;
  agent = await started();
  expect(await ended(run_id)).toMatchObject({
    ...{ outcome: 'aborted', code: 'agent_lost', document_id: null, retracted: 0 },
  });
  expect(await whole()).toEqual(before);
  const next = await net.ask<RunRow>('source', 'run', 'cmdb', ...tenant);
  expect(next).toMatchObject({ outcome: 'complete', listed: 399, retracted: 1 });
  expect((await idsOf(next.document_id)).at(-1)).toBe('7');
});

test('an Armis is listed on its schedule, and a token that ends in the middle is noticed by nobody', async () => {
  const file = join(net.data, 'key');
  writeFileSync(file, armis.secretKey);
  const flags = ['--kind', 'armis', '--endpoint', armis.url, '--credentials-file', file, '--page', '10'];
  await net.ask('source', 'add', ...tenant, '--name', 'armis', ...flags, '--agent', 'plant-1');
  const done = await until('it was listed', 60_000, async () => (await show('armis')).last_run);
  expect(done).toMatchObject({ by: 'schedule', outcome: 'complete', listed: 400, node: 'agent/plant-1' });
  expect(armis.tokensGiven).toBe(6);
  expect(await idsOf(done.document_id, 'armis')).toEqual(armis.devices.map(({ id }) => String(id)));
});

test('of 100,000 devices the agent holds their ids and a window', async () => {
  netbox.fault = () => null;
  netbox.devices = makeInventory(100_000);
  const before = memoryOf(agent.child.pid!).now;
  const first = await net.ask<RunRow>('source', 'run', 'large', ...tenant);
  expect(first).toMatchObject({ outcome: 'complete', listed: 100_000 });
  netbox.devices = netbox.devices.filter(({ id }) => id % 1_000 !== 0);
  const second = await net.ask<RunRow>('source', 'run', 'large', ...tenant);
  expect(second).toMatchObject({ outcome: 'complete', listed: 99_900, retracted: 100 });
  const { most } = memoryOf(agent.child.pid!);
  expect(most - before).toBeLessThan(400 * 1_024);
});

test('while the agent is away a run says so, and nothing is retracted', async () => {
  const before = await whole();
  agent.kill('SIGKILL');
  await agent.ended;
  const { status, err } = await net.run('source', 'run', 'armis', ...tenant);
  expect([status, err]).toEqual([1, expect.stringContaining('agent plant-1 is not connected')]);
  expect((await show('armis')).last_run).toMatchObject({ code: 'agent_away', document_id: null });
  expect(await whole()).toEqual(before);
});

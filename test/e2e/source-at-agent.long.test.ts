/** Sources that are placed at an agent, while what is between the agent and the store is killed; and a listing of many devices. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
let agent: AgentProcess;

beforeAll(async () => {
  netbox = await playNetbox(makeInventory(400));
  net = await cluster('core=2,web=0,poller=2,agent=0');
  await net.up();
  await net.ask('tenant', 'create', 'acme');
  const { dir } = await enrolled(net, 'acme', 'plant-1', '--kind', 'agent', '--partition', 'plant');
  agent = startAgent(['--dir', dir]);
  await until('the agent listens', 40_000, async () =>
    (await net.ask<{ listens: boolean }[]>('agents', 'list', ...tenant)).some(({ listens }) => listens),
  );
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
  await netbox?.close();
});

const show = (name: string) => net.ask<SourceRow>('source', 'show', name, ...tenant);

async function pidOf(kind: string): Promise<number> {
  const [entry] = await net.ask<{ node: string }[]>('registry', '--kind', kind, ...tenant);
  const members = await net.ask<MemberRow[]>('members');
  return members.find(({ name }) => name === entry!.node)!.pid!;
}

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

async function idsOf(document: string | null): Promise<string[]> {
  const file = join(net.data, `${document}.json`);
  await net.ask('document', 'get', document!, '--out', file, ...tenant);
  const updates = JSON.parse(readFileSync(file, 'utf8')) as { metadata: Record<string, string> }[];
  return updates.map(({ metadata }) => metadata.netbox_device_id!);
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
  const before = await net.ask<{ id: string; status: string }[]>('document', 'list', ...tenant);
  netbox.devices = netbox.devices.filter(({ id }) => id !== 5);
  const run = await begun();
  kill(await pidOf('listing_keeper'), 'SIGKILL');
  const next = await until('it is listed for another core', 90_000, () =>
    net.ask<RunRow>('source', 'run', 'cmdb', ...tenant),
  );
  expect(next).toMatchObject({ outcome: 'complete', listed: 399, retracted: 1 });
  expect(next.run_id).not.toBe(run);
  expect((await idsOf(next.document_id)).at(-1)).toBe('5');
  const whole = (await net.ask<{ id: string; status: string }[]>('document', 'list', ...tenant)).filter(
    ({ status }) => status === 'whole',
  );
  expect(whole.map(({ id }) => id)).toEqual([next.document_id, ...before.map(({ id }) => id)]);
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

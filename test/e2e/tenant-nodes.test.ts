import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type CheckRow,
  type Cluster,
  cluster,
  freePort,
  type GapRow,
  type LinkRow,
  type MemberRow,
  type ResultRow,
  script,
  type UpAnswer,
  until,
} from './picket.ts';

const patienceMs = 60_000;
const nodes: ChildProcess[] = [];
let picket: Cluster;
let up: UpAnswer;
let acme: string;

beforeAll(async () => {
  // Nothing of the platform runs checks here: whatever runs, a tenant's own nodes ran.
  picket = await cluster('core=2,web=0,poller=0,agent=0', '--allow-tenant-nodes');
  up = await picket.up();
  const [row] = await created('acme');
  acme = row!.tenant_id;
  await created('other');
});

afterAll(async () => {
  for (const node of nodes) node.kill('SIGTERM');
  await Promise.all(nodes.map((node) => node.exitCode ?? once(node, 'exit')));
  await picket.close();
});

async function created(slug: string): Promise<{ tenant_id: string }[]> {
  const answer = await picket.ask<{ tenant_id: string } | { tenant_id: string }[]>('tenant', 'create', slug);
  return [answer].flat();
}

/** Issues a certificate and starts a node with it, that knows one core. */
async function startNode(role: string, name: string): Promise<void> {
  const out = join(picket.data, `of-${name}`);
  await picket.ask('certs', 'issue', '--tenant', acme, '--role', role, '--node', name, '--out', out);
  const port = await freePort();
  const args = ['node', '--role', role, '--name', name, '--listen', `127.0.0.1:${port}`];
  args.push('--seed', up.nodes[0]!.address, '--credentials', out, '--data', join(out, 'data'));
  nodes.push(spawn(process.execPath, [script, ...args], { stdio: 'ignore' }));
}

test('a tenant’s own poller and agent run its checks, and nobody else’s', {
  timeout: 4 * patienceMs,
}, async () => {
  await startNode('agent', 'edge_a');
  await startNode('poller', 'edge_p');
  const check = ['--name', 'far', '--kind', 'tcp', '--target', '192.0.2.1', '--port', '9'];
  const times = ['--interval', '1s', '--timeout', '300ms'];
  const add = async (tenant: string) =>
    [await picket.ask<CheckRow | CheckRow[]>('check', 'add', '--tenant', tenant, ...check, ...times)].flat();
  await add('acme');
  await add('other');
  const mine = await until('a result of the own poller', patienceMs, async () => {
    const rows = await picket.ask<ResultRow[]>('results', '--tenant', 'acme');
    return rows.find(({ started_at }) => started_at !== null) ?? null;
  });
  expect([mine.poller, mine.agent]).toEqual([`${acme}.edge_p`, `${acme}.edge_a`]);
  const gap = await until('a gap of the other tenant', patienceMs, async () => {
    const rows = await picket.ask<(ResultRow | GapRow)[]>('results', '--tenant', 'other', '--gaps');
    return rows.find((row): row is GapRow => 'from' in row) ?? null;
  });
  expect(gap.reason).toBe('no_poller');
  expect(await picket.ask<ResultRow[]>('results', '--tenant', 'other')).toEqual([]);
});

test('it is shown whose node it is, and what it was refused', async () => {
  const name = `${acme}.edge_p`;
  for (const { name: core } of up.nodes) {
    const seen = await until('the poller at every core', patienceMs, async () => {
      const members = await picket.ask<MemberRow[]>('members', '--node', core);
      return members.find((one) => one.name === name && one.status === 'up') ?? null;
    });
    expect([seen.role, seen.tenant]).toEqual(['poller', acme]);
    const links = await picket.ask<LinkRow[]>('links', '--node', core);
    expect(links.find((one) => one.name === name)).toMatchObject({ tenant: acme, fenced: {} });
    expect(links.find(({ role }) => role === 'core')).toMatchObject({ tenant: null });
  }
  const { status } = await picket.ask<{ status: string }>('status');
  expect(status).toBe('degraded');
});

test('its node takes no name and no role that its certificate does not give', async () => {
  const out = join(picket.data, 'of-edge_p');
  const node = (role: string, name: string) =>
    picket.run(...['node', '--role', role, '--name', name, '--listen', '127.0.0.1:0', '--credentials', out]);
  const other = await node('agent', 'edge_p');
  expect([other.status, other.err]).toEqual([1, expect.stringContaining('bad_credential')]);
  const dotted = await node('poller', `${acme}.edge_p`);
  expect(dotted.status).toBe(2);
});

/** Checks of a customer's network: who runs them, that nothing runs twice, and what becomes of them when an agent is lost. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fieldsOf, message, textOf } from '../edge/plain-protobuf.ts';
import { enrolled, gateway, listening, pushOf } from './edge-site.ts';
import {
  type CheckRow,
  type Cluster,
  cluster,
  type GapRow,
  picket,
  type ResultRow,
  until,
} from './picket.ts';

const patienceMs = 40_000;
let net: Cluster;

beforeAll(async () => {
  net = await cluster('core=1,web=0,poller=2,agent=1');
  await net.up();
  for (const tenant of ['acme', 'other']) await net.ask('tenant', 'create', tenant);
});
afterAll(() => net.close());

async function add(name: string, partition: string, interval: string, tenant = 'acme'): Promise<CheckRow> {
  const what = ['--kind', 'tcp', '--target', '203.0.113.1', '--port', '9', '--timeout', '300ms'];
  const flags = ['--tenant', tenant, '--name', name, '--partition', partition, '--interval', interval];
  const added = await net.ask<CheckRow | CheckRow[]>('check', 'add', ...flags, ...what);
  return [added].flat()[0]!;
}

/** All that accounts for the check, oldest first: instants with their agent or reason. */
async function rowsOf(id: string): Promise<{ atMs: number; by: string }[]> {
  const flags = ['--tenant', 'acme', '--check', id, '--limit', '10000', '--gaps'];
  const rows = await net.ask<(ResultRow | GapRow)[]>('results', ...flags);
  const all = rows.flatMap((row) => {
    if ('due_at' in row) return [{ atMs: Date.parse(row.due_at), by: row.agent ?? row.reason ?? '' }];
    const [fromMs, toMs] = [Date.parse(row.from), Date.parse(row.to)];
    const step = row.count === 1 ? 1 : (toMs - fromMs) / (row.count - 1);
    return Array.from({ length: row.count }, (_, at) => ({ atMs: fromMs + at * step, by: row.reason }));
  });
  return all.sort((a, b) => a.atMs - b.atMs);
}

/** Each instant of a check of every second has one row, from its first to its last. */
function expectOnce(rows: readonly { atMs: number }[]): void {
  for (const [at, { atMs }] of rows.entries()) expect(atMs).toBe(rows[0]!.atMs + at * 1_000);
}

const good = { success: true, payload: { status: 'success', latency_ms: 12.5 } };

test('a run that a person asks for goes to the agent of its partition, and to no other tenant’s', async () => {
  const [own, theirs] = [
    await enrolled(net, 'acme', 'site_1', 'north'),
    await enrolled(net, 'other', 'site_1', 'north'),
  ];
  const [agent, other] = [await listening(own, () => good), await listening(theirs, () => good)];
  const check = await add('now', 'north', '1h');
  await until('it is listed', patienceMs, async () => {
    const rows = await net.ask<{ id: string; listens: boolean }[]>('agents', 'list', '--tenant', 'acme');
    return rows.some(({ id, listens }) => id === 'site_1' && listens);
  });
  const row = await net.ask<ResultRow>('check', 'run-now', check.id);
  expect(row).toMatchObject({ status: 'success', latency_ms: 12.5, agent: 'site_1' });
  expect(agent.told).toMatchObject([{ type: 'check.run', payload: { check_id: check.id, port: 9 } }]);
  expect(other.told).toEqual([]);
  agent.client.close();
  other.client.close();
});

test('an agent that is told runs each instant, and what it is not there for is a gap and nobody else’s', async () => {
  const site = await enrolled(net, 'acme', 'site_2', 'plant');
  const agent = await listening(site, () => good);
  const check = await add('plant', 'plant', '1s');
  await until('it ran some', patienceMs, () => agent.told.length >= 4);
  const lostAtMs = Date.now();
  agent.client.close();
  const gap = async () => (await rowsOf(check.id)).filter(({ by }) => by === 'no_agent');
  const missed = await until('nobody runs it', patienceMs, async () => {
    const all = (await gap()).filter(({ atMs }) => atMs > lostAtMs);
    return all.length >= 3 ? all : null;
  });
  // The instant that was due when it was lost, or the one after it.
  expect(missed[0]!.atMs - lostAtMs).toBeLessThan(2_000);
  const back = await listening(site, () => good);
  await until('it is back', patienceMs, () => back.told.length >= 2);
  const rows = await rowsOf(check.id);
  expectOnce(rows);
  const by = new Set(rows.map((row) => row.by));
  // What it had in its hands when it hung up.
  by.delete('agent_lost');
  expect(by).toEqual(new Set(['site_2', 'no_agent']));
  back.client.close();
});

test('what an agent runs by its own config nobody else runs, and each instant has one row', async () => {
  const site = await enrolled(net, 'acme', 'site_3', 'west');
  const client = await site.dial();
  const config = await client.unary(`${gateway}/GetConfig`, message([1, 'site_3']));
  expect(fieldsOf(config.messages[0]!).get(6)).toBeUndefined();
  const check = await add('west', 'west', '1s');
  const given = await until('it is given the check', patienceMs, async () => {
    const answer = await client.unary(`${gateway}/GetConfig`, message([1, 'site_3']));
    return (fieldsOf(answer.messages[0]!).get(6) as Buffer[] | undefined) ?? null;
  });
  expect(given.map((one) => textOf(one, 1))).toEqual([check.id]);
  for (let push = 1; push <= 6; push += 1) {
    const atMs = Date.now();
    expect(await client.unary(`${gateway}/PushStatus`, pushOf(check.id, push * 1e6, atMs))).toMatchObject({
      status: 0,
    });
    // Every other second: those between are passed over.
    await until('the next', patienceMs, () => Date.now() >= atMs + 2_000);
  }
  const rows = await rowsOf(check.id);
  expectOnce(rows);
  const by = new Set(rows.map((one) => one.by));
  by.delete('not_pushed');
  expect(by).toEqual(new Set(['site_3']));
  expect(rows.filter((one) => one.by === 'site_3').length).toBeGreaterThanOrEqual(5);
  const shown = await net.ask('agents', 'show', 'site_3', '--tenant', 'acme');
  expect(shown).toMatchObject({ runs: 'config', listens: false, partition: 'west', refused: {} });
  client.close();
});

test('two agents of one partition share its checks', async () => {
  const sites = [
    await enrolled(net, 'acme', 'east_1', 'east'),
    await enrolled(net, 'acme', 'east_2', 'east'),
  ];
  const names = Array.from({ length: 8 }, (_, at) => `east_${at}`);
  const ids: string[] = [];
  for (const name of names) ids.push((await add(name, 'east', '1h')).id);
  const clients = await Promise.all(sites.map((site, at) => site.dial(site.ports[at % site.ports.length])));
  const shares = await until('all is shared, and nothing given twice', patienceMs, async () => {
    const given = await Promise.all(
      clients.map(async (client) => {
        const { messages } = await client.unary(`${gateway}/GetConfig`, message());
        const checks = (fieldsOf(messages[0]!).get(6) as Buffer[] | undefined) ?? [];
        return checks.map((one) => textOf(one, 1));
      }),
    );
    return given.flat().sort().join() === [...ids].sort().join() ? given : null;
  });
  expect(shares.map((share) => share.length).reduce((sum, one) => sum + one)).toBe(names.length);
  for (const client of clients) client.close();
});

test('an operator sends an agent a command, and is shown what it says of it', async () => {
  const site = await enrolled(net, 'acme', 'site_5', 'south');
  const agent = await listening(site, (type) =>
    type === 'sweep.run' ? { success: true, payload: { hosts: 3 } } : { success: false, payload: null },
  );
  const at = ['--tenant', 'acme', '--agent', 'site_5'];
  await until('it is listed', patienceMs, async () => {
    const rows = await net.ask<{ id: string; listens: boolean }[]>('agents', 'list', '--tenant', 'acme');
    return rows.some(({ id, listens }) => id === 'site_5' && listens);
  });
  const file = join(net.data, 'sweep.json');
  writeFileSync(file, '{"networks":["192.0.2.0/24"]}');
  const sent = await net.ask('agents', 'command', 'sweep.run', ...at, '--payload-file', file, '--wait');
  expect(sent).toMatchObject({ state: 'completed', message: 'said', payload: { hosts: 3 }, agent: 'site_5' });
  expect(agent.told).toEqual([{ type: 'sweep.run', payload: { networks: ['192.0.2.0/24'] } }]);
  const failed = await net.run('agents', 'command', 'nothing.known', ...at, '--wait');
  expect([failed.status, failed.err]).toEqual([1, expect.stringContaining('command_failed')]);
  agent.client.close();
  const nobody = await net.run('agents', 'command', 'x', '--tenant', 'other', '--agent', 'site_5');
  expect([nobody.status, nobody.err]).toEqual([1, expect.stringContaining('no_such_agent')]);
  expect((await picket('help', 'agents', 'command')).out).toContain('--payload-file');
});

test('what was refused of an agent is counted where operators look', async () => {
  const site = await enrolled(net, 'acme', 'site_6', 'south');
  const client = await site.dial();
  const poller = '/monitoring.PollerService/ReportStatus';
  expect(await client.unary(poller, message([2, 'site_6']))).toMatchObject({ status: 7 });
  expect(await client.unary(`${gateway}/Hello`, message([1, 'another']))).toMatchObject({ status: 7 });
  const shown = await until('it is listed', patienceMs, async () => {
    const rows = await net.ask<{ id: string }[]>('agents', 'list', '--tenant', 'acme');
    return rows.find(({ id }) => id === 'site_6') ?? null;
  });
  expect(shown).toMatchObject({ refused: { not_allowed: 1, identity_mismatch: 1 } });
  const doors = await net.ask<{ poller: string; refused: Record<string, number> }[]>('agents', 'doors');
  expect(doors.map(({ poller: name }) => name).sort()).toEqual(['poller_1', 'poller_2']);
  expect(doors.reduce((sum, { refused }) => sum + (refused.not_allowed ?? 0), 0)).toBe(1);
  expect(await net.ask('status')).toMatchObject({ edge_agents: expect.any(Number) });
  client.close();
});

/** An agent in a customer's network, from its package to its results, by a program that knows the contract's numbers alone. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readToken } from '../../certs/index.ts';
import { PlainClient } from '../edge/plain-grpc.ts';
import { fieldsOf, message, textOf } from '../edge/plain-protobuf.ts';
import { type Cluster, cluster, picket, type ResultRow, until } from './picket.ts';

const gateway = '/monitoring.AgentGatewayService';
let net: Cluster;

beforeAll(async () => {
  net = await cluster('core=1,web=0,poller=1,agent=0');
  await net.up();
  await net.ask('tenant', 'create', 'acme');
});
afterAll(() => net.close());

/** With the certificate that a package became. */
async function dial(name: string): Promise<{ client: PlainClient; packageId: string }> {
  const flags = ['--tenant', 'acme', '--name', name, '--partition', 'north'];
  const made = await net.ask<{ id: string; token: string }>('package', 'create', ...flags);
  const [file, dir] = [join(net.data, `token_${name}`), join(net.data, `edge_${name}`)];
  writeFileSync(file, `${made.token}\n`);
  expect(await picket('enroll', '--token-file', file, '--dir', dir)).toMatchObject({ status: 0 });
  const read = readToken(made.token);
  if (!read.ok) throw new Error(read.error.code);
  const port = Number(read.token.endpoints[0]!.split(':')[1]);
  const pem = readFileSync(join(dir, 'edge.pem'), 'utf8');
  const client = await PlainClient.dial(port, { cert: pem, key: pem, rejectUnauthorized: false });
  return { client, packageId: made.id };
}

/** Agents of the tenant, wherever they are. */
async function registered(): Promise<string[]> {
  const names = await net.ask<{ id: string; partition: string; node: string }[]>(
    'registry',
    '--tenant',
    'acme',
    '--kind',
    'agent',
  );
  return names.map(({ id, partition, node }) => `${partition}/${id} on ${node}`);
}

test('it says hello, is given its checks, pushes what it found, and is gone when its package is revoked', async () => {
  const add = [
    '--tenant',
    'acme',
    '--kind',
    'tcp',
    '--target',
    '203.0.113.1',
    '--port',
    '80',
    '--interval',
    '5s',
  ];
  const check = await net.ask<{ id: string }>(
    'check',
    'add',
    '--name',
    'web',
    '--partition',
    'north',
    ...add,
  );
  await net.ask('check', 'add', '--name', 'elsewhere', ...add);
  const { client, packageId } = await dial('site_1');

  const hello = await client.unary(`${gateway}/Hello`, message([1, 'site_1'], [3, 'tcp'], [7, 'north']));
  expect(hello).toMatchObject({ status: 0 });
  expect(textOf(hello.messages[0]!, 4)).toBe('poller_1');
  await until('its name is known', 5_000, async () =>
    (await registered()).includes('north/site_1 on poller_1'),
  );

  const config = await client.unary(`${gateway}/GetConfig`, message([1, 'site_1']));
  const checks = fieldsOf(config.messages[0]!).get(6) as Buffer[];
  expect(checks.map((one) => [textOf(one, 1), textOf(one, 7)])).toEqual([[check.id, '203.0.113.1']]);

  const item = message(
    [1, 'web'],
    [2, true],
    [3, '{"available":true}'],
    [4, 'tcp'],
    [5, 12_500_000],
    [9, 'status'],
  );
  // Until the check has had a due instant there is none that the push can be of.
  const results = () => net.ask<ResultRow[]>('results', '--tenant', 'acme', '--check', check.id);
  await until('a result of it is stored', 20_000, async () => {
    const push = message([1, item], [3, 'site_1'], [4, Math.floor(Date.now() / 1_000)]);
    expect(await client.unary(`${gateway}/PushStatus`, push)).toMatchObject({
      status: 0,
      messages: [message([1, true])],
    });
    return (await results()).some(({ agent }) => agent === 'site_1');
  });
  expect((await results()).find(({ agent }) => agent === 'site_1')).toMatchObject({
    ...{ status: 'success', latency_ms: 12.5, poller: 'poller_1', reason: null },
  });

  await net.ask('package', 'revoke', packageId, '--tenant', 'acme');
  await client.closed;
  await until('its name is gone', 15_000, async () => (await registered()).length === 0);
});

test('of another tenant, another id or another partition it gets nothing', async () => {
  const { client } = await dial('site_2');
  for (const claim of [message([1, 'site_1']), message([1, 'site_2'], [7, 'default'])]) {
    expect(await client.unary(`${gateway}/Hello`, claim)).toMatchObject({
      ...{ status: 7, detail: expect.stringContaining('identity_mismatch') },
    });
  }
  expect(await client.unary('/monitoring.PollerService/ReportStatus', message([2, 'site_2']))).toMatchObject({
    status: 7,
  });
  client.close();
});

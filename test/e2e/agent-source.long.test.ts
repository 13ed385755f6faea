/**
 * An agent of an older installation that only listens, with certificates of that installation: polled by real pollers, moved when one
 * hangs, changed, removed and restored, and let in at the gateway too. It is played by a program that knows field numbers alone.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toPem } from '../../certs/index.ts';
import { createForeignWorld, olderDomain } from '../../certs/testing/foreign-world.ts';
import { createWorld } from '../../certs/testing/world.ts';
import { listenAsAgent, type PlainAgent } from '../edge/plain-agent.ts';
import { PlainClient } from '../edge/plain-grpc.ts';
import { fieldsOf, message, textOf } from '../edge/plain-protobuf.ts';
import { type Cluster, cluster, type MemberRow, type ResultRow, until } from './picket.ts';

const forged = createWorld(Date.now());
const foreign = createForeignWorld(forged);
const caPem = toPem(foreign.olderAuthority.der, 'CERTIFICATE');
let net: Cluster;
let agent: PlainAgent;

interface Row {
  id: string;
  last_poll: {
    code: string;
    detail: string;
    poller: string;
    agent: string | null;
    services: Outcome[];
  } | null;
}
interface Outcome {
  name: string;
  code: string;
  sequence: string;
}

function older(type: string, id: string) {
  const spiffe = `spiffe://${olderDomain}/${type}/default/east/${id}`;
  const leaf = foreign.older(foreign.olderAuthority, spiffe, `${id}.east.default.serviceradar`);
  const key = leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { cert: toPem(leaf.der, 'CERTIFICATE'), key };
}

beforeAll(async () => {
  agent = await listenAsAgent({ ...older('agent', 'edge-7'), ca: caPem }, (question, answer) => {
    const fresh = question.lastSequence !== 'sweep-1';
    const chunk = (index: number) => {
      const hosts = Array.from({ length: 1_000 }, (_, at) => ({ host: `h${index}-${at}` }));
      const data = JSON.stringify({ network: '192.0.2.0/24', total_hosts: 2_000, hosts });
      return message([1, data], [2, index === 1], [3, index], [4, 2], [5, 'sweep-1']);
    };
    if (question.rpc === 'GetStatus')
      answer.send(message([1, true], [2, '{"available":true,"response_time":12500000}']));
    else if (fresh) for (const index of [0, 1]) answer.send(chunk(index));
    else answer.send(message([2, true], [4, 1], [5, 'sweep-1']));
    answer.end();
  });
  net = await cluster('core=1,web=0,poller=2,agent=0');
  await net.up();
});
afterAll(async () => {
  await net.close();
  await agent.close();
});

const file = (name: string, text: string) => {
  const path = join(net.data, name);
  writeFileSync(path, text);
  return path;
};

const importCa = () => {
  const { cert, key } = older('poller', 'poller-1');
  const flags = ['--ca', file('ca.pem', caPem), '--trust-domain', olderDomain];
  const client = ['--client-cert', file('client.pem', cert), '--client-key', file('client-key.pem', key)];
  return net.ask<{ id: string }>('package', 'authority', 'import', ...flags, ...client);
};

const shown = (id: string) => net.ask<Row>('agent-source', 'show', id);

/** The last poll, once it is as wanted. */
const polled = (id: string, isWanted: (poll: NonNullable<Row['last_poll']>) => boolean, withinMs = 30_000) =>
  until('a poll as wanted', withinMs, async () => {
    const { last_poll: poll } = await shown(id);
    return poll !== null && isWanted(poll) ? poll : null;
  });

test('it is polled by one poller, by another when that hangs, and by none when it is removed', async () => {
  await importCa();
  const add = ['--kind', 'tcp', '--target', '127.0.0.1', '--port', '1', '--interval', '5s'];
  const check = await net.ask<{ id: string }>('check', 'add', '--name', 'web', '--partition', 'east', ...add);
  const where = ['--address', `127.0.0.1:${agent.port}`, '--partition', 'east', '--interval', '5s'];
  const services = ['--service', 'port:web:127.0.0.1:1', '--service', 'sweep:network_sweep'];
  const { id } = await net.ask<Row>('agent-source', 'add', ...where, ...services);

  const first = await polled(id, ({ code }) => code === 'ok');
  expect(first).toMatchObject({
    agent: 'edge-7',
    services: [
      { name: 'web', code: 'ok' },
      { code: 'ok', sequence: 'sweep-1' },
    ],
  });
  await until('a result of the agent is stored', 30_000, async () => {
    const rows = await net.ask<ResultRow[]>('results', '--check', check.id);
    return rows.some((row) => row.agent === 'edge-7' && row.status === 'success' && row.latency_ms === 12.5);
  });
  await polled(
    id,
    ({ services: [, sweep] }) => sweep?.code === 'nothing_new' && sweep.sequence === 'sweep-1',
  );
  expect(new Set(agent.asked.map(({ gatewayId }) => gatewayId))).toEqual(new Set([first.poller]));

  const members = await net.ask<(MemberRow & { pid: number })[]>('members');
  const asked = agent.asked.length;
  // Stopped, not killed: the launcher would have it back before its next poll is due.
  const { pid } = members.find(({ name }) => name === first.poller)!;
  process.kill(pid, 'SIGSTOP');
  try {
    await until('another poller asks', 60_000, () =>
      agent.asked.slice(asked).some(({ gatewayId }) => gatewayId !== first.poller),
    );
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  const swept = agent.asked.slice(asked).filter(({ rpc }) => rpc === 'StreamResults');
  expect(swept.every(({ lastSequence }) => lastSequence === 'sweep-1')).toBe(true);

  expect(await net.ask('agent-source', 'test', id)).toMatchObject({ code: 'ok', agent: 'edge-7' });
  await net.ask('agent-source', 'edit', id, '--service', 'process:sshd');
  await polled(id, ({ services: all }) => all.length === 1 && all[0]!.name === 'sshd');

  await net.ask('agent-source', 'remove', id, '--why', 'moved');
  expect(await net.ask<Row[]>('agent-source', 'list')).toEqual([]);
  expect(await net.run('agent-source', 'show', id)).toMatchObject({ status: 1 });
  const [archived] = await net.ask<Row[]>('agent-source', 'list', '--archived');
  expect(archived!.id).toBe(id);
  await net.ask('agent-source', 'restore', id);
  const before = agent.asked.length;
  await until('it is asked again', 30_000, () => agent.asked.length > before);
}, 180_000);

test('its authority also lets an agent in at the gateway, and nobody when it is revoked', async () => {
  const authorities = await net.ask<{ id: string }[]>('package', 'authority', 'list');
  const gateways = await net.ask<{ metadata: { address: string } }[]>('registry', '--kind', 'gateway');
  const port = Number(gateways[0]!.metadata.address.split(':')[1]);
  const dial = () => PlainClient.dial(port, { ...older('agent', 'site-9'), rejectUnauthorized: false });
  const hello = message([1, 'site-9'], [7, 'east']);
  const client = await dial();
  const answer = await client.unary('/monitoring.AgentGatewayService/Hello', hello);
  expect(answer).toMatchObject({ status: 0 });
  expect(fieldsOf(answer.messages[0]!).get(1)).toEqual([1]);
  expect(textOf(answer.messages[0]!, 2)).toBe('site-9');

  await net.ask('package', 'authority', 'revoke', authorities[0]!.id, '--why', 'replaced');
  await client.closed;
  const again = await dial();
  expect(await again.unary('/monitoring.AgentGatewayService/Hello', hello)).toMatchObject({ status: 16 });
  again.close();
  const [{ id } = { id: '' }] = await net.ask<Row[]>('agent-source', 'list');
  await polled(id, ({ code }) => code !== 'ok');
}, 120_000);

test('what is no source and no authority is refused with what to do', async () => {
  const add = (...flags: string[]) => net.run('agent-source', 'add', ...flags);
  expect(await add('--address', 'nowhere', '--service', 'a:b')).toMatchObject({
    status: 1,
    err: expect.stringContaining('bad_source'),
  });
  expect(await add('--address', '127.0.0.1:1')).toMatchObject({
    status: 1,
    err: expect.stringContaining('service'),
  });
  expect(await add('--address', '127.0.0.1:1', '--service', 'web')).toMatchObject({ status: 2 });
  await net.ask('tenant', 'create', 'acme');
  expect(await add('--tenant', 'acme', '--address', '10.0.0.1:50051', '--service', 'a:b')).toMatchObject({
    ...{ status: 1, err: expect.stringContaining('target_not_allowed') },
  });
  const own = join(net.data, 'authority', 'root.pem');
  expect(
    await net.run('package', 'authority', 'import', '--ca', own, '--trust-domain', 'x.org'),
  ).toMatchObject({
    ...{ status: 1, err: expect.stringContaining('bad_authority') },
  });
}, 60_000);

/** A large document of an agent in a customer's network, through the death of the gateway and of the core that it goes through. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readToken } from '../../certs/index.ts';
import { type DocumentToSend, sendDocument } from '../../edge/index.ts';
import { systemClock, systemRandom } from '../../runtime/index.ts';
import { deviceUpdates } from '../edge/device-updates.ts';
import { type EdgeChannels, edgeChannels } from '../edge/edge-channel.ts';
import { PlainClient } from '../edge/plain-grpc.ts';
import { type Field, message } from '../edge/plain-protobuf.ts';
import { type Cluster, cluster, type MemberRow, picket, until } from './picket.ts';
import { kill } from './processes.ts';

const updates = 20_000;
const clock = systemClock({ unref: true });
let net: Cluster;
let channels: EdgeChannels;
let folder: string;
let endpoints: readonly string[];

interface DocumentRow {
  id: string;
  kind: string;
  service: string;
  agent: string;
  status: string;
  size: number | null;
  items: number | null;
  sha256: string | null;
}

beforeAll(async () => {
  net = await cluster('core=2,web=0,poller=2,agent=0');
  await net.up();
  await net.ask('tenant', 'create', 'acme');
  const flags = ['--tenant', 'acme', '--name', 'site_1', '--partition', 'north'];
  const { token } = await net.ask<{ token: string }>('package', 'create', ...flags);
  const file = join(net.data, 'token');
  folder = join(net.data, 'edge_site_1');
  writeFileSync(file, `${token}\n`);
  expect(await picket('enroll', '--token-file', file, '--dir', folder)).toMatchObject({ status: 0 });
  const read = readToken(token);
  if (!read.ok) throw new Error(read.error.code);
  ({ endpoints } = read.token);
  expect(endpoints).toHaveLength(2);
  channels = edgeChannels(folder, endpoints);
});
afterAll(async () => {
  channels?.close();
  await net.close();
});

const list = () => net.ask<DocumentRow[]>('document', 'list', '--tenant', 'acme');
const send = (document: DocumentToSend) =>
  sendDocument({ clock, random: systemRandom(), dial: () => channels.dial() }, document);

/** The poller whose gateway listens there. */
async function pollerAt(endpoint: string): Promise<number> {
  const names = await net.ask<{ id: string; metadata: { address: string } }[]>(
    'registry',
    '--kind',
    'gateway',
  );
  const { id } = names.find(({ metadata }) => metadata.address === endpoint)!;
  const members = await net.ask<MemberRow[]>('members');
  return members.find(({ name }) => name === id)!.pid;
}

test('a sync goes on through the other gateway when its poller is killed, and is whole and once afterwards', async () => {
  let heldBytes = 0;
  let killed: Promise<void> | null = null;
  const document: DocumentToSend = {
    ...{ id: 'sync-1', kind: 'sync', service: 'netbox', totalBytes: null },
    read: () =>
      deviceUpdates(updates, async (made) => {
        if (made < updates / 2 || killed !== null) return;
        // Some is stored, some is on its way, and the rest is not made yet.
        await until('part of it is held', 30_000, () => heldBytes > 1_000_000);
        killed = pollerAt(channels.endpoint()).then((pid) => kill(pid, 'SIGKILL'));
        await killed;
      }),
    onHeld: (bytes) => {
      heldBytes = bytes;
    },
  };
  const sent = await send(document);
  expect(killed).not.toBeNull();
  expect(sent).toMatchObject({ ok: true, items: updates });
  const [row, ...more] = await list();
  expect(more).toEqual([]);
  expect(row).toMatchObject({
    kind: 'sync',
    service: 'netbox',
    agent: 'site_1',
    status: 'whole',
    items: updates,
  });

  const file = join(net.data, 'sync.json');
  await net.ask('document', 'get', row!.id, '--tenant', 'acme', '--out', file);
  const bytes = readFileSync(file);
  expect(bytes).toHaveLength(row!.size!);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(row!.sha256);
  const hash = createHash('sha256');
  for await (const piece of deviceUpdates(updates)) hash.update(piece);
  expect(hash.digest('hex')).toBe(row!.sha256);
  expect(JSON.parse(bytes.toString())).toHaveLength(updates);

  // The same again is the same document; another under its id is refused.
  expect(await send({ ...document, read: () => deviceUpdates(updates) })).toMatchObject({
    ok: true,
    items: updates,
  });
  expect(await send({ ...document, read: () => deviceUpdates(updates - 1) })).toMatchObject({
    ...{ ok: false, error: { code: 'document_conflict' } },
  });
  expect(await list()).toEqual([row]);
});

test('when the core of its tenant is killed in the middle it goes on at the next one, which reads what it had not seen', async () => {
  const before = await list();
  let heldBytes = 0;
  let killed: Promise<void> | null = null;
  const sent = await send({
    ...{ id: 'sync-2', kind: 'sync', service: 'netbox', totalBytes: null },
    read: () =>
      deviceUpdates(updates, async (made) => {
        if (made < updates / 2 || killed !== null) return;
        await until('part of it is held', 30_000, () => heldBytes > 1_000_000);
        killed = (async () => {
          const [name] = await net.ask<{ node: string }[]>(
            'registry',
            '--tenant',
            'acme',
            '--kind',
            'tenant',
          );
          const members = await net.ask<MemberRow[]>('members');
          kill(members.find((one) => one.name === name!.node)!.pid, 'SIGKILL');
        })();
        await killed;
      }),
    onHeld: (bytes) => {
      heldBytes = bytes;
    },
  });
  expect(killed).not.toBeNull();
  expect(sent).toMatchObject({ ok: true, items: updates });
  const [row, ...others] = await list();
  expect(others).toEqual(before);
  // The same content as the one before, whoever followed it.
  expect(row).toMatchObject({ status: 'whole', items: updates, sha256: before[0]!.sha256 });
});

test('chunks of an agent that knows nothing of it become one document, and a stream without its last chunk none', async () => {
  const before = await list();
  const pem = readFileSync(join(folder, 'edge.pem'));
  const port = Number(channels.endpoint().split(':')[1]);
  const client = await PlainClient.dial(port, { cert: pem, key: pem, rejectUnauthorized: false });
  const chunk = (index: number, total: number, text: string) => {
    const item: Field = [1, message([1, 'armis'], [2, true], [3, text], [4, 'sync'], [9, 'results'])];
    return message(item, [3, 'site_1'], [5, 'north'], [7, index === total - 1], [8, index], [9, total]);
  };
  const pieces: string[] = [];
  for (let at = 0; at < 8; at += 1)
    pieces.push(
      JSON.stringify(
        Array.from({ length: 1_365 }, (_, n) => ({ ip: `10.0.${at}.${n}`, note: 'x'.repeat(300) })),
      ),
    );
  const stream = client.open('/monitoring.AgentGatewayService/StreamStatus');
  for (const [at, text] of pieces.entries()) stream.send(chunk(at, pieces.length, text));
  stream.finish();
  expect(await stream.ended).toMatchObject({ status: 0 });
  const [row, ...others] = await list();
  expect(others).toEqual(before);
  expect(row).toMatchObject({
    kind: 'sync',
    service: 'armis',
    agent: 'site_1',
    items: 8 * 1_365,
    status: 'whole',
  });
  const { out } = await net.run('document', 'get', row!.id, '--tenant', 'acme');
  expect(JSON.parse(out)).toEqual(pieces.flatMap((text) => JSON.parse(text) as unknown[]));

  const cut = client.open('/monitoring.AgentGatewayService/StreamStatus');
  for (const [at, text] of pieces.slice(0, 6).entries()) cut.send(chunk(at, pieces.length, text));
  cut.finish();
  expect(await cut.ended).toMatchObject({ status: 3, detail: expect.stringContaining('stream_incomplete') });
  await until(
    'nothing is left of it',
    15_000,
    async () => JSON.stringify(await list()) === JSON.stringify([row, ...before]),
  );
  client.close();
});

test('commands say what is not there, and that what is not whole is not read', async () => {
  const none = await net.run('document', 'show', 'doc_none', '--tenant', 'acme');
  expect(none).toMatchObject({ status: 1, err: expect.stringContaining('no_such_document') });
  expect(await net.run('document', 'list', '--tenant', 'acme', '--limit', 'x')).toMatchObject({ status: 2 });
  const [row] = await list();
  const file = join(net.data, 'sync.json');
  const again = await net.run('document', 'get', row!.id, '--tenant', 'acme', '--out', file);
  expect(again).toMatchObject({ status: 1, err: expect.stringContaining('file_exists') });
});

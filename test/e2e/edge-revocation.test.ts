/** What a revoked certificate of a tenant had open: its stream at a gateway and its link in the cluster, and that it cannot come back. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FreePeer } from '../../cluster/testing/free-peer.ts';
import { PlainClient } from '../edge/plain-grpc.ts';
import { message } from '../edge/plain-protobuf.ts';
import { enrolled, gateway, listening, type Site } from './edge-site.ts';
import { type Cluster, cluster, type UpAnswer } from './picket.ts';

/** The promise, from the command's answer on. */
const promisedMs = 5_000;
const report = '/monitoring.PollerService/StreamStatus';
let net: Cluster;
let up: UpAnswer;

beforeAll(async () => {
  net = await cluster('core=1,web=0,poller=1,agent=0', '--allow-tenant-nodes');
  up = await net.up();
  await net.ask('tenant', 'create', 'acme');
});
afterAll(() => net.close());

/** A second connection of it, kept for its session: the sessions that a program could have saved. */
function sessionsOf(site: Site): Promise<Buffer[]> {
  const [port] = site.ports;
  const options = { cert: site.pem, key: site.pem, rejectUnauthorized: false, ALPNProtocols: ['h2'] };
  const socket = connect({ ...options, host: '127.0.0.1', port: port! });
  const sessions: Buffer[] = [];
  return new Promise((resolve) => {
    socket.on('session', (session) => sessions.push(session));
    socket.once('data', () => {
      const last = socket.getSession();
      socket.destroy();
      resolve(last === undefined ? sessions : [...sessions, last]);
    });
    socket.on('error', () => resolve(sessions));
  });
}

function link(site: Site, boot: number): Promise<FreePeer> {
  const [key = ''] = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----\n?/.exec(
    site.pem,
  )!;
  const credential = { chainPem: site.pem.replace(key, ''), privateKeyPem: key, rootsPem: site.rootsPem };
  return FreePeer.connect(credential, up.nodes.find(({ role }) => role === 'core')!.address, boot);
}

const codesOf = (peer: FreePeer) => peer.of('close').map(({ header }) => header.code);

/** When it held, after `sinceMs`. */
async function took(what: Promise<unknown>, sinceMs: number): Promise<number> {
  await what;
  return Date.now() - sinceMs;
}

test('a stream and a link of one certificate both end within the promise, and neither comes back', async () => {
  const site = await enrolled(net, 'acme', 'older_1', 'north', 'poller');
  const sessions = await sessionsOf(site);
  expect(sessions.length).toBeGreaterThan(0);
  const client = await site.dial();
  const stream = client.open(report);
  stream.send(message([2, 'older_1'], [5, 'north'], [6, '192.0.2.1'], [8, 0], [9, 2]));
  const peer = await link(site, 7);
  await peer.until(() => peer.of('heartbeat').length > 0);
  // By the certificate alone: nobody tells the doors that a package is over.
  const file = join(net.data, 'older_1.pem');
  writeFileSync(file, site.pem);
  await net.ask('certs', 'revoke', file);
  const sinceMs = Date.now();
  const ends = [
    took(client.closed, sinceMs),
    took(
      peer.until(() => peer.isClosed),
      sinceMs,
    ),
  ];
  for (const end of ends) expect(await end).toBeLessThan(promisedMs);
  const again = await link(site, 8);
  await again.until(() => again.isClosed);
  expect(codesOf(again)).toEqual(['refused']);
  for (const session of [undefined, ...sessions]) {
    const shown = session === undefined ? { cert: site.pem, key: site.pem } : { session };
    const back = await PlainClient.dial(site.ports[0]!, { ...shown, rejectUnauthorized: false });
    const ended = await back.unary('/monitoring.PollerService/ReportStatus', message([2, 'older_1']));
    const code = session === undefined ? 'revoked' : 'no_identity';
    expect(ended).toMatchObject({ status: 16, detail: expect.stringContaining(code) });
    back.close();
  }
});

test('a package that is revoked ends the control stream of its agent within the promise', async () => {
  const site = await enrolled(net, 'acme', 'site_1', 'north');
  const { client } = await listening(site, () => ({ success: true, payload: null }));
  await net.ask('package', 'revoke', site.packageId, '--tenant', 'acme');
  expect(await took(client.closed, Date.now())).toBeLessThan(promisedMs);
  const back = await site.dial();
  expect(await back.unary(`${gateway}/Hello`, message())).toMatchObject({ status: 16 });
  back.close();
});

test('the certificate of an enrolled agent or collector opens no link, whatever the cluster takes', async () => {
  for (const [at, kind] of ['agent', 'collector'].entries()) {
    const peer = await link(await enrolled(net, 'acme', `inner_${at}`, 'north', kind), 9);
    await peer.until(() => peer.isClosed);
    expect(codesOf(peer)).toEqual(['not_a_node']);
  }
});

import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createAuthority, issueNode, issueOperator } from '../../certs/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { ClusterNode, connectOperator, splitAddress, type TlsTransport, tlsTransport } from '../index.ts';
import { handshakesMax } from './limits.ts';

const clock = systemClock();
const open: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((node) => node.stop()));
});

async function listening() {
  const authority = await createAuthority('test.local', clock);
  const credential = await issueNode(authority, { role: 'core', name: 'core_1' }, clock);
  const transport: TlsTransport = tlsTransport({
    credential: () => credential,
    trustDomain: 'test.local',
    listen: '127.0.0.1:0',
    clock,
    log: () => {},
  });
  const node = new ClusterNode({
    name: 'core_1',
    role: 'core',
    boot: 1,
    pid: process.pid,
    advertise: null,
    seeds: [],
    transport,
    clock,
    log: () => {},
    onSuperseded: () => {},
  });
  const address = await node.start();
  open.push(node);
  return { authority, node, address };
}

test('connections that say nothing are few, and an operator still gets in', async () => {
  const { authority, address } = await listening();
  const { host, port } = splitAddress(address);
  const sockets = Array.from({ length: handshakesMax + 20 }, () => connect({ host, port }));
  for (const socket of sockets) socket.on('error', () => {});
  // Those beyond the bound are closed at once by the other side.
  await Promise.race(sockets.map((socket) => once(socket, 'close')));
  for (const socket of sockets.slice(0, 30)) socket.destroy();
  const credential = await issueOperator(authority, { name: 'ann', rights: ['read'] }, clock);
  const options = {
    credential: () => credential,
    trustDomain: 'test.local',
    listen: null,
    clock,
    log: () => {},
  };
  let members: unknown = null;
  while (members === null) {
    members = await connectOperator(tlsTransport(options), clock, address).then(
      async (client) => {
        const answer = await client.call('members', null);
        await client.close();
        return answer;
      },
      () => null,
    );
  }
  expect(members).toHaveLength(1);
  for (const socket of sockets) socket.destroy();
});

test('a stop does not wait for a connection that says nothing', async () => {
  const { address, node } = await listening();
  const { host, port } = splitAddress(address);
  const silent = connect({ host, port });
  silent.on('error', () => {});
  await once(silent, 'connect');
  const closed = once(silent, 'close');
  await node.stop();
  await closed;
});

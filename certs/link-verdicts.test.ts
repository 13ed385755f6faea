import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toPem } from './pem.ts';
import { createForeignWorld } from './testing/foreign-world.ts';
import { goodLeaves } from './testing/good-leaves.ts';
import { goodForeign, hostileForeign, hostileOlder } from './testing/hostile-foreign.ts';
import { hostilePeers } from './testing/hostile-peers.ts';
import { createWorld, nodeId, trustDomain } from './testing/world.ts';
import { presentedChain, presentedToServer, serverTlsOptions } from './tls-options.ts';
import { type PeerVerdict, verifyPeer } from './verify.ts';

const nowMs = Date.now();
const world = createWorld(nowMs);
const roots = [world.root.der];
const codeOf = (verdict: PeerVerdict) => (verdict.ok ? 'ok' : verdict.error.code);
const foreign = createForeignWorld(world);
const { policy } = foreign;
const judge = (chain: readonly Uint8Array[], openedLeaf: X509Certificate | null = null) =>
  codeOf(verifyPeer({ chain, roots, trustDomain, nowMs, policy, openedLeaf }));
const pemOf = (chain: readonly Uint8Array[]) => chain.map((der) => toPem(der, 'CERTIFICATE')).join('');

const others = [...goodForeign, ...hostileForeign, ...hostileOlder].map(({ title, code, chain }) => ({
  title,
  code,
  chain: () => chain(world, foreign),
}));
const rows = [...goodLeaves.map((row) => ({ ...row, code: 'ok' })), ...hostilePeers, ...others];

let server: Server;
let port: number;

beforeAll(async () => {
  const leaf = world.leaf(world.nodes, nodeId);
  server = createServer(
    serverTlsOptions({
      chainPem: pemOf([leaf.der, world.nodes.der]),
      privateKeyPem: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      rootsPem: pemOf(roots),
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());

interface Said {
  /** By the chain as a link takes it. */
  readonly link: string;
  /** As a gateway takes it. */
  readonly gateway: string;
}

/**
 * What the server says of a client that presents the chain: codes, or null when OpenSSL on one of the two sides
 * would not carry such a certificate over TLS at all.
 */
async function overTheLink(chain: readonly Uint8Array[]): Promise<Said | null> {
  const key = chain[0] === undefined ? undefined : world.keyOf(chain[0]);
  const own = key && { cert: pemOf(chain), key: key.export({ type: 'pkcs8', format: 'pem' }) };
  if (chain.length > 0 && own === undefined) return null;
  const judged = new Promise<Said | null>((resolve) => {
    server.once('secureConnection', (socket: TLSSocket) => {
      socket.on('error', () => {});
      const linked = presentedChain(socket);
      const presented = presentedToServer(socket);
      resolve({ link: judge(linked), gateway: judge(presented.chain, presented.leaf) });
      socket.destroy();
    });
    server.once('tlsClientError', () => resolve(null));
  });
  let socket: TLSSocket;
  try {
    // The lowest security level of OpenSSL, because an attacker would not ask for a higher one.
    socket = connect({
      host: '127.0.0.1',
      port,
      ...own,
      rejectUnauthorized: false,
      ciphers: 'DEFAULT:@SECLEVEL=0',
    });
  } catch {
    server.removeAllListeners('secureConnection').removeAllListeners('tlsClientError');
    return null;
  }
  socket.on('error', () => {});
  const said = await judged;
  socket.destroy();
  server.removeAllListeners('secureConnection').removeAllListeners('tlsClientError');
  return said;
}

describe('a verdict on a link', () => {
  test('is the verdict over the same chain in a file, for all that TLS carries', async () => {
    const carried: ({ title: string; file: string } & Said)[] = [];
    for (const { title, chain } of rows) {
      const presented = chain(world);
      const said = await overTheLink(presented);
      // A client that has no signature scheme for its key sends no certificate, and then it presented none.
      const sent = presented.length === 0 || said?.link !== 'no_certificate';
      if (said !== null && sent) carried.push({ title, ...said, file: judge(presented) });
    }
    expect(carried.filter(({ link, gateway, file }) => link !== file || gateway !== file)).toEqual([]);
    expect(carried.length).toBeGreaterThan(250);
  });
});

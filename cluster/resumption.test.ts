import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { type Authority, clientTlsOptions, createAuthority, issueNode } from '../certs/index.ts';
import { systemClock } from '../runtime/index.ts';
import { createFrameReader } from './frame-reader.ts';
import { ClusterNode, splitAddress, tlsTransport } from './index.ts';

const clock = systemClock();
const running: ClusterNode[] = [];
const sockets: TLSSocket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(running.splice(0).map((node) => node.stop()));
});

async function peerPort(ca: Authority) {
  const credential = await issueNode(ca, { role: 'core', name: 'core_1' }, clock);
  const refused: unknown[] = [];
  const log = (_level: string, message: string, fields: Record<string, unknown>) => {
    if (message === 'peer refused') refused.push(fields.code);
  };
  const transport = tlsTransport({
    credential: () => credential,
    trustDomain: 'test.local',
    listen: '127.0.0.1:0',
    clock,
    log,
  });
  const life = { boot: 1, pid: process.pid, advertise: null, seeds: [], onSuperseded: () => {} };
  const node = new ClusterNode({ name: 'core_1', role: 'core', transport, clock, log, ...life });
  running.push(node);
  return { ...splitAddress(await node.start()), refused };
}

async function dial(options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect(options);
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

/** The frame that a refused client is sent away with. */
async function farewell(socket: TLSSocket): Promise<string> {
  const reader = createFrameReader();
  for await (const chunk of socket) {
    reader.push(chunk as Buffer);
    const frame = reader.next();
    if (frame?.kind === 'close') return `${frame.header.code} ${frame.header.detail}`;
    if (frame !== null) return frame.kind;
  }
  return 'nothing';
}

describe('the peer port', () => {
  test('refuses a client with every session that it could have saved and no certificate', async () => {
    const ca = await createAuthority('test.local', clock);
    const { host, port, refused } = await peerPort(ca);
    const credential = await issueNode(ca, { role: 'poller', name: 'poller_1' }, clock);
    const good = await dial({ ...clientTlsOptions(credential), host, port, secureOptions: 0 });
    const tickets: Buffer[] = [];
    good.on('session', (session: Buffer) => tickets.push(session));
    // Its hello has arrived, so every ticket that was ever to come is here.
    await once(good, 'data');
    const saved = [...tickets, good.getSession(), good.getTLSTicket()].filter((one) => one !== undefined);
    expect(saved.length).toBeGreaterThan(0);
    for (const session of saved) {
      for (const minVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const socket = await dial({ host, port, session, minVersion, rejectUnauthorized: false }).catch(
          () => null,
        );
        if (socket === null) continue;
        expect(socket.isSessionReused()).toBe(false);
        expect(await farewell(socket)).toMatch(/^refused no_certificate: /);
      }
    }
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused)).toEqual(new Set(['no_certificate']));
  });

  test('gives no session for use without a certificate to a client that had none in the first place', async () => {
    const { host, port, refused } = await peerPort(await createAuthority('test.local', clock));
    const bare = { host, port, rejectUnauthorized: false };
    const first = await dial(bare);
    const session = first.getSession();
    expect(await farewell(first)).toMatch(/^refused no_certificate: /);
    const second = await dial(session === undefined ? bare : { ...bare, session });
    expect(second.isSessionReused()).toBe(false);
    expect(await farewell(second)).toMatch(/^refused no_certificate: /);
    expect(refused).toEqual(['no_certificate', 'no_certificate']);
  });
});

/** Without its comments. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

describe('every server that we open', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const notRun = ['bench', 'dist', 'docs', 'examples', 'node_modules', 'test'];
  const rooms = readdirSync(root, { withFileTypes: true })
    .filter((one) => one.isDirectory() && !one.name.startsWith('.') && !notRun.includes(one.name))
    .map(({ name }) => name);
  const sources = rooms.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.includes('testing'))
      .map((path) => ({
        path: `${room}/${path}`,
        text: codeOf(readFileSync(join(root, room, path), 'utf8')),
      })),
  );

  test('with TLS is the peer port or the gateway, with the options that refuse sessions', () => {
    const secure = sources.filter(
      ({ text }) =>
        /createServer|createSecureServer|new (?:tls\.)?Server\(/.test(text) &&
        /node:(?:tls|https|http2)/.test(text.replace(/^import type .*$/gm, '')),
    );
    expect(secure.map(({ path }) => path)).toEqual(['cluster/tls-transport.ts', 'edge/listener.ts']);
    for (const { text } of secure) {
      expect(text.match(/\bcreateServer\(/g)).toHaveLength(1);
      expect(text).toMatch(/createServer\(\{\s*\.\.\.serverTlsOptions\(/);
    }
  });

  test('of gRPC ends no TLS itself: it is handed connections that were judged', () => {
    const servers = sources.filter(({ text }) => /\bServerCredentials\b/.test(text));
    expect(servers.length).toBeGreaterThan(0);
    for (const { text } of servers) expect(text).not.toMatch(/ServerCredentials\.createSsl|bindAsync/);
  });
});

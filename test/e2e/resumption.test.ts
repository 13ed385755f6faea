import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Credential, readCredential } from '../../certs/index.ts';
import { createFrameReader } from '../../cluster/frame-reader.ts';
import { type Cluster, cluster, type UpAnswer } from './picket.ts';

const opensslMissing = (() => {
  try {
    execFileSync('openssl', ['version']);
    return false;
  } catch {
    return true;
  }
})();

let picket: Cluster;
let up: UpAnswer;
let folder: string;
let own: Credential;
/** A server as Node makes it, which wants a certificate and has nothing against sessions. */
let careless: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'picket-sessions-'));
  picket = await cluster('core=1,web=1,poller=1,agent=1');
  up = await picket.up();
  own = await readCredential(join(picket.data, 'credentials'), 'operator');
  const server = await readCredential(join(picket.data, 'credentials'), 'poller_1');
  const options = { cert: server.chainPem, key: server.privateKeyPem, ca: server.rootsPem };
  careless = createServer({ ...options, requestCert: true, rejectUnauthorized: true }, (socket) => {
    socket.on('error', () => {});
    socket.end(JSON.stringify({ reused: socket.isSessionReused(), authorized: socket.authorized }));
  });
  await new Promise<void>((done) => careless.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  careless.close();
  rmSync(folder, { recursive: true, force: true });
  await picket.close();
});

const portOf = (node: string) => Number(up.nodes.find(({ name }) => name === node)!.address.split(':')[1]);
const carelessPort = () => (careless.address() as AddressInfo).port;
const nodes = ['core_1', 'web_1', 'poller_1', 'agent_1'];

/** What the server said until it ended the connection, and whether a session was resumed. */
function openssl(port: number, ...flags: string[]): Promise<{ shown: string; said: Buffer }> {
  const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-tls1_3', ...flags];
  const child = spawn('openssl', args, { stdio: ['pipe', 'pipe', 'ignore'] });
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    child.on('close', () =>
      resolve({ shown: Buffer.concat(parts).toString('latin1'), said: Buffer.concat(parts) }),
    );
  });
}

/** The same with Node: the sessions that it could save, and the first frame or text. */
function node(port: number, options: ConnectionOptions) {
  const sessions: Buffer[] = [];
  const socket = connect({
    host: '127.0.0.1',
    port,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    ...options,
  });
  return new Promise<{ sessions: Buffer[]; said: Buffer; reused: boolean }>((resolve) => {
    const parts: Buffer[] = [];
    let reused = false;
    socket.on('session', (session: Buffer) => sessions.push(session));
    socket.on('secureConnect', () => {
      reused = socket.isSessionReused();
      const session = socket.getSession();
      if (session !== undefined) sessions.push(session);
    });
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.on('error', () => {});
    socket.on('close', () => resolve({ sessions, said: Buffer.concat(parts), reused }));
  });
}

function farewellIn(said: Buffer): string {
  const reader = createFrameReader();
  reader.push(said);
  const frame = reader.next();
  return frame?.kind === 'close' ? `${frame.header.code} ${frame.header.detail}` : `${frame?.kind}`;
}

const refused = /refused.*no_certificate: /s;

describe.skipIf(opensslMissing)('openssl s_client', () => {
  const pem = (name: string) => join(picket.data, `credentials/${name}.pem`);
  const withCertificate = () => [
    '-cert',
    pem('operator'),
    '-key',
    pem('operator'),
    '-cert_chain',
    pem('operator'),
  ];

  test('is let in without a certificate by a careless server, with a session that it saved', async () => {
    const file = join(folder, 'careless');
    expect((await openssl(carelessPort(), ...withCertificate(), '-sess_out', file)).shown).toContain(
      '"reused":false',
    );
    expect(existsSync(file)).toBe(true);
    const { shown } = await openssl(carelessPort(), '-sess_in', file);
    expect(shown).toContain('"reused":true,"authorized":true');
  });

  // At the same time: each waits until the node gives up on a peer that says nothing.
  test.concurrent.each(nodes)(
    'is refused by %s with the session that it saved there, and with one of another server',
    async (name) => {
      const file = join(folder, name);
      const { shown } = await openssl(portOf(name), ...withCertificate(), '-sess_out', file);
      expect(shown).toContain('New, TLSv1.3');
      // What it saves without a usable ticket is a session all the same, and worth nothing.
      for (const saved of [file, join(folder, 'careless')]) {
        expect(existsSync(saved)).toBe(true);
        const again = await openssl(portOf(name), '-sess_in', saved);
        expect(again.shown).toContain('New, TLSv1.3');
        expect(again.shown).not.toContain('Reused');
        expect(again.shown).toMatch(refused);
      }
    },
  );
});

describe("Node's own TLS", () => {
  const withCertificate = () => ({ cert: own.chainPem, key: own.privateKeyPem });

  test('is let in without a certificate by a careless server, with a session that it saved', async () => {
    const { sessions } = await node(carelessPort(), withCertificate());
    const last = sessions.at(-1)!;
    const { said, reused } = await node(carelessPort(), { session: last });
    expect([reused, said.toString()]).toEqual([true, '{"reused":true,"authorized":true}']);
  });

  test.concurrent.each(nodes)('is refused by %s with every session that it could save', async (name) => {
    const { sessions } = await node(portOf(name), withCertificate());
    const others = (await node(carelessPort(), withCertificate())).sessions;
    for (const session of [...sessions, ...others]) {
      const { said, reused } = await node(portOf(name), { session });
      expect(reused).toBe(false);
      expect(farewellIn(said)).toMatch(refused);
    }
    expect(others.length).toBeGreaterThan(0);
  });

  test.concurrent.each(nodes)(
    'does not get %s to speak an older TLS, with sessions that need no ticket',
    async (name) => {
      const { sessions, said } = await node(portOf(name), {
        ...withCertificate(),
        minVersion: 'TLSv1.2',
        maxVersion: 'TLSv1.2',
      });
      expect([sessions.length, said.length]).toEqual([0, 0]);
    },
  );
});

test('the door of the page speaks no TLS, so there is no session to save', async () => {
  const { port } = new URL(up.http);
  const { sessions, said } = await node(Number(port), {});
  expect(sessions).toEqual([]);
  expect(said.toString()).toMatch(/^(HTTP\/1\.1 400|$)/);
});

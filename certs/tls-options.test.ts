import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ConnectionOptions, connect, createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, createAuthority } from './authority.ts';
import { type Credential, issueNode } from './issue.ts';
import {
  clientTlsOptions,
  isReusedSession,
  presentedChain,
  rootsOf,
  serverTlsOptions,
} from './tls-options.ts';
import { type PeerVerdict, verifyPeer } from './verify.ts';

const trustDomain = 'picket.local';
const clock = { wallMs: () => Date.now() };
const closing: (() => void)[] = [];
let authority: Authority;
let server: Credential;
let client: Credential;

beforeAll(async () => {
  authority = await createAuthority(trustDomain, clock);
  server = await issueNode(authority, { role: 'core', name: 'core_1' }, clock);
  client = await issueNode(authority, { role: 'poller', name: 'poller_1' }, clock);
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

interface Accepted {
  readonly socket: TLSSocket;
  readonly verdict: PeerVerdict;
  readonly reused: boolean;
}

function judge(socket: TLSSocket, own: Credential): PeerVerdict {
  return verifyPeer({
    chain: presentedChain(socket),
    roots: rootsOf(own),
    trustDomain,
    nowMs: clock.wallMs(),
  });
}

/** A server that judges each peer, and keeps its own record of them. */
async function listen(options: TlsOptions, own: Credential) {
  const accepted: Accepted[] = [];
  const waiting: ((accepted: Accepted) => void)[] = [];
  const listener = createServer(options, (socket) => {
    socket.on('error', () => {});
    const entry = { socket, verdict: judge(socket, own), reused: isReusedSession(socket) };
    accepted.push(entry);
    waiting.shift()?.(entry);
    socket.write('hello');
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  closing.push(() => listener.close());
  const next = () => new Promise<Accepted>((resolve) => waiting.push(resolve));
  return { port: (listener.address() as AddressInfo).port, accepted, next };
}

async function dial(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ...options });
  socket.on('error', () => {});
  closing.push(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

const codeOf = (verdict: PeerVerdict) => (verdict.ok ? 'ok' : verdict.error.code);

describe('a link between two nodes of ours', () => {
  test('shows each side who the other is', async () => {
    const { port, next } = await listen(serverTlsOptions(server), server);
    const coming = next();
    const socket = await dial(port, clientTlsOptions(client));
    expect(judge(socket, client)).toMatchObject({
      ok: true,
      identity: { kind: 'node', role: 'core', name: 'core_1' },
    });
    const { verdict, reused } = await coming;
    expect(verdict).toMatchObject({ ok: true, identity: { kind: 'node', role: 'poller', name: 'poller_1' } });
    expect(reused).toBe(false);
    expect(socket.getProtocol()).toBe('TLSv1.3');
  });

  test('is not made below TLS 1.3', async () => {
    const { port } = await listen(serverTlsOptions(server), server);
    const older = { ...clientTlsOptions(client), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
    await expect(dial(port, older)).rejects.toThrow(/protocol version|alert/i);
  });
});

describe('a listener of ours', () => {
  const bare = { rejectUnauthorized: false, minVersion: 'TLSv1.3' } as const;

  test('sees that a dialler has no certificate', async () => {
    const { port, next } = await listen(serverTlsOptions(server), server);
    const coming = next();
    await dial(port, bare);
    expect(codeOf((await coming).verdict)).toBe('no_certificate');
  });

  test("sees that a dialler's authority is another of the same name, and so does the dialler", async () => {
    const stranger = await issueNode(
      await createAuthority(trustDomain, clock),
      { role: 'poller', name: 'poller_1' },
      clock,
    );
    const { port, next } = await listen(serverTlsOptions(server), server);
    const coming = next();
    const socket = await dial(port, clientTlsOptions(stranger));
    expect(codeOf((await coming).verdict)).toBe('unknown_authority');
    expect(codeOf(judge(socket, stranger))).toBe('unknown_authority');
  });

  test("sees that a dialler's certificate has ended", async () => {
    const yesterday = { wallMs: () => Date.now() - 86_400_000 };
    const past = await issueNode(
      authority,
      { role: 'poller', name: 'poller_1', lifetimeMs: 60_000 },
      yesterday,
    );
    const { port, next } = await listen(serverTlsOptions(server), server);
    const coming = next();
    await dial(port, clientTlsOptions(past));
    expect(codeOf((await coming).verdict)).toBe('expired');
  });

  test('gives out no session, and a saved one does not stand for a certificate', async () => {
    const { port, next } = await listen(serverTlsOptions(server), server);
    const first = next();
    const socket = await dial(port, clientTlsOptions(client));
    const sessions: Buffer[] = [];
    socket.on('session', (session: Buffer) => sessions.push(session));
    await Promise.all([first, once(socket, 'data')]);
    const saved = socket.getSession();
    for (const session of [...sessions, ...(saved === undefined ? [] : [saved])]) {
      const coming = next();
      await dial(port, { ...bare, session });
      const again = await coming;
      expect(again.reused).toBe(false);
      expect(codeOf(again.verdict)).toBe('no_certificate');
    }
    expect(sessions.length + (saved === undefined ? 0 : 1)).toBeGreaterThan(0);
  });

  test('differs in this from one with the defaults of TLS, where the saved session lets anyone in', async () => {
    const { secureOptions: _none, ...defaults } = serverTlsOptions(server);
    const { port, next } = await listen(defaults, server);
    const first = next();
    const { secureOptions: _neither, ...dialling } = clientTlsOptions(client);
    const socket = await dial(port, dialling);
    const [session] = (await once(socket, 'session')) as [Buffer];
    await first;
    const coming = next();
    await dial(port, { ...bare, session });
    expect((await coming).reused).toBe(true);
  });
});

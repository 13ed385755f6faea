import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import { type AddressInfo, createServer as createRawServer, type Server as RawServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import type { NameResolver } from './resolver.ts';
import { type CheckOptions, runCheck } from './run.ts';

type Listening = Server | SecureServer | RawServer;
const servers: Listening[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Listening): Promise<number> {
  server.listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}`;
}

function check(
  target: string,
  settings: Record<string, string> = {},
  more: Partial<CheckOptions> = {},
  timeoutMs = 5_000,
) {
  const clock = { monotonicMs: () => performance.now() };
  const options = { clock, guard: { allowAll: true }, signal: new AbortController().signal, ...more };
  return runCheck({ kind: 'http', target, port: null, timeoutMs, settings }, options);
}

const critical = (reason: unknown) => ({ status: 'critical', latencyMs: expect.any(Number), reason });

describe('an http check of the status', () => {
  test('takes 2xx and 3xx unless told, follows nothing, and closes its connection', async () => {
    const paths: string[] = [];
    const url = await serve((request, response) => {
      paths.push(request.url ?? '');
      response.writeHead(request.url === '/away' ? 302 : 200, { location: '/elsewhere' }).end('hello');
    });
    const server = servers[0] as Server;
    const closed = once(server, 'connection').then(([socket]) => once(socket, 'close'));
    expect(await check(`${url}/`)).toEqual({
      status: 'success',
      latencyMs: expect.any(Number),
      reason: null,
    });
    await closed;
    expect(await check(`${url}/away`)).toMatchObject({ status: 'success' });
    expect(paths).toEqual(['/', '/away']);
  });

  test('names the status that was expected and the one that came', async () => {
    const url = await serve((_, response) => response.writeHead(500).end());
    expect(await check(url)).toEqual(critical('expected status 2xx,3xx, got 500'));
    expect(await check(url, { expect_status: '200' })).toEqual(critical('expected status 200, got 500'));
    expect(await check(url, { expect_status: '404,5xx' })).toMatchObject({ status: 'success' });
  });

  test('sends the method and the host that were asked for', async () => {
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      seen.push([request.method, request.headers.host, request.headers['accept-encoding']]);
      response.end('x');
    });
    const port = new URL(url).port;
    const resolver: NameResolver = { lookup: async () => ['127.0.0.1'] };
    expect(await check(`http://Web.Example:${port}/`, { method: 'HEAD' }, { resolver })).toMatchObject({
      status: 'success',
    });
    expect(seen).toEqual([['HEAD', `web.example:${port}`, 'identity']]);
  });
});

describe('an http check of a name', () => {
  test('looks it up once: the address that was judged is the one that is connected to', async () => {
    const asked: string[] = [];
    const lookup = async (name: string) => (asked.push(name) === 1 ? ['127.0.0.1'] : ['127.9.9.9']);
    const url = await serve((_, response) => response.end());
    const outcome = await check(`http://rebind.example:${new URL(url).port}/`, {}, { resolver: { lookup } });
    expect(outcome).toMatchObject({ status: 'success' });
    expect(asked).toEqual(['rebind.example']);
  });
});

describe('an http check of the body', () => {
  test('finds a literal text, across chunks, and no pattern', async () => {
    const url = await serve((_, response) => {
      response.write('all sys');
      setImmediate(() => response.end('tems (go)+'));
    });
    expect(await check(url, { body_contains: 'systems (go)+' })).toMatchObject({ status: 'success' });
    expect(await check(url, { body_contains: 'sys.*' })).toEqual(critical('body does not contain "sys.*"'));
  });

  test('reads no further than its limit', async () => {
    let stopped: (() => void) | undefined;
    const closed = new Promise<void>((resolve) => {
      stopped = resolve;
    });
    const url = await serve((_, response) => {
      const block = Buffer.alloc(65_536, 'a');
      const more = () => {
        while (!response.destroyed && response.write(block));
        if (!response.destroyed) response.once('drain', more);
      };
      response.on('close', () => stopped?.());
      more();
    });
    const outcome = await check(url, { body_contains: 'b' });
    expect(outcome).toEqual(
      critical(`body does not contain "b" in its first ${limits.httpBodyBytesMax} bytes`),
    );
    await closed;
  });

  test('is critical when the connection breaks before the body is whole', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    expect(await check(url, { body_contains: 'other half' })).toMatchObject({
      status: 'critical',
      reason: 'connection reset',
    });
  });

  test('cannot tell of a body that is compressed against its wish', async () => {
    const url = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
    );
    expect(await check(url, { body_contains: 'x' })).toMatchObject({ status: 'unknown' });
  });
});

describe('an http check of redirects', () => {
  test('follows as many as allowed and judges the last answer', async () => {
    const url = await serve((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end('arrived');
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    expect(await check(`${url}/2`, { follow_redirects: '2', body_contains: 'arrived' })).toMatchObject({
      status: 'success',
    });
    expect(await check(`${url}/3`, { follow_redirects: '2' })).toEqual(critical('more than 2 redirects'));
  });

  test.each([
    'http://10.0.0.1/',
    'http://0x7f.1/',
    'http://localhost/',
    'http://[::ffff:169.254.169.254]/latest',
    '//inside.example/',
  ])('a hop to %s is judged anew on a shared node', async (location) => {
    const url = await serve((_, response) => response.writeHead(302, { location }).end());
    // The first hop is let through by its resolver's word, as a public name would be; the socket is steered by a port on loopback.
    const resolver: NameResolver = {
      lookup: async (name) => (name === 'inside.example' ? ['192.168.1.1'] : ['127.0.0.1']),
    };
    let asked = 0;
    const guard = {
      // Open for the test's own server on the first hop only.
      get allowAll() {
        asked += 1;
        return asked <= 2;
      },
    };
    const outcome = await check(
      `http://public.example:${new URL(url).port}/`,
      { follow_redirects: '3' },
      { resolver, guard },
    );
    expect(outcome).toMatchObject({
      status: 'unknown',
      reason: expect.stringMatching(/^target_not_allowed: /),
    });
  });

  test('a hop to another scheme is refused', async () => {
    const url = await serve((_, response) =>
      response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    );
    const outcome = await check(url, { follow_redirects: '1' });
    expect(outcome).toMatchObject({ status: 'unknown', reason: expect.stringContaining('scheme file:') });
  });
});

describe('an http check of what goes wrong', () => {
  test('ends at its deadline when the server is silent, and closes the connection', async () => {
    const closed: Promise<unknown>[] = [];
    const server = createRawServer((socket) => closed.push(once(socket.resume(), 'close')));
    const outcome = await check(`http://127.0.0.1:${await listen(server)}/`, {}, {}, 60);
    expect(outcome).toEqual({ status: 'timeout', latencyMs: null, reason: 'no answer within 60 ms' });
    await Promise.all(closed);
  });

  test('ends at its deadline when the body drips for ever', async () => {
    const url = await serve((_, response) => {
      response.write('drip');
    });
    expect(await check(url, { body_contains: 'never' }, {}, 60)).toMatchObject({ status: 'timeout' });
  });

  test('closes the connection when aborted', async () => {
    const controller = new AbortController();
    const server = createRawServer();
    const port = await listen(server);
    const run = check(`http://127.0.0.1:${port}/`, {}, { signal: controller.signal });
    const [socket] = await once(server, 'connection');
    controller.abort();
    expect(await run).toMatchObject({ status: 'unknown', reason: 'aborted' });
    await once(socket.resume(), 'close');
  });

  test.each([
    ['nonsense\r\n\r\n', /^malformed answer: /],
    [`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`, /^malformed answer: /],
    ['', /^connection reset$/],
  ])('is critical for a server that says %.20j', async (words, reason) => {
    const server = createRawServer((socket) => void socket.on('error', () => {}).end(words));
    const outcome = await check(`http://127.0.0.1:${await listen(server)}/`);
    expect(outcome).toMatchObject({ status: 'critical', reason: expect.stringMatching(reason) });
  });

  test('is critical for a certificate that nobody vouches for, unless verify_tls=false', async () => {
    const port = await listen(createSecureServer(await selfSigned(), (_, response) => response.end('ok')));
    const url = `https://127.0.0.1:${port}/`;
    expect(await check(url)).toMatchObject({
      status: 'critical',
      reason: expect.stringMatching(/^certificate error: /),
    });
    expect(await check(url, { verify_tls: 'false', body_contains: 'ok' })).toMatchObject({
      status: 'success',
    });
  });

  test('is critical when the other side does not speak TLS', async () => {
    const url = await serve((_, response) => response.end());
    const outcome = await check(url.replace('http:', 'https:'));
    expect(outcome).toMatchObject({ status: 'critical', reason: expect.stringMatching(/^TLS failed: /) });
  });
});

async function selfSigned(): Promise<{ key: string; cert: string }> {
  // The library wants its reflection polyfill loaded before itself.
  await import('reflect-metadata');
  const { X509CertificateGenerator } = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=127.0.0.1',
    keys,
    signingAlgorithm: algorithm,
  });
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    key: `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`,
    cert: certificate.toString('pem'),
  };
}

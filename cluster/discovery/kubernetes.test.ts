import { rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { seededRandom, systemClock } from '../../runtime/index.ts';
import { type Listener, listenTo, tells } from '../../test/contract/discovery-source.ts';
import { KubernetesServer } from '../../test/contract/kubernetes/api-server.ts';
import { until } from '../../test/e2e/picket.ts';
import { kubernetesSource } from './kubernetes.ts';

const clock = systemClock();
const waitMs = 10_000;
let server: KubernetesServer;
let listener: Listener | null = null;

beforeAll(async () => {
  server = await KubernetesServer.start();
});
afterAll(() => server?.close());
afterEach(async () => {
  await listener?.stop();
  listener = null;
  Object.assign(server, { stand: null, served: ['slices', 'endpoints'], watchMs: 60_000, bookmarks: true });
  server.set([]);
});

const settings = () => ({
  api: server.url,
  account: server.account,
  namespace: null,
  service: 'picket',
  port: null,
  clock,
  random: seededRandom(1),
});
const at = (...lasts: number[]) => lasts.map((last) => ({ host: `127.0.0.${last}`, port: 7400 }));
const listen = (more: Partial<Parameters<typeof kubernetesSource>[0]> = {}) => {
  listener = listenTo(kubernetesSource({ ...settings(), ...more }), '127.0.0.1:7400');
  return listener;
};
const lists = () => server.requests.filter((request) => !request.includes('watch=')).length;
const code = (wanted: string) =>
  until(`the code ${wanted}`, waitMs, () => {
    if (listener!.errors.some((error) => error.code === wanted)) return true;
    throw new Error(JSON.stringify(listener!.errors.slice(-3)));
  });

describe('a watch', () => {
  test('that the server ends goes on from the last version, without another list', async () => {
    server.set(at(2));
    server.watchMs = 50;
    await tells(listen(), ['127.0.0.2:7400']);
    const before = lists();
    await until(
      'some watches',
      waitMs,
      () => server.requests.filter((one) => one.includes('watch=')).length > 3,
    );
    server.set(at(3));
    await tells(listener!, ['127.0.0.3:7400']);
    expect([lists(), listener!.errors]).toEqual([before, []]);
  });

  test('that is cut, also within a line, goes on from the last version', async () => {
    server.set(at(2));
    await tells(listen(), ['127.0.0.2:7400']);
    await until('the watch', waitMs, () => server.openWatches === 1);
    server.writeToWatches('{"type":"MODIFIED","object":{"metadata":{"na');
    server.cutWatches();
    server.set(at(3));
    await tells(listener!, ['127.0.0.3:7400']);
    expect(listener!.errors).toEqual([]);
  });

  test.each([true, false])(
    'whose version has expired (said in the watch: %s) begins with a new list',
    async (inWatch) => {
      server.set(at(2));
      server.bookmarks = false;
      await tells(listen(), ['127.0.0.2:7400']);
      await until('the watch', waitMs, () => server.openWatches === 1);
      if (!inWatch) {
        let left = 1;
        server.stand = ({ url }, response) => {
          if (!url!.includes('watch=') || left-- <= 0) return false;
          response.writeHead(410).end();
          return true;
        };
      }
      server.set(at(3));
      server.forgetHistory();
      const before = lists();
      server.cutWatches();
      await until('another list', waitMs, () => lists() > before);
      await tells(listener!, ['127.0.0.3:7400']);
      expect(listener!.errors).toEqual([]);
    },
  );

  test('of a quiet service lives by its bookmarks', async () => {
    server.set(at(2));
    await tells(listen(), ['127.0.0.2:7400']);
    server.forgetHistory();
    await until('a bookmark', waitMs, () => server.openWatches === 1);
    const before = lists();
    // Past the next bookmark: from its version the server still knows how to go on.
    const count = server.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    server.cutWatches();
    await until('another watch', waitMs, () => server.requests.length > count && server.openWatches === 1);
    expect(lists()).toBe(before);
  });
});

describe('an account', () => {
  test('whose token rotates is read again', async () => {
    server.set(at(2));
    server.watchMs = 50;
    await tells(listen(), ['127.0.0.2:7400']);
    server.rotateToken();
    server.set(at(3));
    await tells(listener!, ['127.0.0.3:7400']);
    expect(listener!.errors).toEqual([]);
  });

  test('whose token is withdrawn is denied; what was told stays, and the next token is good', async () => {
    server.set(at(2));
    server.watchMs = 50;
    await tells(listen(), ['127.0.0.2:7400']);
    server.withdrawToken();
    await code('discovery_denied');
    expect(listener!.told()).toEqual(['127.0.0.2:7400']);
    server.rotateToken();
    server.set(at(3));
    await tells(listener!, ['127.0.0.3:7400']);
  });

  test('without a token, or with one that is none, asks nobody', async () => {
    server.set(at(2));
    const before = server.requests.length;
    for (const spoil of [
      () => rmSync(join(server.account, 'token')),
      () => writeFileSync(join(server.account, 'token'), 'two\nlines'),
    ]) {
      spoil();
      const silent = listen();
      await code('discovery_denied');
      await silent.stop();
    }
    expect(server.requests.length).toBe(before);
    server.rotateToken();
  });

  test('is never shown to a server that another CA signed for', async () => {
    const other = await KubernetesServer.start();
    try {
      const stranger = listenTo(kubernetesSource({ ...settings(), api: other.url }), '127.0.0.1:7400');
      await until('an error', waitMs, () => stranger.errors[0]?.code === 'discovery_unreachable');
      await stranger.stop();
      expect(stranger.errors[0]!.message).toMatch(/certificate/);
      expect(other.requests).toEqual([]);
    } finally {
      await other.close();
    }
  });
});

function answer(status: number, body: string): (response: ServerResponse) => void {
  return (response) => {
    response.writeHead(status, { 'content-type': 'text/html' });
    response.end(body);
  };
}

function status(code: number): string {
  return JSON.stringify({ kind: 'Status', code, message: `because ${code}` });
}

describe('the server', () => {
  test.each<[string, (response: ServerResponse) => void, string, string]>([
    ['401', answer(401, status(401)), 'discovery_denied', 'because 401'],
    ['403 to both', answer(403, status(403)), 'discovery_denied', 'because 403'],
    ['404 to both', answer(404, '404 page not found'), 'discovery_not_found', '404'],
    ['429', answer(429, ''), 'discovery_unreachable', '429'],
    ['500', answer(500, 'x'.repeat(1_000_000)), 'discovery_unreachable', '500'],
    ['a redirect', answer(302, ''), 'discovery_malformed', '302'],
    ['HTML', answer(200, '<html>sign in</html>'), 'discovery_malformed', 'is no '],
    [
      'half a JSON',
      answer(200, '{"metadata":{"resourceVersion":"1"},"items":[{'),
      'discovery_malformed',
      'is no ',
    ],
    [
      'items without names',
      answer(200, '{"metadata":{"resourceVersion":"1"},"items":[7]}'),
      'discovery_malformed',
      '',
    ],
    ['nothing', (response: ServerResponse) => void response.destroy(), 'discovery_unreachable', ''],
    [
      'a body that breaks off',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{', () => response.destroy());
      },
      'discovery_unreachable',
      'broke off',
    ],
  ])(
    'that answers %s is said to, what was told stays, and it is asked again',
    async (_, say, wanted, text) => {
      server.set(at(2));
      server.watchMs = 50;
      await tells(listen(), ['127.0.0.2:7400']);
      server.stand = (_request, response) => {
        say(response);
        return true;
      };
      server.cutWatches();
      await code(wanted);
      expect(listener!.errors.find((error) => error.code === wanted)!.message).toContain(text);
      expect(listener!.told()).toEqual(['127.0.0.2:7400']);
      server.stand = null;
      server.set(at(3));
      await tells(listener!, ['127.0.0.3:7400']);
    },
  );

  test.each([
    '<html>',
    '{"type":"NEWS","object":{}}',
    '{"type":"ADDED"}',
    '7',
    '[]',
    `{"type":"ERROR","object":${status(500)}}`,
  ])('that writes %s into a watch is asked for the list again', async (line) => {
    server.set(at(2));
    await tells(listen(), ['127.0.0.2:7400']);
    await until('the watch', waitMs, () => server.openWatches === 1);
    server.writeToWatches(`${line}\n`);
    await code('discovery_malformed');
    server.set(at(3));
    await tells(listener!, ['127.0.0.3:7400']);
  });

  test('that writes a line without an end is cut off', async () => {
    server.set(at(2));
    await tells(listen(), ['127.0.0.2:7400']);
    await until('the watch', waitMs, () => server.openWatches === 1);
    for (let part = 0; part < 5; part += 1) server.writeToWatches('x'.repeat(1_000_000));
    await code('discovery_malformed');
  });

  test('that does not allow or serve slices is asked for endpoints', async () => {
    server.set(at(2));
    server.stand = ({ url }, response) => {
      if (!url!.includes('endpointslices')) return false;
      response.writeHead(403).end(status(403));
      return true;
    };
    await tells(listen(), ['127.0.0.2:7400']);
    expect(listener!.errors).toEqual([]);
  });

  test('that has ten thousand endpoints has them told, and the number is bounded where they are kept', async () => {
    const hosts = Array.from(
      { length: 10_000 },
      (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    );
    server.set(hosts.map((host) => ({ host, port: 7400 })));
    listen();
    await until('all of them', waitMs, () => listener!.told()?.length === 10_000);
    expect(listener!.errors).toEqual([]);
  });
});

describe('endpoints', () => {
  test('that terminate do not count, those that are not ready do', async () => {
    server.set([
      ...at(2),
      { host: '127.0.0.3', port: 7400, terminating: true },
      { host: '127.0.0.4', port: 7400, ready: false },
    ]);
    await tells(listen(), ['127.0.0.2:7400', '127.0.0.4:7400']);
    await listener!.stop();
    server.served = ['endpoints'];
    await tells(listen(), ['127.0.0.2:7400', '127.0.0.4:7400']);
  });

  test.each([
    ['http', '127.0.0.2:8080'],
    ['picket', '127.0.0.2:7400'],
    ['9000', '127.0.0.2:9000'],
  ])('are told with the port %s', async (port, address) => {
    server.set(at(2));
    await tells(listen({ port, namespace: 'noc' }), [address]);
  });
});

test.each([
  { api: 'http://127.0.0.1:1' },
  { api: 'nonsense' },
  { service: 'no/service' },
  { service: '' },
  { namespace: 'UPPER' },
  { port: 'a b' },
])('the setting %j is refused', (wrong) => {
  expect(() => kubernetesSource({ ...settings(), ...wrong })).toThrow(
    expect.objectContaining({ code: 'discovery_setting' }),
  );
});

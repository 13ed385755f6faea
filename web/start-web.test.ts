/** The whole door on loopback: real HTTP and WebSockets, a real actor system, a registry moved by hand. */
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WebFeedProtocol } from './feed.ts';
import { webFeedName } from './feed.ts';
import { socketMessageBytesMax, socketsMax } from './limits.ts';
import { startWeb, type Web, type WebOptions } from './start-web.ts';
import { type Browser, openBrowser, refusedSocket } from './testing/browser.ts';
import { type Monitor, member, type Stage, stage, view } from './testing/stage.ts';

let scene: Stage;
let web: Web;

function options(changes: Partial<WebOptions> = {}): WebOptions {
  const { system, cluster, tenants, clock } = scene;
  return {
    system,
    cluster,
    tenants,
    tenantSlug: 'default',
    host: '127.0.0.1',
    port: 0,
    storeHealth: async () => true,
    log: system.log,
    clock,
    ...changes,
  };
}

beforeEach(async () => {
  scene = stage();
  web = await startWeb(options());
});

afterEach(() => web.close());

const hostOf = () => new URL(web.url).host;
const stateOf = (id: string) => (page: ReturnType<Browser['state']>) => page.picture?.checks.get(id)?.state;

/** Sends bytes as they are and reads the whole answer. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = connect(Number(new URL(web.url).port), '127.0.0.1', () => connection.write(text));
    let answer = '';
    connection.on('data', (part) => {
      answer += String(part);
    });
    connection.on('close', () => resolve(answer));
    connection.on('error', reject);
  });
}

/** A browser that has the picture, with nothing more on its way from the start. */
async function settledBrowser(monitor: Monitor): Promise<Browser> {
  const browser = openBrowser(web.url, { origin: web.url });
  await browser.until((page) => page.picture?.tenant.picture === 'current');
  monitor.tell([view('settling')]);
  await browser.until((page) => page.picture?.checks.has('settling') === true);
  monitor.remove('settling');
  await browser.until((page) => page.picture?.checks.has('settling') === false);
  return browser;
}

test('a browser gets the full picture, then what changes', async () => {
  const monitor = scene.startMonitor([view('a'), view('b')]);
  const browser = await settledBrowser(monitor);
  const first = browser.state();
  expect(browser.messages[0]).toMatchObject({ type: 'full', node: 'web_1' });
  expect([...first.picture!.checks.keys()].sort()).toEqual(['a', 'b']);
  expect(first.picture!.nodes.map(({ name }) => name)).toEqual(['core_1', 'web_1']);
  monitor.tell([view('a', { state: 'down', last_reason: 'refused' })]);
  const second = await browser.until((page) => stateOf('a')(page) === 'down');
  expect(browser.messages.at(-1)).toMatchObject({
    type: 'change',
    checks: [{ id: 'a', last_reason: 'refused' }],
  });
  expect(second.picture!.counts).toMatchObject({ up: 1, down: 1, total: 2 });
  monitor.remove('b');
  await browser.until((page) => page.picture?.checks.size === 1);
});

test('changes in a burst come together, not one by one', async () => {
  const monitor = scene.startMonitor([view('a')]);
  const browser = openBrowser(web.url);
  await browser.until((page) => page.picture?.tenant.picture === 'current');
  const before = browser.messages.length;
  for (let index = 0; index < 200; index += 1) monitor.tell([view(`n${index}`)]);
  await browser.until((page) => page.picture?.checks.size === 201);
  expect(browser.messages.length - before).toBeLessThanOrEqual(3);
});

test('nodes that change are told without the checks', async () => {
  const browser = await settledBrowser(scene.startMonitor([view('a')]));
  scene.setMembers([member('core_1', 'core', { status: 'suspect' }), member('web_1', 'web')]);
  await browser.until((page) => page.picture?.nodes[0]?.status === 'suspect');
  expect(browser.messages.at(-1)).not.toHaveProperty('checks');
});

test('the feed says that no core holds the tenant, keeps what was known, and follows the next holder', async () => {
  const browser = openBrowser(web.url);
  const none = await browser.until((page) => page.picture?.tenant.id != null);
  expect(none.picture!.tenant).toMatchObject({ holder: null, picture: 'none' });
  const first = scene.startMonitor([view('a')]);
  await browser.until((page) => page.picture?.tenant.picture === 'current');
  scene.unnameMonitor();
  const alone = await browser.until((page) => page.picture?.tenant.picture === 'stale');
  expect(alone.picture!.tenant.holder).toBeNull();
  expect(alone.picture!.checks.has('a')).toBe(true);
  const second = scene.startMonitor([view('b', { state: 'down' })]);
  await browser.until((page) => stateOf('b')(page) === 'down' && page.picture!.checks.size === 1);
  expect([await first.subscribers(), await second.subscribers()]).toEqual([1, 1]);
});

test('a monitor that dies while its name is still there is noticed at once', async () => {
  const monitor = scene.startMonitor([view('a')]);
  const browser = openBrowser(web.url);
  await browser.until((page) => page.picture?.tenant.picture === 'current');
  scene.system.exit(monitor.ref, 'kill');
  const page = await browser.until(({ picture }) => picture?.tenant.picture === 'stale');
  expect(page.picture!.tenant.holder).toBeNull();
  scene.startMonitor([view('c')]);
  await browser.until((next) => next.picture?.checks.has('c') === true);
});

test('a feed that is killed is started again, and the browsers that stayed are told everything anew', async () => {
  scene.startMonitor([view('a')]);
  const browser = openBrowser(web.url);
  await browser.until((page) => page.picture?.tenant.picture === 'current');
  const before = browser.messages.length;
  scene.system.exit(scene.system.whereis(webFeedName)!, 'kill');
  await browser.until(
    (page) => browser.messages.length > before && page.picture?.tenant.picture === 'current',
  );
  expect(browser.messages.slice(before).some(({ type }) => type === 'full')).toBe(true);
  const feed = scene.system.whereis(webFeedName) as Parameters<typeof scene.system.call<WebFeedProtocol>>[0];
  expect(await scene.system.call(feed).tenant()).toMatchObject({ picture: 'current' });
});

test('pages and health answer with strict headers, and JSON is kept by nobody', async () => {
  scene.startMonitor([]);
  for (const path of [
    '/',
    '/page/style.css',
    '/page/ui/browser/main.js',
    '/health/live',
    '/health/cluster',
    '/nope',
  ]) {
    const response = await fetch(`${web.url}${path}`);
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.has('access-control-allow-origin')).toBe(false);
    expect(response.status).toBe(path === '/nope' ? 404 : 200);
  }
});

test('the page needs nothing that the door does not serve', async () => {
  const seen = new Set<string>();
  const walk = async (path: string): Promise<void> => {
    if (seen.has(path)) return;
    seen.add(path);
    const response = await fetch(`${web.url}${path}`);
    expect([path, response.status]).toEqual([path, 200]);
    const text = await response.text();
    const inHtml = path === '/' ? text.matchAll(/(?:src|href)="([^"]+)"/g) : [];
    const inScript = path.endsWith('.js') ? text.matchAll(/from ['"]([^'"]+)['"]/g) : [];
    for (const [, link] of [...inHtml, ...inScript]) await walk(new URL(link!, `${web.url}${path}`).pathname);
  };
  await walk('/');
  expect(seen).toContain('/page/ui/page-state.js');
  expect(await (await fetch(web.url)).text()).not.toMatch(/<script(?![^>]*\bsrc=)|\bon\w+=|style=/);
});

test('HEAD gets the head alone, other methods a refusal', async () => {
  const head = await fetch(`${web.url}/health/live`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
  const post = await fetch(`${web.url}/health/live`, { method: 'POST', body: 'x' });
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  expect(await post.json()).toMatchObject({ error: { code: 'method_not_allowed' } });
});

test('readiness says why not', async () => {
  scene.setMembers([member('web_1', 'web')]);
  const response = await fetch(`${web.url}/health/ready`);
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ reasons: [{ code: 'no_live_core' }] });
});

test('a request under another name than ours is refused, whatever it asks for', async () => {
  const answer = await raw(
    `GET /health/cluster HTTP/1.1\r\nHost: evil.example:${new URL(web.url).port}\r\n\r\n`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 421 /);
  expect(answer).toContain('"code":"wrong_host"');
  expect(answer).not.toContain('core_1');
  expect(await raw(`GET / HTTP/1.1\r\nHost: ${hostOf()}\r\nHost: ${hostOf()}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 4\d\d /,
  );
  expect(await raw('GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 421 /);
});

test('what is not HTTP, or too long, gets an error and no more', async () => {
  const large = await raw(`GET / HTTP/1.1\r\nHost: ${hostOf()}\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`);
  expect(large).toMatch(/^HTTP\/1\.1 431 /);
  expect(large).toContain('"code":"head_too_large"');
  expect(await raw('\x16\x03\x01 this is no HTTP\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  // What follows a body that nobody reads is not taken for the next request.
  const smuggled = `GET /health/live HTTP/1.1\r\nHost: ${hostOf()}\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n\r\n`;
  expect((await raw(smuggled)).match(/HTTP\/1\.1 /g)).toHaveLength(1);
});

test('no socket for a page of another site, under another name, or elsewhere', async () => {
  const origin = await refusedSocket(web.url, '/live', { origin: 'http://evil.example' });
  expect([origin.status, JSON.parse(origin.body).error.code]).toEqual([403, 'foreign_origin']);
  const host = await refusedSocket(web.url, '/live', { host: 'evil.example', origin: 'http://evil.example' });
  expect([host.status, JSON.parse(host.body).error.code]).toEqual([421, 'wrong_host']);
  const path = await refusedSocket(web.url, '/', {});
  expect([path.status, JSON.parse(path.body).error.code]).toEqual([400, 'upgrade_refused']);
});

test('a browser that says anything is closed, and one that says much before it is read', async () => {
  const talker = openBrowser(web.url);
  await talker.until((page) => page.picture !== null);
  talker.socket.send('hello');
  expect(await talker.closed).toEqual({ code: 1008, reason: 'nothing_accepted' });
  const shouter = openBrowser(web.url);
  await shouter.until((page) => page.picture !== null);
  shouter.socket.send('x'.repeat(socketMessageBytesMax + 1));
  expect((await shouter.closed).code).toBe(1009);
});

test('more browsers than there is room for are refused until one leaves', async () => {
  const browsers = Array.from({ length: socketsMax }, () => openBrowser(web.url));
  await Promise.all(browsers.map((browser) => browser.until((page) => page.picture !== null)));
  const refused = await refusedSocket(web.url, '/live', {});
  expect([refused.status, JSON.parse(refused.body).error.code]).toEqual([503, 'too_many_sockets']);
  browsers[0]!.socket.close();
  await browsers[0]!.closed;
  const next = openBrowser(web.url);
  await next.until((page) => page.picture !== null);
});

test('an address that others can reach is refused before anything is opened', async () => {
  const refused = startWeb(options({ host: '0.0.0.0' }));
  await expect(refused).rejects.toMatchObject({
    code: 'loopback_only',
    message: expect.stringMatching(/sign-in/),
  });
});

test('a port in use is refused with the error of the system', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  await expect(startWeb(options({ port }))).rejects.toMatchObject({ code: 'EADDRINUSE', port });
  await new Promise((resolve) => other.close(resolve));
});

test('closing says farewell, ends the feed and frees the port', async () => {
  const browser = openBrowser(web.url);
  await browser.until((page) => page.picture !== null);
  const port = Number(new URL(web.url).port);
  await web.close();
  expect(await browser.closed).toEqual({ code: 1001, reason: 'closing' });
  expect(scene.system.whereis(webFeedName)).toBeNull();
  web = await startWeb(options({ port }));
  expect((await fetch(`${web.url}/health/live`)).status).toBe(200);
});

test('a tenant that the store does not know yet is asked for again', async () => {
  await web.close();
  let known = false;
  const { tenants } = scene;
  const find: typeof tenants.find = async (slug) => {
    if (known) return tenants.find(slug);
    known = true;
    throw new Error('store_unavailable');
  };
  scene.startMonitor([view('a')]);
  web = await startWeb(options({ tenants: { ...tenants, find } }));
  const browser = openBrowser(web.url);
  await browser.until((page) => page.picture?.tenant.picture === 'current');
  expect(scene.logged.some((line) => line.includes('store_unavailable'))).toBe(true);
});

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, test } from 'vitest';
import { serverCertificate } from '../test/contract/kubernetes/certificate.ts';
import { makeInventory } from '../test/servers/inventory.ts';
import { type NetboxOptions, type PlayedNetbox, playNetbox } from '../test/servers/netbox.ts';
import { isFault } from './errors.ts';
import { askJson } from './json-request.ts';
import { limits } from './limits.ts';
import { openListing } from './open-listing.ts';
import { listingNeeds, type Read, readListing, settingsOf } from './testing/read-listing.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function netbox(devices: number, options?: NetboxOptions): Promise<PlayedNetbox> {
  const server = await playNetbox(makeInventory(devices), options);
  closing.push(server.close);
  return server;
}

const read = (server: PlayedNetbox, more: Partial<Read> = {}, caPem: string | null = null) =>
  readListing(settingsOf({ kind: 'netbox', endpoint: server.url, caPem }), {
    credentials: server.token,
    ...more,
  });

describe('where a listing connects to', () => {
  test('a shared node reaches no loopback, private or link-local address, by number or by name', async () => {
    const server = await netbox(5);
    const guarded = { needs: { guard: { allowAll: false } } };
    expect((await read(server, guarded)).end).toMatchObject({ fault: { code: 'target_not_allowed' } });
    const { port } = new URL(server.url);
    for (const address of ['127.0.0.1', '10.0.0.1', '169.254.169.254', '::ffff:127.0.0.1']) {
      const resolver = { lookup: async () => [address] };
      const named = settingsOf({ kind: 'netbox', endpoint: `http://netbox.example:${port}` });
      const { end } = await readListing(named, { credentials: 'x', needs: { ...guarded.needs, resolver } });
      expect([address, end.ended === 'aborted' && end.fault.code]).toEqual([address, 'target_not_allowed']);
    }
    expect(server.asked).toEqual([]);
  });

  test('a name is looked up for each request, and only an address that was judged is connected to', async () => {
    const server = await netbox(25);
    let times = 0;
    // Rebinding: the second answer is another address than the first.
    const resolver = { lookup: async () => [++times === 1 ? '127.0.0.1' : '192.168.0.1'] };
    const named = settingsOf({ kind: 'netbox', endpoint: server.url.replace('127.0.0.1', 'netbox.example') });
    server.nextLink = (right) => right.replace('127.0.0.1', 'netbox.example');
    const policy = {
      get allowAll() {
        return times === 1;
      },
    };
    const { end } = await readListing(named, {
      credentials: server.token,
      needs: { resolver, guard: policy },
    });
    expect(end).toMatchObject({ page: 2, fault: { code: 'target_not_allowed' } });
    expect(server.asked).toHaveLength(1);
  });

  test('a name without an address is tried again, and told', async () => {
    const resolver = { lookup: () => Promise.reject(Object.assign(new Error('no'), { code: 'EAI_AGAIN' })) };
    const named = settingsOf({ kind: 'netbox', endpoint: 'http://netbox.example' });
    const { end, waitedMs } = await readListing(named, { credentials: 'x', needs: { resolver } });
    expect(end).toMatchObject({ page: 1, fault: { code: 'name_not_found' } });
    expect(waitedMs).toHaveLength(limits.attemptsMax - 1);
  });

  test('a certificate has to be of an authority that is known, or given with the source', async () => {
    const tls = await serverCertificate();
    const server = await netbox(5, { tls });
    expect((await read(server)).end).toMatchObject({ fault: { code: 'tls_failed' } });
    expect((await read(server, {}, tls.ca)).end).toMatchObject({ ended: 'complete' });
  });
});

describe('an answer', () => {
  test('that does not come is waited for until the time of the request is over', async () => {
    const server = await netbox(5);
    server.fault = () => ({ hangs: true });
    const question = { url: new URL(server.url), headers: {}, form: null, caPem: null, timeoutMs: 30 };
    expect(await askJson(question, listingNeeds([], {}))).toMatchObject({
      fault: { code: 'request_timeout' },
    });
  });

  test('that comes late is taken', async () => {
    const server = await netbox(5);
    server.fault = () => ({ afterMs: 20 });
    expect((await read(server)).end).toMatchObject({ ended: 'complete' });
  });

  test('that is cut off is asked for again, and told when it always is', async () => {
    const server = await netbox(5);
    server.fault = () => ({ cutAfterBytes: 50 });
    expect((await read(server)).end).toMatchObject({ fault: { code: 'connection_failed' } });
    expect(server.asked).toHaveLength(limits.attemptsMax);
  });

  test('larger than is read ends the listing', async () => {
    const server = await netbox(5);
    server.fault = () => ({ status: 200, text: `"${'x'.repeat(limits.pageBytesMax)}"` });
    expect((await read(server)).end).toMatchObject({ fault: { code: 'page_too_large' } });
  });

  test('of something that speaks no HTTP is told', async () => {
    const server = createServer((socket) => socket.end('SSH-2.0-played\r\n')).listen(0, '127.0.0.1');
    closing.push(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const settings = settingsOf({ kind: 'netbox', endpoint: `http://127.0.0.1:${port}` });
    expect((await readListing(settings, { credentials: 'x' })).end).toMatchObject({
      fault: { code: 'bad_answer' },
    });
  });

  test.each([
    [403, 'forbidden', 1],
    [404, 'unexpected_status', 1],
    [408, 'server_error', limits.attemptsMax],
    [500, 'server_error', limits.attemptsMax],
    [503, 'server_error', limits.attemptsMax],
  ])('with status %i is %s, after %i questions', async (status, code, requests) => {
    const server = await netbox(5);
    server.fault = () => ({ status, text: `token ${server.token}` });
    const { end } = await read(server);
    expect(end).toMatchObject({ page: 1, fault: { code }, counts: { requests } });
    expect(JSON.stringify(end)).not.toContain(server.token);
  });
});

describe('whoever reads a listing', () => {
  test('is waited for: the next page is asked for when the next chunk is', async () => {
    const server = await netbox(100);
    const listing = openListing(
      settingsOf({ kind: 'netbox', endpoint: server.url }),
      server.token,
      listingNeeds([], {}),
    );
    if (isFault(listing)) throw new Error(listing.detail);
    expect(server.asked).toHaveLength(0);
    await listing.next();
    await listing.next();
    expect(server.asked).toHaveLength(2);
    await listing.return({} as never);
    expect(server.asked).toHaveLength(2);
  });

  test('calls it off between and within questions', async () => {
    const server = await netbox(100);
    const abort = new AbortController();
    server.fault = ({ page }) => {
      if (page !== 3) return null;
      setImmediate(() => abort.abort());
      return { hangs: true };
    };
    const { end } = await read(server, { needs: { signal: abort.signal } });
    expect(end).toMatchObject({ ended: 'aborted', page: 3, fault: { code: 'cancelled' } });
  });

  test('calls it off while it waits to try again', async () => {
    const server = await netbox(100);
    const abort = new AbortController();
    server.fault = () => ({ status: 500 });
    const clock = {
      wallMs: () => 0,
      monotonicMs: () => performance.now(),
      timer: () => () => setImmediate(() => abort.abort()),
    };
    setImmediate(() => abort.abort());
    const { end } = await read(server, { needs: { signal: abort.signal, clock } });
    expect(end).toMatchObject({ fault: { code: 'cancelled' } });
  });

  test('waits for no longer than a listing may take, however often it goes on', async () => {
    const server = await netbox(100);
    let nowMs = 0;
    const clock = {
      ...{ wallMs: () => 0, timer: () => () => {} },
      monotonicMs: () => (nowMs += limits.listingMsMax / 10),
    };
    const { end } = await read(server, { needs: { clock } });
    expect(end).toMatchObject({ ended: 'aborted', fault: { code: 'listing_timeout' } });
    expect(server.asked.length).toBeLessThan(10);
  });

  test('gets at most so many updates at once, however large a page is', async () => {
    const server = await netbox(0);
    const results = Array.from({ length: 2_500 }, (_, at) => ({ id: at + 1 }));
    server.fault = () => ({ status: 200, text: JSON.stringify({ count: 2_500, next: null, results }) });
    const { chunks, end } = await read(server);
    expect(chunks.map(({ updates }) => updates.length)).toEqual([1_000, 1_000, 500]);
    expect(end).toMatchObject({ ended: 'complete', counts: { listed: 2_500 } });
  });
});

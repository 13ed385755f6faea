import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { makeInventory } from '../../test/servers/inventory.ts';
import { type NetboxOptions, type PlayedNetbox, playNetbox } from '../../test/servers/netbox.ts';
import type { SourceSettings } from '../settings.ts';
import { listedAtMs, type Read, readListing, settingsOf } from '../testing/read-listing.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function netbox(devices: number, options?: NetboxOptions): Promise<PlayedNetbox> {
  const server = await playNetbox(makeInventory(devices), options);
  closing.push(server.close);
  return server;
}

const read = (server: PlayedNetbox, more: Partial<Read> = {}, set: Partial<SourceSettings> = {}) =>
  readListing(settingsOf({ kind: 'netbox', endpoint: server.url, ...set }), {
    credentials: server.token,
    ...more,
  });

const idsOf = (updates: readonly { metadata: Record<string, string> }[]) =>
  updates.map(({ metadata }) => Number(metadata.netbox_device_id));

describe('a listing of NetBox', () => {
  test('has every device once, page after page, each when it is asked for', async () => {
    const server = await netbox(95);
    const { devices, chunks, end } = await read(server);
    expect(idsOf(devices)).toEqual(server.devices.map(({ id }) => id));
    expect(chunks.map(({ page, total }) => [page, total])).toEqual(
      Array.from({ length: 10 }, (_, at) => [at + 1, 95]),
    );
    expect(end).toMatchObject({
      ended: 'complete',
      counts: { listed: 95, updates: 95, pages: 10, requests: 10 },
    });
    expect(server.asked.every(({ authorization }) => authorization === 'Token netbox-token')).toBe(true);
  });

  test('says of a device what is known of it, in the words of a device update', async () => {
    const server = await netbox(1);
    Object.assign(server.devices[0]!, {
      name: 'core-sw',
      serial: 'SN1',
      tags: ['edge', 'hq'],
      ips: ['10.0.0.1'],
    });
    const { devices } = await read(server, {}, { partition: 'plant' });
    const [made] = server.devices;
    expect(devices).toEqual([
      {
        ip: '10.0.0.1',
        hostname: 'core-sw',
        partition: 'plant',
        source: 'netbox',
        timestamp: new Date(listedAtMs).toISOString(),
        metadata: {
          netbox_device_id: '1',
          integration_type: 'netbox',
          serial: 'SN1',
          netbox_site: made!.site,
          netbox_rack: 'R1',
          netbox_role: made!.type,
          netbox_manufacturer: made!.maker,
          netbox_model: made!.model,
          netbox_platform: made!.os,
          netbox_status: 'active',
          netbox_tags: 'edge,hq',
        },
      },
    ]);
  });

  test('goes on where the server gives fewer than were asked for', async () => {
    const server = await netbox(45, { limitMax: 7 });
    const { end } = await read(server, {}, { pageItems: 20 });
    expect(end).toMatchObject({ ended: 'complete', counts: { listed: 45, pages: 7 } });
  });

  test('has the interfaces of each device when they are asked for', async () => {
    const server = await netbox(60);
    const { devices } = await read(server, {}, { withInterfaces: true, pageItems: 60 });
    const told = devices.map(({ interfaces }) => (interfaces ?? []).map(({ mac }) => mac));
    expect(told).toEqual(server.devices.map(({ macs }) => macs));
  });

  test('takes filters, and leaves out what is in a network of the blacklist, which is not gone for it', async () => {
    const server = await netbox(30);
    for (const device of server.devices) device.site = device.id <= 20 ? 'Hill' : 'Annex';
    for (const device of server.devices) device.ips = [device.id % 2 === 0 ? '192.0.2.9' : '10.0.0.1'];
    const { devices, retractions, end } = await read(
      server,
      { known: ['2', '21'] },
      { query: 'site=hill', blacklist: ['192.0.2.0/24'] },
    );
    expect(idsOf(devices)).toEqual(Array.from({ length: 10 }, (_, at) => at * 2 + 1));
    expect(end).toMatchObject({ counts: { listed: 20, updates: 10, blacklisted: 10, retracted: 1 } });
    expect(idsOf(retractions)).toEqual([21]);
  });
});

describe('what is gone', () => {
  test('is not told when page 37 of 40 fails, and exactly told by the next complete listing', async () => {
    const server = await netbox(400);
    const first = await read(server);
    if (first.end.ended !== 'complete') throw new Error(first.end.fault.detail);
    const known = first.end.ids;
    server.devices = server.devices.filter(({ id }) => id % 57 !== 0);
    const left = [57, 114, 171, 228, 285, 342, 399];
    server.fault = ({ page, path }) => (page === 37 && path.endsWith('/devices/') ? { status: 500 } : null);
    const broken = await read(server, { known });
    expect(broken.retractions).toEqual([]);
    expect(broken.devices).toHaveLength(360);
    expect(broken.end).toMatchObject({
      ended: 'aborted',
      page: 37,
      fault: { code: 'server_error', detail: expect.stringContaining('500, 4 times in a row') },
    });
    server.fault = () => null;
    const whole = await read(server, { known });
    expect(idsOf(whole.retractions)).toEqual(left);
    expect(whole.end).toMatchObject({ ended: 'complete', counts: { retracted: 7, listed: 393 } });
    expect(whole.chunks.at(-1)!.kind).toBe('retractions');
    if (whole.end.ended === 'complete')
      expect([...whole.end.ids].map(Number)).toEqual(server.devices.map(({ id }) => id));
  });

  test('is asked for by id: what slipped from one page to one that was read is still there', async () => {
    const server = await netbox(40);
    // When page 2 was read device 1 goes, and all that follow move up by one: 21 is on no page that is read.
    server.fault = ({ page }) => {
      if (page === 3) server.devices = server.devices.filter(({ id }) => id !== 1);
      return null;
    };
    const { devices, retractions, end } = await read(server, { known: ['1', '21', '40', '41'] });
    expect(idsOf(devices)).not.toContain(21);
    expect(idsOf(retractions)).toEqual([41]);
    expect(end).toMatchObject({ ended: 'complete', counts: { unconfirmed: 1 } });
    if (end.ended === 'complete') expect(end.ids.has('21')).toBe(true);
  });

  test('is not everything because nothing is listed, unless somebody says so', async () => {
    const server = await netbox(0);
    const known = ['1', '2'];
    expect((await read(server, { known })).end).toMatchObject({
      ended: 'aborted',
      fault: { code: 'listing_empty' },
    });
    const told = await read(server, { known, needs: { acceptEmpty: true } });
    expect(idsOf(told.retractions)).toEqual([1, 2]);
  });

  test('a listing with fewer devices than the server counts is walked again, and believed by none', async () => {
    const server = await netbox(30);
    server.nextLink = (right) => (right.includes('offset=20') ? '' : right);
    const { devices, end } = await read(server, { known: ['1', '29'] });
    expect(idsOf(devices)).toEqual(server.devices.slice(0, 20).map(({ id }) => id));
    expect(end).toMatchObject({ ended: 'aborted', fault: { code: 'total_disagrees' } });
  });

  test('whatever is removed and added between two listings, the second retracts exactly what is gone', async () => {
    const server = await netbox(0);
    const set = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 });
    const all = new Map(makeInventory(60).map((device) => [device.id, device]));
    await fc.assert(
      fc.asyncProperty(set, set, async (before, after) => {
        server.devices = before.map((id) => all.get(id)!);
        const first = await read(server);
        if (first.end.ended !== 'complete') throw new Error(first.end.fault.detail);
        server.devices = after.map((id) => all.get(id)!);
        const { retractions } = await read(server, { known: first.end.ids });
        const sorted = (ids: number[]) => ids.sort((a, b) => a - b);
        expect(sorted(idsOf(retractions))).toEqual(sorted(before.filter((id) => !after.includes(id))));
      }),
      { numRuns: 30 },
    );
  });
});

describe('a server that means harm', () => {
  test.each([
    ['another host', 'http://192.0.2.1/api/dcim/devices/?offset=10'],
    ['another scheme', (url: string) => url.replace('http://', 'https://')],
    ['another port', (url: string) => url.replace(/:\d+\//, ':9/')],
    ['another path', (url: string) => url.replace('/devices/', '/devices/../../echo/')],
    ['somebody in the address', (url: string) => url.replace('http://', 'http://a@')],
  ])('is not followed to %s', async (_, link) => {
    const server = await netbox(25);
    server.nextLink = (right) => (typeof link === 'string' ? link : link(right));
    const { end } = await read(server);
    expect(end).toMatchObject({ ended: 'aborted', page: 1, fault: { code: 'foreign_next' } });
    expect(server.asked).toHaveLength(1);
  });

  test('is not followed in a circle', async () => {
    const server = await netbox(25);
    server.nextLink = (right) => right.replace(/offset=\d+/, 'offset=10');
    expect((await read(server)).end).toMatchObject({ page: 2, fault: { code: 'paging_stuck' } });
  });

  test('gets no credentials by a redirect', async () => {
    const server = await netbox(5);
    const other = await netbox(5);
    server.fault = () => ({ status: 302, headers: { location: `${other.url}/api/dcim/devices/` } });
    const { end } = await read(server);
    expect(end).toMatchObject({ fault: { code: 'redirected', detail: expect.stringContaining(other.url) } });
    expect(other.asked).toEqual([]);
  });

  test.each([
    ['no JSON', '<html>'],
    ['another JSON', '{"devices":[]}'],
    ['a list', '[]'],
    ['null', 'null'],
  ])('that answers with %s ends the listing', async (_, text) => {
    const server = await netbox(5);
    server.fault = () => ({ status: 200, text });
    expect((await read(server)).end).toMatchObject({ fault: { code: 'bad_answer' } });
  });
});

test('an entry without an id is counted and no device; strange values are left out', async () => {
  const server = await netbox(0);
  const results = [
    { name: 'x' },
    null,
    { id: 7, name: 4, primary_ip4: 'x', tags: {}, site: [], device_type: 1, status: { value: {} } },
  ];
  server.fault = () => ({ status: 200, text: JSON.stringify({ count: 3, next: null, results }) });
  const { devices, end } = await read(server);
  expect(devices).toMatchObject([
    { hostname: '4', metadata: { netbox_device_id: '7', integration_type: 'netbox' } },
  ]);
  expect(Object.keys(devices[0]!.metadata)).toHaveLength(2);
  expect(end).toMatchObject({ ended: 'complete', counts: { bad: 2, listed: 1 } });
});

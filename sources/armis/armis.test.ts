import { afterEach, describe, expect, test } from 'vitest';
import { type ArmisOptions, type PlayedArmis, playArmis } from '../../test/servers/armis.ts';
import { makeInventory } from '../../test/servers/inventory.ts';
import type { SourceSettings } from '../settings.ts';
import { listedAtMs, type Read, readListing, settingsOf } from '../testing/read-listing.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function armis(devices: number, options?: ArmisOptions): Promise<PlayedArmis> {
  const server = await playArmis(makeInventory(devices), options);
  closing.push(server.close);
  return server;
}

const read = (server: PlayedArmis, more: Partial<Read> = {}, set: Partial<SourceSettings> = {}) =>
  readListing(settingsOf({ kind: 'armis', endpoint: server.url, ...set }), {
    credentials: server.secretKey,
    ...more,
  });

const idsOf = (updates: readonly { metadata: Record<string, string> }[]) =>
  updates.map(({ metadata }) => Number(metadata.armis_device_id));

describe('a listing of Armis', () => {
  test('gets a token for the secret key, and has every device once', async () => {
    const server = await armis(95);
    const { devices, end } = await read(server, {}, { endpoint: `${server.url}/api/v1/` });
    expect(idsOf(devices)).toEqual(server.devices.map(({ id }) => id));
    expect(end).toMatchObject({ ended: 'complete', counts: { listed: 95, pages: 10, requests: 11 } });
    expect(server.tokensGiven).toBe(1);
    expect(server.asked[1]!.params.get('aql')).toBe('in:devices');
    expect(server.asked.some(({ path, params }) => `${path}${params}`.includes(server.secretKey))).toBe(
      false,
    );
  });

  test('says of a device what is known of it, in the words of a device update', async () => {
    const server = await armis(1);
    Object.assign(server.devices[0]!, {
      ...{
        name: 'pump-1',
        tags: ['a', 'b'],
        ips: ['10.0.0.1', '10.0.0.2'],
        macs: ['00:1B:00:00:00:01', '00:1B:01:00:00:01'],
      },
      ...{ firstSeen: '2025-01-01T00:00:00+00:00', lastSeen: '2025-02-01T10:00:00+00:00', risk: 0 },
    });
    const [made] = server.devices;
    const { devices } = await read(server);
    expect(devices).toEqual([
      {
        ip: '10.0.0.1',
        mac: '00:1B:00:00:00:01',
        hostname: 'pump-1',
        partition: 'default',
        source: 'armis',
        timestamp: '2025-02-01T10:00:00.000Z',
        metadata: {
          armis_device_id: '1',
          integration_type: 'armis',
          armis_type: made!.type,
          armis_category: expect.any(String),
          armis_manufacturer: made!.maker,
          armis_model: made!.model,
          armis_operating_system: made!.os,
          armis_operating_system_version: '1.0',
          armis_risk_level: '0',
          armis_boundaries: 'Corporate',
          armis_site: made!.site,
          armis_tags: 'a,b',
          armis_last_seen: '2025-02-01T10:00:00.000Z',
          armis_ip_addresses: '10.0.0.1,10.0.0.2',
          armis_mac_addresses: '00:1B:00:00:00:01,00:1B:01:00:00:01',
          _first_seen: '2025-01-01T00:00:00.000Z',
        },
        interfaces: [
          { name: 'mac1', mac: '00:1B:00:00:00:01', ips: [] },
          { name: 'mac2', mac: '00:1B:01:00:00:01', ips: [] },
        ],
      },
    ]);
  });

  test('a token that ends in the middle is replaced, and the same page asked again', async () => {
    const server = await armis(400, { searchesOfToken: 7 });
    const { devices, end } = await read(server);
    expect(idsOf(devices)).toEqual(server.devices.map(({ id }) => id));
    expect(end).toMatchObject({ ended: 'complete', counts: { listed: 400, repeated: 0, pages: 40 } });
    expect(server.tokensGiven).toBe(6);
  });

  test('a token that is not taken although it is new ends the listing', async () => {
    const server = await armis(40);
    server.fault = ({ page }) => {
      if (page === 3) server.expireTokens();
      return null;
    };
    const { end, devices } = await read(server);
    expect(end).toMatchObject({ ended: 'aborted', page: 3, fault: { code: 'unauthorized' } });
    expect(devices).toHaveLength(20);
    expect(server.tokensGiven).toBe(3);
  });

  test('a wrong secret key is told as that, without the key', async () => {
    const server = await armis(5);
    const { end } = await read(server, { credentials: 'wrong-key' });
    expect(end).toMatchObject({ page: 1, fault: { code: 'unauthorized' } });
    expect(JSON.stringify(end)).not.toContain('wrong-key');
  });

  test('waits as long as the server asks when it asks too often', async () => {
    const server = await armis(40);
    let times = 0;
    server.fault = ({ page }) => {
      if (page !== 3 || times === 2) return null;
      times += 1;
      return { status: 429, headers: { 'retry-after': '7' } };
    };
    const { end, waitedMs } = await read(server);
    expect(end).toMatchObject({ ended: 'complete', counts: { listed: 40, retries: 2 } });
    expect(waitedMs).toEqual([7_000, 7_000]);
  });

  test('does not wait an hour', async () => {
    const server = await armis(40);
    server.fault = ({ page }) => (page === 2 ? { status: 429, headers: { 'retry-after': '3600' } } : null);
    const { end, waitedMs } = await read(server);
    expect(end).toMatchObject({
      page: 2,
      fault: { code: 'rate_limited', detail: expect.stringContaining('3600 s') },
    });
    expect(waitedMs).toEqual([]);
  });

  test('what failed twice and then went is whole, and nothing of it is there twice', async () => {
    const server = await armis(60);
    const failed = new Map<number, number>();
    server.fault = ({ page }) => {
      const times = failed.get(page) ?? 0;
      failed.set(page, times + 1);
      if (page % 2 === 0 || times >= 2) return null;
      return times === 0 ? { status: 503 } : { cutAfterBytes: 100 };
    };
    const { devices, end } = await read(server);
    expect(idsOf(devices)).toEqual(server.devices.map(({ id }) => id));
    expect(end).toMatchObject({ ended: 'complete', counts: { repeated: 0 } });
  });
});

describe('the time of an update', () => {
  test('is when the device was seen, and now for one that was not known at the last complete listing', async () => {
    const server = await armis(3);
    const now = new Date(listedAtMs).toISOString();
    const seen = server.devices.map(({ lastSeen }) => lastSeen);
    expect((await read(server)).devices.map(({ timestamp }) => timestamp)).toEqual(seen);
    const again = await read(server, { known: ['1', '3'] });
    expect(again.devices.map(({ timestamp }) => timestamp)).toEqual([seen[0], now, seen[2]]);
  });

  test('is never ahead of our clock', async () => {
    const server = await armis(1);
    server.devices[0]!.lastSeen = '2999-01-01T00:00:00Z';
    const { devices } = await read(server);
    expect(devices[0]!.timestamp).toBe(new Date(listedAtMs).toISOString());
  });
});

test.each([
  ['a text', '20', 3],
  ['0', 0, 1],
  ['nothing', undefined, 1],
])('where the next page begins may be told as %s', async (_, next, pages) => {
  const server = await armis(30);
  const page = (at: number) => server.devices.slice(at, at + 10).map(({ id }) => ({ id }));
  server.fault = ({ path, params }) => {
    if (!path.endsWith('/search/')) return null;
    const from = Number(params.get('from'));
    const data = { results: page(from), next: from === 10 ? next : from === 0 && pages > 1 ? '10' : null };
    return { status: 200, text: JSON.stringify({ data, success: true }) };
  };
  expect((await read(server)).end).toMatchObject({
    ended: 'complete',
    counts: { pages, listed: pages * 10 },
  });
});

test.each([
  [{ success: false }],
  [{ data: { results: [], next: -1 } }],
  [{ data: { results: [], next: 1.5 } }],
  [{ data: [] }],
])('%j is no answer of Armis', async (body) => {
  const server = await armis(3);
  server.fault = ({ path }) =>
    path.endsWith('/search/') ? { status: 200, text: JSON.stringify(body) } : null;
  const { end } = await read(server);
  expect(end).toMatchObject({ ended: 'aborted', page: 1 });
  expect(['bad_answer', 'paging_stuck']).toContain(end.ended === 'aborted' && end.fault.code);
});

test('what is gone is retracted by its id in Armis, after the last page', async () => {
  const server = await armis(30);
  const { retractions, chunks } = await read(server, { known: ['7', '29', '31', '999'] });
  expect(idsOf(retractions)).toEqual([31, 999]);
  expect(retractions[0]!.metadata).toEqual({
    armis_device_id: '31',
    integration_type: 'armis',
    _deleted: 'true',
  });
  expect(chunks.map(({ kind }) => kind)).toEqual(['devices', 'devices', 'devices', 'retractions']);
  expect(server.asked.at(-1)!.params.get('aql')).toBe('in:devices deviceId:(31,999)');
});

/**
 * A server that answers as the NetBox REST API is documented: a token, lists with `count`, `next`, `previous`, `limit` and `offset`,
 * filters by id and site, and interfaces with their MACs. Written from documentation; the product itself was not there.
 */
import type { MadeDevice } from './inventory.ts';
import { type Asked, type PlayedServer, playServer, type Reply } from './played-faults.ts';

export interface PlayedNetbox extends PlayedServer {
  /** May be changed at any time. */
  devices: MadeDevice[];
  token: string;
  /** Written into the link to the next page instead of it. */
  nextLink: ((right: string) => string) | null;
}

export interface NetboxOptions {
  /** `MAX_PAGE_SIZE`. */
  readonly limitMax?: number;
  readonly tls?: { key: string; cert: string };
}

const usualLimit = 50;

export async function playNetbox(devices: MadeDevice[], options: NetboxOptions = {}): Promise<PlayedNetbox> {
  const limitMax = options.limitMax ?? 1_000;
  const limitOf = (params: URLSearchParams) => {
    const asked = Number(params.get('limit') ?? usualLimit);
    return asked === 0 ? limitMax : Math.min(asked, limitMax);
  };

  function page<Row>({ path, params }: Asked, all: readonly Row[], toAnswer: (row: Row) => unknown): Reply {
    const limit = limitOf(params);
    const offset = Number(params.get('offset') ?? 0);
    const link = (at: number | null) => {
      if (at === null) return null;
      const url = new URL(path, server.url);
      url.search = params.toString();
      url.searchParams.set('limit', String(limit));
      url.searchParams.set('offset', String(at));
      return url.href;
    };
    const right = link(offset + limit < all.length ? offset + limit : null);
    const next = right !== null && state.nextLink !== null ? state.nextLink(right) : right;
    const previous = link(offset === 0 ? null : Math.max(0, offset - limit));
    return {
      status: 200,
      body: { count: all.length, next, previous, results: all.slice(offset, offset + limit).map(toAnswer) },
    };
  }

  function answer(asked: Asked): Reply {
    const { path, params, authorization, method } = asked;
    if (authorization === undefined)
      return { status: 403, body: { detail: 'Authentication credentials were not provided.' } };
    if (authorization !== `Token ${state.token}`) return { status: 403, body: { detail: 'Invalid token' } };
    if (method !== 'GET') return { status: 405, body: { detail: `Method "${method}" not allowed.` } };
    if (path === '/api/dcim/devices/') return page(asked, matching(state.devices, params), toNetbox);
    if (path !== '/api/dcim/interfaces/') return { status: 404, body: { detail: 'Not found.' } };
    const wanted = new Set(params.getAll('device_id').map(Number));
    return page(asked, state.devices.filter(({ id }) => wanted.has(id)).flatMap(toInterfaces), (row) => row);
  }

  const server = await playServer(
    {
      pageOf: (path, params) =>
        path.endsWith('/devices/') ? Math.floor(Number(params.get('offset') ?? 0) / limitOf(params)) + 1 : 0,
      answer,
    },
    options.tls ?? null,
  );
  const state: PlayedNetbox = Object.assign(server, { devices, token: 'netbox-token', nextLink: null });
  return state;
}

/** Several values of one filter are one or the other, different filters are both. */
function matching(devices: readonly MadeDevice[], params: URLSearchParams): MadeDevice[] {
  const ids = new Set(params.getAll('id').map(Number));
  const sites = new Set(params.getAll('site'));
  const found = devices.filter(
    ({ id, site }) => (ids.size === 0 || ids.has(id)) && (sites.size === 0 || sites.has(site.toLowerCase())),
  );
  return params.get('ordering') === 'id' ? found.sort((a, b) => a.id - b.id) : found;
}

const named = (id: number, name: string) => ({ id, name, slug: name.toLowerCase(), display: name });

function address(of: MadeDevice): unknown {
  const [ip] = of.ips;
  return ip === undefined
    ? null
    : { id: of.id, family: { value: 4, label: 'IPv4' }, address: `${ip}/24`, display: `${ip}/24` };
}

function toNetbox(device: MadeDevice): unknown {
  return {
    id: device.id,
    url: `http://netbox/api/dcim/devices/${device.id}/`,
    display: device.name ?? `device ${device.id}`,
    name: device.name,
    device_type: {
      id: 1,
      manufacturer: named(1, device.maker),
      model: device.model,
      slug: device.model.toLowerCase(),
    },
    role: named(1, device.type),
    tenant: null,
    platform: named(1, device.os),
    serial: device.serial ?? '',
    asset_tag: null,
    site: named(1, device.site),
    location: null,
    rack: named(1, 'R1'),
    status: { value: 'active', label: 'Active' },
    primary_ip: address(device),
    primary_ip4: address(device),
    primary_ip6: null,
    tags: device.tags.map((tag, at) => named(at + 1, tag)),
    custom_fields: {},
    interface_count: device.macs.length,
    created: device.firstSeen,
    last_updated: device.lastSeen,
  };
}

function toInterfaces(device: MadeDevice): unknown[] {
  return device.macs.map((mac, at) => ({
    id: device.id * 10 + at,
    device: { id: device.id, name: device.name },
    name: `eth${at}`,
    enabled: true,
    mac_address: mac,
  }));
}

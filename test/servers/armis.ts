/**
 * A server that answers as the Armis API v1 is documented: an access token for a secret key, a search in AQL with `from`, `length`
 * and `next`. Of AQL it knows `in:devices` and `deviceId:(...)`. Written from documentation; the product itself was not there.
 */
import type { MadeDevice } from './inventory.ts';
import { type Asked, type PlayedServer, playServer, type Reply } from './played-faults.ts';

export interface PlayedArmis extends PlayedServer {
  /** May be changed at any time; in the order in which it is listed. */
  devices: MadeDevice[];
  secretKey: string;
  /** From now on no token that was given out is taken. */
  expireTokens(): void;
  readonly tokensGiven: number;
}

export interface ArmisOptions {
  /** A token is taken for so many searches. */
  readonly searchesOfToken?: number;
  readonly tls?: { key: string; cert: string };
}

/** What one page has unless told, and at most. */
const [usualLength, lengthMax] = [10, 1_000];

export async function playArmis(devices: MadeDevice[], options: ArmisOptions = {}): Promise<PlayedArmis> {
  const left = new Map<string, number>();
  let given = 0;

  function token(form: string, params: URLSearchParams): Reply {
    const key = new URLSearchParams(form).get('secret_key') ?? params.get('secret_key');
    if (key !== state.secretKey)
      return { status: 401, body: { message: 'Invalid secret key.', success: false } };
    given += 1;
    const name = `token-${given}`;
    left.set(name, options.searchesOfToken ?? Number.POSITIVE_INFINITY);
    return {
      status: 200,
      body: { data: { access_token: name, expiration_utc: '2026-01-01T00:15:00+00:00' }, success: true },
    };
  }

  function search({ params, authorization }: Asked): Reply {
    const searches = left.get(authorization ?? '') ?? 0;
    if (searches <= 0) return { status: 401, body: { message: 'Invalid access token.', success: false } };
    left.set(authorization!, searches - 1);
    const aql = params.get('aql');
    if (aql === null || !aql.includes('in:devices'))
      return { status: 400, body: { message: 'Invalid AQL.', success: false } };
    const ids = /deviceId:\(([^)]*)\)/.exec(aql)?.[1]?.split(',').map(Number);
    const matching = ids === undefined ? state.devices : state.devices.filter(({ id }) => ids.includes(id));
    const from = Number(params.get('from') ?? 0);
    const length = Math.min(Number(params.get('length') ?? usualLength), lengthMax);
    const results = matching.slice(from, from + length);
    const end = from + results.length;
    const next = end < matching.length ? end : null;
    const data = {
      count: results.length,
      next,
      prev: from === 0 ? null : Math.max(0, from - length),
      results: results.map(toArmis),
      ...(params.get('includeTotal') === 'true' ? { total: matching.length } : {}),
    };
    return { status: 200, body: { data, success: true } };
  }

  const server = await playServer(
    {
      pageOf: (path, params) =>
        path.endsWith('/search/')
          ? Math.floor(Number(params.get('from') ?? 0) / Number(params.get('length') ?? usualLength)) + 1
          : 0,
      answer(asked, form) {
        if (asked.path === '/api/v1/access_token/' && asked.method === 'POST')
          return token(form, asked.params);
        if (asked.path === '/api/v1/search/' && asked.method === 'GET') return search(asked);
        return { status: 404, body: { message: 'Not found.', success: false } };
      },
    },
    options.tls ?? null,
  );
  const state = Object.assign(server, {
    devices,
    secretKey: 'armis-secret-key',
    expireTokens: () => left.clear(),
  });
  return Object.defineProperty(state, 'tokensGiven', { get: () => given }) as PlayedArmis;
}

function toArmis(device: MadeDevice): unknown {
  return {
    accessSwitch: null,
    boundaries: 'Corporate',
    category: device.type === 'Laptop' ? 'Computers' : 'Network Equipment',
    customProperties: {},
    firstSeen: device.firstSeen,
    id: device.id,
    ipAddress: device.ips.join(','),
    ipv6: null,
    lastSeen: device.lastSeen,
    macAddress: device.macs.join(','),
    manufacturer: device.maker,
    model: device.model,
    name: device.name ?? '',
    operatingSystem: device.os,
    operatingSystemVersion: '1.0',
    purdueLevel: null,
    riskLevel: device.risk,
    sensor: { name: 'sensor-1', type: 'Access Switch' },
    site: { location: device.site, name: device.site },
    tags: device.tags,
    type: device.type,
    visibility: 'Full',
  };
}

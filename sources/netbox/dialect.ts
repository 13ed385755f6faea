/**
 * How NetBox is listed (REST API): a token that somebody made, pages that link to the next one. A link is followed only where the
 * listing began: whoever answers must not be able to send the token to another system.
 */
import { type DeviceInterface, member } from '../device-update.ts';
import type { Ask, Authorize, Dialect, ListedDevice, PageAsk } from '../dialect.ts';
import { fault, isFault, type SourceFault } from '../errors.ts';
import { limits } from '../limits.ts';
import type { JudgedSettings } from '../settings.ts';
import { readNetboxDevice, readNetboxInterface, withInterfaces } from './device.ts';

interface Page {
  readonly results: readonly unknown[];
  readonly total: number | null;
  readonly next: PageAsk | null;
}

export function netboxDialect(settings: JudgedSettings, listedAt: string): Dialect {
  const { base, pageItems, partition, query } = settings;
  const devicesAt = (params: URLSearchParams): PageAsk => {
    const url = new URL('api/dcim/devices/', base);
    url.search = params.toString();
    return { url };
  };
  const first = new URLSearchParams(query ?? '');
  first.set('limit', String(pageItems));
  first.set('offset', '0');
  // New devices come behind those that were read, so that only a deletion moves what is still to come.
  if (!first.has('ordering')) first.set('ordering', 'id');
  return {
    source: 'netbox',
    idKey: 'netbox_device_id',
    first: devicesAt(first),
    read(body, asked) {
      const page = readPage(body, asked);
      if (isFault(page)) return page;
      const devices = page.results
        .map((entry) => readNetboxDevice(entry, partition, listedAt))
        .filter((one): one is ListedDevice => one !== null);
      return { devices, bad: page.results.length - devices.length, total: page.total, next: page.next };
    },
    byIds(ids) {
      const params = new URLSearchParams(query ?? '');
      for (const id of ids) params.append('id', id);
      params.set('limit', String(limits.confirmedIdsMax));
      return devicesAt(params);
    },
    complete: settings.withInterfaces ? (devices, ask) => addInterfaces(base, devices, ask) : null,
  };
}

function readPage(body: unknown, asked: PageAsk): Page | SourceFault {
  const results = member(body, 'results');
  if (!Array.isArray(results))
    return fault(
      'bad_answer',
      `${asked.url.pathname} did not answer as NetBox does: a list of results is missing`,
    );
  const next = readNext(member(body, 'next') ?? null, asked);
  if (next !== null && isFault(next)) return next;
  const count = member(body, 'count');
  const total = Number.isSafeInteger(count) && (count as number) >= 0 ? (count as number) : null;
  return { results, total, next };
}

function readNext(next: unknown, { url }: PageAsk): PageAsk | SourceFault | null {
  if (next === null || next === '') return null;
  if (typeof next !== 'string' || next.length > limits.endpointCharsMax * 8 || !URL.canParse(next, url.href))
    return fault('bad_answer', 'the link to the next page is none');
  const to = new URL(next, url.href);
  if (to.origin !== url.origin || to.pathname !== url.pathname || to.username !== '' || to.password !== '')
    return fault(
      'foreign_next',
      `the link to the next page leads to ${to.origin}${to.pathname.slice(0, 100)} instead of ${url.origin}${url.pathname}: it was not followed; behind a proxy NetBox has to be told the address that it is called by`,
    );
  to.hash = '';
  const [before, after] = [offsetOf(url), offsetOf(to)];
  if (before !== null && (after === null || after <= before))
    return fault(
      'paging_stuck',
      `after offset ${before} the next page was said to begin at ${after ?? 'none'}`,
    );
  return { url: to };
}

function offsetOf(url: URL): number | null {
  const text = url.searchParams.get('offset');
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** Of so many devices at once as fit into a URL. */
async function addInterfaces(
  base: URL,
  devices: readonly ListedDevice[],
  ask: Ask,
): Promise<readonly ListedDevice[] | SourceFault> {
  const found = new Map<string, DeviceInterface[]>();
  for (let at = 0; at < devices.length; at += limits.interfaceDevicesMax) {
    const url = new URL('api/dcim/interfaces/', base);
    for (const { id } of devices.slice(at, at + limits.interfaceDevicesMax))
      url.searchParams.append('device_id', id);
    url.searchParams.set('limit', String(limits.pageItemsMax));
    url.searchParams.set('offset', '0');
    const why = await readInterfaces({ url }, ask, found);
    if (why !== null) return why;
  }
  return withInterfaces(devices, found);
}

async function readInterfaces(
  first: PageAsk,
  ask: Ask,
  found: Map<string, DeviceInterface[]>,
): Promise<SourceFault | null> {
  let next: PageAsk | null = first;
  for (let pages = 0; next !== null; pages += 1) {
    if (pages === limits.interfacePagesMax)
      return fault('too_many_items', 'the interfaces of some devices never end');
    const answered: { readonly body: unknown } | SourceFault = await ask(next);
    if (isFault(answered)) return answered;
    const page: Page | SourceFault = readPage(answered.body, next);
    if (isFault(page)) return page;
    for (const entry of page.results) {
      const read = readNetboxInterface(entry);
      if (read === null) continue;
      const of = found.get(read.deviceId) ?? [];
      if (of.length < limits.interfacesOfDeviceMax) of.push(read.one);
      found.set(read.deviceId, of);
    }
    next = page.next;
  }
  return null;
}

/** A token of the newer kind begins with its key's mark and is a bearer's; the older one is not. */
export function netboxAuthorize(token: string): Authorize {
  const scheme = token.startsWith('nbt_') ? 'Bearer' : 'Token';
  return async () => ({ headers: { authorization: `${scheme} ${token}` } });
}

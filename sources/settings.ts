/**
 * What a source is set to, and whether that makes a listing. Pure: judged where a source is written down and again where it runs,
 * which may be an older or a newer build, or an agent in the tenant's network.
 */
import { type Networks, readNetworks } from './blacklist.ts';
import { fault, isFault, type SourceFault } from './errors.ts';
import { limits } from './limits.ts';

export const sourceKinds = ['armis', 'netbox'] as const;
export type SourceKind = (typeof sourceKinds)[number];

export interface SourceSettings {
  readonly kind: SourceKind;
  /** http or https, up to where `/api` begins, which may be part of it. */
  readonly endpoint: string;
  /** Armis: a query in AQL. NetBox: filters of the list of devices, as in a URL. Null: all devices. */
  readonly query: string | null;
  readonly partition: string;
  /** Networks, CIDR, whose devices are left out. */
  readonly blacklist: readonly string[];
  /** Authorities that the endpoint's certificate may come from, PEM, beside none other; null: the machine's own. */
  readonly caPem: string | null;
  /** Devices a page; null: what suits the kind. */
  readonly pageItems: number | null;
  /** NetBox: with each device's interfaces, which are asked for separately. */
  readonly withInterfaces: boolean;
}

/** Settings that were read. */
export interface JudgedSettings extends SourceSettings {
  /** Ends with a slash; paths of the system's own begin behind it. */
  readonly base: URL;
  readonly networks: Networks;
  readonly pageItems: number;
}

export function judgeSettings(given: SourceSettings): JudgedSettings | SourceFault {
  const { kind, query, partition, caPem, pageItems } = given;
  if (!sourceKinds.includes(kind)) return bad(`a source is of kind ${sourceKinds.join(' or ')}`);
  const base = readEndpoint(given.endpoint, kind);
  if (isFault(base)) return base;
  if (query !== null && (query.length > limits.queryCharsMax || /[\p{Cc}]/u.test(query)))
    return bad(`a query has at most ${limits.queryCharsMax} characters, on one line`);
  // Another table's ids would be taken for devices'.
  if (kind === 'armis' && query !== null && !/(^|\s)in:devices(\s|$)/.test(query))
    return bad('a query of Armis lists devices: begin it with in:devices');
  if (!/^[A-Za-z0-9._-]{1,128}$/.test(partition)) return bad('a partition has 1 to 128 of A-Z a-z 0-9 . _ -');
  if (
    pageItems !== null &&
    !(Number.isInteger(pageItems) && pageItems >= 1 && pageItems <= limits.pageItemsMax)
  )
    return bad(`a page has 1 to ${limits.pageItemsMax} devices`);
  if (caPem !== null && (caPem.length > limits.caCharsMax || !caPem.includes('-----BEGIN CERTIFICATE-----')))
    return bad('authorities are certificates in PEM');
  const networks = readNetworks(given.blacklist);
  if (isFault(networks)) return networks;
  const usual = kind === 'armis' ? limits.armisPageItems : limits.netboxPageItems;
  return { ...given, base, networks, pageItems: pageItems ?? usual };
}

/** Whether credentials can stand in a header at all. The text of the fault does not hold them. */
export function judgeCredentials(credentials: string | null): string | SourceFault {
  const trimmed = credentials?.trim() ?? '';
  if (trimmed === '')
    return bad('there are no credentials: give the secret key or the token, from a file or stdin');
  if (trimmed.length > limits.credentialsCharsMax || !/^[\x21-\x7e]+$/.test(trimmed))
    return bad('the credentials are one word of printable characters, as the system shows them');
  return trimmed;
}

/** The paths of both systems begin with `api/`, which many people give along with the address. */
function readEndpoint(endpoint: string, kind: SourceKind): URL | SourceFault {
  const url = endpoint.length <= limits.endpointCharsMax && URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.hostname === '')
    return bad('an endpoint is a URL: https://HOST or https://HOST/PATH');
  if (url.username !== '' || url.password !== '')
    return bad('an endpoint is shown to whoever lists: give its name and password as credentials');
  if (url.search !== '' || url.hash !== '') return bad('an endpoint ends before "?" and "#"');
  const own = kind === 'armis' ? /\/api(\/v1)?\/*$/ : /\/api\/*$/;
  const path = url.pathname.replace(own, '').replace(/\/+$/, '');
  return new URL(`${url.origin}${path}/`);
}

const bad = (detail: string): SourceFault => fault('bad_source', detail);

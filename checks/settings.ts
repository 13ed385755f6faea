/**
 * Which settings each kind of check takes, read once into typed form. The same reading serves the moment a check is
 * added (`validateSettings`) and the moment it runs, so the two cannot differ. Settings are strings because people
 * write them as `--set key=value`.
 */
import { isIPv4 } from 'node:net';
import { type Address, parseAddress } from './address.ts';
import { limits } from './limits.ts';
import type { CheckRequest } from './outcome.ts';

type Settings = CheckRequest['settings'];

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly detail: string };

export interface HttpSettings {
  /** Inclusive ranges of accepted status codes, and the text they were written as. */
  readonly expectStatus: readonly (readonly [from: number, to: number])[];
  readonly expectStatusText: string;
  readonly bodyContains: string | null;
  readonly followRedirects: number;
  readonly verifyTls: boolean;
  readonly method: 'GET' | 'HEAD';
}

export const dnsRecords = ['A', 'AAAA', 'CNAME', 'MX', 'TXT', 'NS', 'SRV', 'PTR'] as const;
export type DnsRecord = (typeof dnsRecords)[number];

export interface DnsSettings {
  readonly record: DnsRecord;
  readonly expect: string | null;
  readonly server: { readonly host: string; readonly port: number } | null;
}

export const settingNames: Readonly<Record<CheckRequest['kind'], readonly string[]>> = {
  tcp: [],
  icmp: [],
  http: ['expect_status', 'body_contains', 'follow_redirects', 'verify_tls', 'method'],
  dns: ['record', 'expect', 'server'],
};

export function validateSettings(
  kind: CheckRequest['kind'],
  settings: Settings,
): { ok: true } | { ok: false; detail: string } {
  if (!Object.hasOwn(settingNames, kind)) {
    return { ok: false, detail: `"${kind}" is no kind of check; use tcp, http, icmp or dns` };
  }
  const names = settingNames[kind];
  for (const [name, value] of Object.entries(settings)) {
    if (!names.includes(name)) return { ok: false, detail: unknownSetting(kind, name) };
    if (typeof value !== 'string' || value === '' || value.length > limits.settingCharsMax) {
      return { ok: false, detail: `${name} must be text of 1 to ${limits.settingCharsMax} characters` };
    }
  }
  if (kind !== 'http' && kind !== 'dns') return { ok: true };
  const read = kind === 'http' ? readHttpSettings(settings) : readDnsSettings(settings);
  return read.ok ? { ok: true } : read;
}

function unknownSetting(kind: CheckRequest['kind'], name: string): string {
  const names = settingNames[kind];
  const known = names.length === 0 ? 'takes no settings' : `takes only ${names.join(', ')}`;
  return `unknown setting "${name.slice(0, 64)}"; a check of kind ${kind} ${known}`;
}

export function readHttpSettings(settings: Settings): Read<HttpSettings> {
  const expectStatusText = settings.expect_status ?? '2xx,3xx';
  const expectStatus = readStatusRanges(expectStatusText);
  if (expectStatus === null) {
    return {
      ok: false,
      detail: 'expect_status must be codes or classes with commas between, as in 200,204,3xx',
    };
  }
  const hops = settings.follow_redirects ?? '0';
  if (!/^\d$/.test(hops) || Number(hops) > limits.httpRedirectsMax) {
    return {
      ok: false,
      detail: `follow_redirects must be a whole number from 0 to ${limits.httpRedirectsMax}`,
    };
  }
  const verify = settings.verify_tls ?? 'true';
  if (verify !== 'true' && verify !== 'false')
    return { ok: false, detail: 'verify_tls must be true or false' };
  const method = settings.method ?? 'GET';
  if (method !== 'GET' && method !== 'HEAD') return { ok: false, detail: 'method must be GET or HEAD' };
  const bodyContains = settings.body_contains ?? null;
  if (method === 'HEAD' && bodyContains !== null) {
    return { ok: false, detail: 'an answer to HEAD has no body; leave out method or body_contains' };
  }
  const followRedirects = Number(hops);
  const verifyTls = verify === 'true';
  return {
    ok: true,
    value: { expectStatus, expectStatusText, bodyContains, followRedirects, verifyTls, method },
  };
}

function readStatusRanges(text: string): [number, number][] | null {
  const ranges: [number, number][] = [];
  for (const part of text.split(',')) {
    const item = part.trim().toLowerCase();
    if (/^[1-5]xx$/.test(item)) ranges.push([Number(item[0]) * 100, Number(item[0]) * 100 + 99]);
    else if (/^[1-9]\d\d$/.test(item)) ranges.push([Number(item), Number(item)]);
    else return null;
  }
  return ranges;
}

export function readDnsSettings(settings: Settings): Read<DnsSettings> {
  const record = (settings.record ?? 'A').toUpperCase() as DnsRecord;
  if (!dnsRecords.includes(record))
    return { ok: false, detail: `record must be one of ${dnsRecords.join(', ')}` };
  const expect = settings.expect ?? null;
  if (expect !== null && (record === 'A' || record === 'AAAA')) {
    const family = record === 'A' ? 4 : 6;
    if (parseAddress(expect)?.family !== family) {
      return { ok: false, detail: `expect must be an IPv${family} address for record ${record}` };
    }
  }
  const server = settings.server === undefined ? null : splitHostPort(settings.server, limits.dnsPortDefault);
  if (settings.server !== undefined && server === null) {
    return { ok: false, detail: 'server must be HOST:PORT, as in 192.0.2.53:53 or [2001:db8::53]:53' };
  }
  return { ok: true, value: { record, expect, server } };
}

/** `HOST`, `HOST:PORT`, `[V6]:PORT` or a bare IPv6 address; null when it is none of them. */
function splitHostPort(text: string, defaultPort: number): { host: string; port: number } | null {
  const whole: Address | null = isIPv4(text)
    ? null
    : text.includes('::') || text.split(':').length > 2
      ? parseAddress(text)
      : null;
  if (whole !== null) return { host: whole.text, port: defaultPort };
  const match = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return null;
  const port = match[2] === undefined ? defaultPort : Number(match[2]);
  return port >= 1 && port <= 65_535 ? { host: match[1]!, port } : null;
}

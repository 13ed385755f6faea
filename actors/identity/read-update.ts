/**
 * Reads a device update, as any source writes it, into an observation: identifiers in normal form, times in Unix milliseconds,
 * nothing that the rules ignore. Pure; what is no update gets a stated error. Grouping is not decided here.
 */
import { createHash } from 'node:crypto';
import { normalMac } from '../new-device.ts';
import { append } from './append.ts';
import {
  confidenceOf,
  type IdentifierKind,
  isAboutItself,
  isJunkSerial,
  macClass,
} from './identifier-rules.ts';
import { inOrder } from './in-order.ts';
import { identityLimits as limits } from './limits.ts';
import { boundedMetadata, MetadataBag } from './metadata.ts';
import { addressOf, instantOf, macOf } from './normal-forms.ts';

/** `scope` is the type of an integration, else empty. */
export interface Named {
  readonly kind: IdentifierKind;
  readonly scope: string;
  readonly value: string;
}

export interface Observation {
  readonly partition: string;
  readonly source: string;
  readonly confidence: number;
  readonly atMs: number;
  /** Orders observations of one instant, and tells two that are the same. */
  order: number;
  /** Of single-valued kinds and asserted; at most one of each kind and scope. */
  readonly named: readonly Named[];
  /** Its own, in normal form, whatever it is worth. */
  readonly mac: string | null;
  /** Of its interface table, those that may identify or are locally administered. */
  readonly tableMacs: readonly string[];
  /** Of its interface table, other than its own. */
  readonly tableIps: readonly string[];
  readonly ip: string | null;
  /** As it was written, for people. */
  readonly hostname: string | null;
  readonly isAvailable: boolean | null;
  readonly firstSeenMs: number | null;
  readonly isRetraction: boolean;
  /** Of a service component: its id, under which it is kept apart from all devices. */
  readonly service: string | null;
  readonly subnetClass: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export type ReadUpdate = { readonly observation: Observation } | { readonly error: string };

class Bad extends Error {}

/** `nowMs` stands in for a time that is missing: that of arrival; `partition` for one that is not said. */
export function readUpdate(said: unknown, nowMs: number, partition = 'default'): ReadUpdate {
  try {
    return { observation: observationOf(said, nowMs, partition) };
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    return { error: error.message };
  }
}

function observationOf(said: unknown, nowMs: number, partition: string): Observation {
  if (typeof said !== 'object' || said === null || Array.isArray(said)) throw new Bad('not_an_object');
  const fields = said as Record<string, unknown>;
  const metadata = metadataOf(fields.metadata);
  const deviceId = text(fields.device_id, 'device_id');
  const ip = addressIn(text(fields.ip, 'ip'));
  const mac = macIn(text(fields.mac, 'mac'));
  const source = text(fields.source, 'source') ?? 'unknown';
  const atMs = instantIn(fields.timestamp, 'timestamp') ?? nowMs;
  const table = interfacesOf(fields.interfaces);
  const service = serviceOf(
    deviceId,
    text(fields.service_type, 'service_type'),
    text(fields.service_id, 'service_id'),
  );
  const agentId = text(fields.agent_id, 'agent_id');
  text(fields.poller_id, 'poller_id');
  const named = namedOf(metadata, deviceId, isAboutItself(source) ? agentId : null);
  const observation: Observation = {
    order: 0,
    partition: text(fields.partition, 'partition') ?? partitionOfLegacyId(deviceId) ?? partition,
    source,
    confidence: confidenceIn(fields.confidence) ?? confidenceOf(source),
    atMs,
    named,
    mac,
    tableMacs: table.macs,
    tableIps: table.ips.includes(ip ?? '') ? table.ips.filter((one) => one !== ip) : table.ips,
    ip,
    hostname: text(fields.hostname, 'hostname'),
    isAvailable: booleanOf(fields.is_available),
    firstSeenMs: instantIn(metadata._first_seen, 'metadata._first_seen'),
    isRetraction: metadata._deleted?.toLowerCase() === 'true',
    service,
    subnetClass: metadata.subnet_class ?? null,
    metadata: boundedMetadata(metadata),
  };
  observation.order = orderOf(observation);
  return observation;
}

/** A number of the content: the same content has the same, whatever the order of a line's fields. */
function orderOf(observation: Observation): number {
  const { source, ip, mac, hostname, named, tableMacs, isAvailable } = observation;
  let sum = isAvailable === null ? 17 : isAvailable ? 19 : 23;
  sum = sumOf(sum, source);
  if (ip !== null) sum = sumOf(sum, ip);
  if (mac !== null) sum = sumOf(sum, mac);
  if (hostname !== null) sum = sumOf(sum, hostname);
  for (const { kind, value } of named) sum = sumOf(sumOf(sum, kind), value);
  for (const one of tableMacs) sum = sumOf(sum, one);
  return sum;
}

/** FNV-1a over UTF-16 units, 30 bits: it orders, and proves nothing. */
function sumOf(from: number, text: string): number {
  let sum = from;
  for (let at = 0; at < text.length; at += 1) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return sum & 0x3fffffff;
}

function text(value: unknown, name: string): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string') throw new Bad(`${name}_is_no_text`);
  const trimmed = trimmedOf(value);
  if (trimmed.length > limits.textCharactersMax) throw new Bad(`${name}_too_long`);
  return trimmed === '' ? null : trimmed;
}

function booleanOf(value: unknown): boolean | null {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  throw new Bad('is_available_is_no_boolean');
}

function confidenceIn(value: unknown): number | null {
  if (value === undefined || value === null || value === '') return null;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > 10)
    throw new Bad('confidence_is_not_1_to_10');
  return number === 0 ? null : number;
}

function addressIn(value: string | null): string | null {
  if (value === null) return null;
  const address = addressOf(value);
  if (address === null) throw new Bad('ip_is_no_address');
  return address;
}

function macIn(value: string | null): string | null {
  if (value === null) return null;
  const mac = macOf(value) ?? normalMac(value.replaceAll(/[:.-]/g, ''));
  if (mac === null) throw new Bad('mac_is_no_mac');
  return mac;
}

/** RFC 3339, or Unix seconds, milliseconds, or nanoseconds by magnitude. */
function instantIn(value: unknown, name: string): number | null {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) {
    if (value < 1e11) return Math.round(value * 1_000);
    return value < 1e14 ? Math.round(value) : Math.round(value / 1e6);
  }
  const trimmed = typeof value === 'string' ? trimmedOf(value) : '';
  if (trimmed === '' && typeof value === 'string') return null;
  const atMs = instantOf(trimmed);
  if (Number.isNaN(atMs)) throw new Bad(`${name}_is_no_time`);
  return atMs;
}

function metadataOf(said: unknown): Record<string, string> {
  if (said === undefined || said === null) return noMetadata;
  if (typeof said !== 'object' || Array.isArray(said)) throw new Bad('metadata_is_no_object');
  const found: Record<string, string> = new MetadataBag();
  for (const key of Object.keys(said)) {
    const value = (said as Record<string, unknown>)[key];
    if (value === null) continue;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
      throw new Bad('metadata_value_is_no_text');
    const trimmed = trimmedOf(String(value));
    if (trimmed !== '') found[key] = trimmed;
  }
  return found;
}

const noMetadata: Record<string, string> = Object.freeze(new MetadataBag());

/** Most texts have nothing to trim, which is seen faster than done. */
function trimmedOf(text: string): string {
  const last = text.length - 1;
  if (last < 0 || (isPlain(text.charCodeAt(0)) && isPlain(text.charCodeAt(last)))) return text;
  return text.trim();
}

/** Of ASCII, and no space. */
function isPlain(code: number): boolean {
  return code > 0x20 && code < 0x7f;
}

interface Table {
  macs: readonly string[];
  ips: readonly string[];
}

const noTable: Table = { macs: [], ips: [] };

/** Each once and in order; of MACs those that may identify or are locally administered. */
function interfacesOf(said: unknown): Table {
  if (said === undefined || said === null) return noTable;
  if (!Array.isArray(said)) throw new Bad('interfaces_is_no_list');
  if (said.length > limits.interfacesMax) throw new Bad('too_many_interfaces');
  const macs: string[] = [];
  const ips: string[] = [];
  for (const one of said) {
    if (typeof one !== 'object' || one === null || Array.isArray(one))
      throw new Bad('interface_is_no_object');
    const fields = one as Record<string, unknown>;
    // An interface without a MAC of six bytes (a tunnel, Infiniband) is no error: it claims nothing.
    const mac = macOf(text(fields.mac, 'mac') ?? '');
    if (mac !== null && macClass(mac) !== 'nobody') macs.push(mac);
    const addresses = fields.ips ?? noTable.ips;
    if (!Array.isArray(addresses)) throw new Bad('interface_ips_is_no_list');
    for (const address of addresses) {
      if (typeof address !== 'string') throw new Bad('interface_ip_is_no_address');
      const canonical = addressOf(trimmedOf(address)) ?? addressOf(address.trim().replace(/\/\d+$/, ''));
      if (canonical !== null) ips.push(canonical);
    }
  }
  return { macs: inOrder(macs), ips: inOrder(ips) };
}

function serviceOf(deviceId: string | null, type: string | null, id: string | null): string | null {
  if (deviceId?.startsWith('serviceradar:')) return deviceId;
  return deviceId === null && type !== null ? `serviceradar:${type}:${id ?? ''}` : null;
}

function namedOf(
  metadata: Readonly<Record<string, string>>,
  deviceId: string | null,
  agentId: string | null,
): readonly Named[] {
  let named = noNamed;
  if (deviceId?.startsWith('sr:')) named = append(named, nameOf('asserted', deviceId));
  if (agentId !== null) named = append(named, nameOf('agent_id', agentId));
  if (metadata === noMetadata) return named;
  const { armis_device_id: armis, integration_id: integration, netbox_device_id: netbox, serial } = metadata;
  if (armis !== undefined) named = append(named, nameOf('armis_device_id', armis));
  if (integration !== undefined)
    named = append(named, nameOf('integration_id', integration, metadata.integration_type));
  if (netbox !== undefined) named = append(named, nameOf('netbox_device_id', netbox));
  if (serial !== undefined && !isJunkSerial(serial)) named = append(named, nameOf('serial', serial));
  return named;
}

function nameOf(kind: IdentifierKind, value: string, scope = ''): Named {
  return { kind, scope: keyOf(scope), value: keyOf(value) };
}

const noNamed: readonly Named[] = [];

/** As it is; one that is longer than any key may be goes by its hash, so that it is never cut. */
function keyOf(value: string): string {
  if (value.length <= limits.identifierCharactersMax) return value;
  return `sha256:${createHash('sha256').update(value).digest('hex')}`;
}

/** `partition:ip`, as older senders name a device. */
function partitionOfLegacyId(deviceId: string | null): string | null {
  const at = deviceId?.indexOf(':') ?? -1;
  if (deviceId === null || at <= 0) return null;
  return addressOf(deviceId.slice(at + 1)) === null ? null : deviceId.slice(0, at);
}

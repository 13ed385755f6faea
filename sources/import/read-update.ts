/**
 * What a line of a file says of a device, judged by the rules for device updates: texts are trimmed, empty means absent, numbers
 * and booleans in the metadata become texts, anything else there is a bad line. Pure; fields that are none of an update are no reason to refuse it.
 */
import { addressOf, type DeviceInterface, type DeviceUpdate, macOf } from '../device-update.ts';
import { limits } from '../limits.ts';

export interface ImportFrame {
  /** For lines that name none. */
  readonly partition: string;
  readonly source: string;
  readonly importedAt: string;
}

/** The update, or why the line is none. */
export type ReadUpdate = { readonly update: DeviceUpdate } | { readonly reason: string };

const textFields = [
  'device_id',
  'ip',
  'mac',
  'hostname',
  'partition',
  'source',
  'agent_id',
  'poller_id',
  'service_type',
  'service_id',
] as const;

/** Columns and fields that are read; metadata's are `metadata.NAME` in a table. */
export const updateFields: readonly string[] = [
  ...textFields,
  'timestamp',
  'is_available',
  'confidence',
  'metadata',
  'interfaces',
];

/** Says what is wrong with one field; caught where the line is read. */
class BadField extends Error {}

export function readUpdate(value: unknown, frame: ImportFrame): ReadUpdate {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { reason: 'it is no JSON object' };
  try {
    return { update: toUpdate(value as Record<string, unknown>, frame) };
  } catch (error) {
    if (error instanceof BadField) return { reason: error.message };
    throw error;
  }
}

function toUpdate(
  given: Record<string, unknown>,
  { partition, source, importedAt }: ImportFrame,
): DeviceUpdate {
  const texts = Object.fromEntries(
    textFields.map((key) => [key, text(key, given[key])] as const).filter(([, found]) => found !== null),
  ) as Partial<Record<(typeof textFields)[number], string>>;
  if (texts.ip !== undefined && addressOf(texts.ip) === null) throw new BadField('ip is no address');
  if (texts.mac !== undefined && macOf(texts.mac) === null) throw new BadField('mac is no MAC of six bytes');
  const isAvailable = flag(given.is_available);
  const confidence = given.confidence ?? null;
  if (
    confidence !== null &&
    !(Number.isInteger(confidence) && (confidence as number) >= 0 && (confidence as number) <= 10)
  )
    throw new BadField('confidence is 0 to 10');
  const interfaces = readInterfaces(given.interfaces);
  const update: DeviceUpdate = {
    ...texts,
    partition: texts.partition ?? partition,
    source: texts.source ?? source,
    timestamp: time(given.timestamp) ?? importedAt,
    metadata: readMetadata(given.metadata),
    ...(isAvailable === null ? {} : { is_available: isAvailable }),
    ...(typeof confidence === 'number' ? { confidence } : {}),
    ...(interfaces === null ? {} : { interfaces }),
  };
  const says =
    texts.device_id ?? texts.ip ?? texts.mac ?? texts.hostname ?? texts.agent_id ?? texts.service_type;
  if (says === undefined && interfaces === null && Object.keys(update.metadata).length === 0)
    throw new BadField('it names no device: it needs a device_id, an ip, a mac, a hostname or metadata');
  return update;
}

function text(key: string, value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' && !(typeof value === 'number' && Number.isFinite(value)))
    throw new BadField(`${key} is a text`);
  const trimmed = String(value).trim();
  if (trimmed.length > limits.fieldCharsMax)
    throw new BadField(`${key} has at most ${limits.fieldCharsMax} characters`);
  if (/\p{Cc}/u.test(trimmed)) throw new BadField(`${key} holds a control character`);
  return trimmed === '' ? null : trimmed;
}

function flag(value: unknown): boolean | null {
  if (value === undefined || value === null || value === '') return null;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new BadField('is_available is true or false');
}

/** RFC 3339 with its zone, since whose day it is nobody here knows; or Unix seconds, milliseconds or nanoseconds by magnitude. */
function time(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isFinite(value) && value > 0 && value < instantMax) {
    const ms = value < 1e11 ? value * 1_000 : value < 1e14 ? value : value / 1e6;
    return new Date(Math.round(ms)).toISOString();
  }
  const trimmed = typeof value === 'string' ? value.trim() : null;
  if (trimmed === '') return null;
  const isWritten =
    trimmed !== null &&
    /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(trimmed);
  const ms = isWritten ? Date.parse(trimmed.replace(' ', 'T').toUpperCase()) : Number.NaN;
  if (!Number.isFinite(ms)) throw new BadField('timestamp is no time as of RFC 3339: 2026-01-31T12:00:00Z');
  return new Date(ms).toISOString();
}

/** Nanoseconds of the year 2200. */
const instantMax = 7.3e18;

function readMetadata(value: unknown): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new BadField('metadata is an object');
  const entries = Object.entries(value);
  if (entries.length > limits.metadataKeysMax)
    throw new BadField(`metadata has at most ${limits.metadataKeysMax} keys`);
  const kept: [string, string][] = [];
  for (const [key, one] of entries) {
    if (key.length > limits.textCharsMax) throw new BadField('a key of the metadata is too long');
    if (one === null || one === undefined) continue;
    if (typeof one !== 'string' && typeof one !== 'number' && typeof one !== 'boolean')
      throw new BadField(`metadata.${key.slice(0, 64)} is a text, a number or a boolean`);
    const trimmed = String(one).trim();
    if (trimmed.includes('\0')) throw new BadField(`metadata.${key.slice(0, 64)} holds a zero byte`);
    if (trimmed !== '') kept.push([key, trimmed]);
  }
  return Object.fromEntries(kept);
}

function readInterfaces(value: unknown): DeviceInterface[] | null {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value) || value.length > limits.interfacesOfDeviceMax)
    throw new BadField(`interfaces is a list of at most ${limits.interfacesOfDeviceMax}`);
  const found = value.map((one: unknown) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one))
      throw new BadField('an interface is an object');
    const { name, mac, ips } = one as { name?: unknown; mac?: unknown; ips?: unknown };
    const addresses = ips ?? [];
    if (!Array.isArray(addresses) || addresses.length > limits.listedValuesMax)
      throw new BadField('ips of an interface is a list of addresses');
    const macText = text('mac of an interface', mac);
    return {
      name: text('name of an interface', name) ?? '',
      ...(macText === null ? {} : { mac: macText }),
      ips: addresses.map((ip: unknown) => text('an ip of an interface', ip)).filter((ip) => ip !== null),
    };
  });
  return found.length === 0 ? null : found;
}

/**
 * What a listing says of one device: the update that whoever decides which sightings are the same device reads. Field names are
 * those of the documents that agents send; what is absent is left out. Made by each client from what its system calls things.
 */
import { isIP } from 'node:net';
import { limits } from './limits.ts';

export interface DeviceInterface {
  name: string;
  mac?: string;
  ips: string[];
}

export interface DeviceUpdate {
  device_id?: string;
  ip?: string;
  mac?: string;
  hostname?: string;
  partition: string;
  source: string;
  /** RFC 3339, of the observation. */
  timestamp: string;
  is_available?: boolean;
  metadata: Record<string, string>;
  agent_id?: string;
  poller_id?: string;
  confidence?: number;
  service_type?: string;
  service_id?: string;
  interfaces?: DeviceInterface[];
}

/** Which metadata of an update names the device in the system that was listed. */
export type ExternalIdKey = 'armis_device_id' | 'netbox_device_id';

/**
 * A text on one line, trimmed, at most so long; null for what is empty or is no text, number or boolean. Control characters become
 * spaces: no database keeps all of them.
 */
export function textOf(value: unknown, charsMax: number = limits.textCharsMax): string | null {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return null;
  const text = String(value)
    .slice(0, charsMax * 2)
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, charsMax)
    .trim();
  return text === '' ? null : text;
}

/** An address as it is written, or null for what is none: an update with another text in its place would be no update at all. */
export function addressOf(value: unknown): string | null {
  const text = textOf(value);
  return text === null || isIP(text) === 0 || text.includes('%') ? null : text;
}

/** A MAC of six bytes as it is written, in any of the usual groupings, or null. */
export function macOf(value: unknown): string | null {
  const text = textOf(value);
  return text !== null && /^[\da-f]{12}$/i.test(text.replaceAll(/[:.-]/g, '')) ? text : null;
}

/** Of the pairs, those that say something. No key of theirs reaches a prototype. */
export function metadataOf(pairs: Readonly<Record<string, unknown>>): Record<string, string> {
  const kept: [string, string][] = [];
  for (const [key, value] of Object.entries(pairs)) {
    const text = textOf(value, limits.metadataValueCharsMax);
    if (text !== null) kept.push([key, text]);
  }
  return Object.fromEntries(kept);
}

/** RFC 3339 with milliseconds, or null for what is no time of the Gregorian calendar between 1970 and 9999. */
export function timeOf(value: unknown): string | null {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}|$)/.test(value.trim())) return null;
  const text = value.trim().replace(' ', 'T');
  // What tells no zone is told in UTC: the systems that are listed do so.
  const ms = Date.parse(/[Zz]$|[+-]\d{2}:?\d{2}$/.test(text) || text.length === 10 ? text : `${text}Z`);
  if (!Number.isFinite(ms) || ms < 0 || ms > 253_402_300_799_999) return null;
  return new Date(ms).toISOString();
}

/** An object's member, or undefined: what another system sends may be anything. */
export function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

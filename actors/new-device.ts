/**
 * Whether a device may be added by hand, and its identifiers in their normal form. Pure; asked by the doors before the
 * store. Whether it is one that is known already is not decided here.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { deviceIdentifiersMax, deviceTextCharactersMax, nameCharactersMax } from './limits.ts';
import { defaultPartition } from './messages.ts';
import type { NewDevice } from './ports/device.ts';

/** As somebody wrote it. */
export interface DeviceSaid {
  name?: unknown;
  partition?: unknown;
  type?: unknown;
  addresses?: unknown;
  macs?: unknown;
  serial?: unknown;
}

export type JudgedDevice = { device: NewDevice } | { refused: 'bad_device'; detail: string };

export function judgeNewDevice(said: DeviceSaid): JudgedDevice {
  try {
    return { device: readDevice(said) };
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    return { refused: 'bad_device', detail: error.message };
  }
}

class Bad extends Error {}

function readDevice({ name, partition, type, addresses, macs, serial }: DeviceSaid): NewDevice {
  const device: NewDevice = {
    name: textOf(name, 'a name', nameCharactersMax) ?? '',
    partition: textOf(partition, 'a partition', 128) ?? defaultPartition,
    type: textOf(type, 'a type', deviceTextCharactersMax),
    addresses: listOf(addresses, 'address', normalAddress),
    macs: listOf(macs, 'MAC', normalMac),
    serial: textOf(serial, 'a serial number', deviceTextCharactersMax),
  };
  if (device.name === '')
    throw new Bad(`a device has a name of 1 to ${nameCharactersMax} printable characters`);
  if (!/^[A-Za-z0-9._-]+$/.test(device.partition))
    throw new Bad('a partition has 1 to 128 of A-Z a-z 0-9 . _ -');
  if (device.serial !== null && isJunkSerial(device.serial))
    throw new Bad(`"${device.serial}" is no serial number: many devices say it; leave it out`);
  return device;
}

function textOf(value: unknown, what: string, charactersMax: number): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') throw new Bad(`${what} is a text`);
  const trimmed = value.trim();
  if (trimmed.length > charactersMax || /\p{Cc}/u.test(trimmed))
    throw new Bad(`${what} has at most ${charactersMax} printable characters`);
  return trimmed === '' ? null : trimmed;
}

function listOf(values: unknown, what: string, normal: (text: string) => string | null): string[] {
  if (values === undefined || values === null) return [];
  if (!Array.isArray(values)) throw new Bad(`${what}: a list is expected`);
  if (values.length > deviceIdentifiersMax)
    throw new Bad(`a device has at most ${deviceIdentifiersMax} of each identifier`);
  const found = values.map((value) => {
    const form = typeof value === 'string' ? normal(value.trim()) : null;
    if (form === null) throw new Bad(`"${String(value)}" is no ${what}`);
    return form;
  });
  return [...new Set(found)];
}

/** Canonical, so that two spellings compare alike (RFC 5952); null: no address. */
export function normalAddress(text: string): string | null {
  const family = isIP(text);
  // Four decimal numbers are canonical as they are: nothing else passes for them.
  if (family === 4) return text;
  if (family === 0 || text.includes('%')) return null;
  return ipaddr.parse(text).toString();
}

/** 12 hexadecimal digits, in any of the usual groupings; null: no MAC. */
export function normalMac(text: string): string | null {
  const grouped =
    /^(?:[\da-f]{12}|[\da-f]{2}([:-])[\da-f]{2}(?:\1[\da-f]{2}){4}|[\da-f]{4}(?:\.[\da-f]{4}){2})$/i;
  return grouped.test(text) ? text.replaceAll(/[:.-]/g, '').toUpperCase() : null;
}

const junk: ReadonlySet<string> = new Set([
  'none',
  'n/a',
  'na',
  'null',
  'unknown',
  'default string',
  'not specified',
  'not applicable',
  'system serial number',
  'to be filled by o.e.m.',
  'o.e.m.',
  'chassis serial number',
  '123456789',
  '0123456789',
]);

/** What makers leave in the field when they write nothing. */
export function isJunkSerial(serial: string): boolean {
  const text = serial.trim().toLowerCase();
  if (text === '' || junk.has(text)) return true;
  // No run of one character where the first two differ, unless they are halves of one.
  const first = text.charCodeAt(0);
  const isHalf = first >= 0xd800 && first <= 0xdfff;
  return (text.length === 1 || isHalf || first === text.charCodeAt(1)) && /^(.)\1*$/su.test(text);
}

/**
 * Which identifiers an update carries, read from the published table of identifiers and from nothing of the reconciler: the
 * ground that all are judged on, and what the peers compare. An update's partition is part of every key, for nothing
 * matches across partitions. Tenants are kept apart by whoever asks.
 */
import ipaddr from 'ipaddr.js';
import type { DeviceUpdate } from './update.ts';

export interface Evidence {
  /** Keys of identifiers of which a device has one each, strongest first; junk serials are not among them. */
  readonly single: readonly string[];
  /** Keys of globally unique MACs that may identify, the update's own first. */
  readonly macs: readonly string[];
  /** Keys of locally administered MACs. */
  readonly localMacs: readonly string[];
  /** Null when there is none. */
  readonly hostname: string | null;
  readonly ip: string | null;
}

export const junkSerials: readonly string[] = [
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
  'xxxxxxxx',
];
const junk = new Set(junkSerials);
/** VRRP and CARP for IPv4 and IPv6, HSRP in its three forms, GLBP. */
const virtualRouters = /^(00005E0001|00005E0002|00000C07AC|00000C9FF|000573A00|0007B400)/;
/** Sources that speak of the machine they run on. */
const selfSpeaking = new Set(['self-reported', 'agent']);

export function evidenceOf(update: DeviceUpdate): Evidence {
  const partition = partitionOf(update);
  const key = (kind: string, value: string) => `${partition}|${kind}|${value}`;
  const ip = text(update.ip);
  const hostname = text(update.hostname);
  const shown = [update.mac, ...(update.interfaces ?? []).map(({ mac }) => mac)];
  const macs = [...new Set(shown.map(normalMac))].filter((mac) => mac !== '' && mayIdentify(mac));
  return {
    single: singleOf(update).map(([kind, value]) => key(kind, value)),
    macs: macs.filter((mac) => !isLocal(mac)).map((mac) => key('mac', mac)),
    localMacs: macs.filter(isLocal).map((mac) => key('mac', mac)),
    hostname: hostname === '' ? null : key('hostname', hostname.toLowerCase()),
    ip: ip === '' ? null : key('ip', canonicalAddress(ip)),
  };
}

export function partitionOf({ partition, device_id }: DeviceUpdate): string {
  const told = text(partition);
  if (told !== '') return told;
  const old = text(device_id);
  if (old.startsWith('sr:') || old.startsWith('serviceradar:') || !old.includes(':')) return 'default';
  return old.slice(0, old.indexOf(':')) || 'default';
}

function singleOf(update: DeviceUpdate): [kind: string, value: string][] {
  const metadata = update.metadata ?? {};
  const found: [string, string][] = [];
  const add = (kind: string, value: string) => {
    if (value !== '') found.push([kind, value]);
  };
  if (selfSpeaking.has(text(update.source))) add('agent', text(update.agent_id));
  add('armis', text(metadata.armis_device_id));
  const integration = text(metadata.integration_id);
  if (integration !== '') add(`integration|${text(metadata.integration_type)}`, integration);
  add('netbox', text(metadata.netbox_device_id));
  const serial = text(metadata.serial);
  if (!isJunkSerial(serial)) add('serial', serial);
  return found;
}

export function isJunkSerial(serial: string): boolean {
  return serial === '' || junk.has(serial.toLowerCase()) || /^(.)\1*$/iu.test(serial);
}

export function normalMac(mac: string | undefined): string {
  return text(mac).replace(/[:.-]/g, '').toUpperCase();
}

function mayIdentify(mac: string): boolean {
  if (!/^[0-9A-F]{12}$/.test(mac) || mac === '000000000000') return false;
  return (Number.parseInt(mac.slice(0, 2), 16) & 0x01) === 0 && !virtualRouters.test(mac);
}

function isLocal(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 0x02) !== 0;
}

function canonicalAddress(ip: string): string {
  if (!ip.includes(':')) return ip;
  const parsed = ipaddr.parse(ip);
  return parsed.kind() === 'ipv6' ? (parsed as ipaddr.IPv6).toRFC5952String() : parsed.toString();
}

function text(value: string | undefined): string {
  return (value ?? '').trim();
}

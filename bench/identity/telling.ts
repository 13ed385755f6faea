/**
 * What each kind of source tells of a device, in the manner of its own: which fields it has, how it writes a MAC, whether it
 * knows the partition. An update of a poll or a sweep carries the id of the agent that polled, which is not the device's.
 */
import type { Random } from '../../runtime/index.ts';
import type { Mark, Source, TrueDevice } from './device.ts';
import type { Noise } from './noise.ts';
import type { DeviceUpdate, InterfaceRow } from './update.ts';

/** How often a source that knows such a thing at all tells it. */
interface Manner {
  readonly mac: number;
  readonly serial: number;
  readonly hostname: number;
  readonly interfaces: number;
  readonly writeMac: (hex: string) => string;
}

const colons = (hex: string) => hex.replace(/..(?=.)/g, '$&:');
const manners: Readonly<Record<Source, Manner>> = {
  armis: { mac: 0.9, serial: 0.4, hostname: 0.8, interfaces: 0, writeMac: colons },
  netbox: { mac: 0.5, serial: 0.7, hostname: 0.95, interfaces: 0.2, writeMac: (hex) => hex },
  integration: {
    mac: 0.7,
    serial: 0.5,
    hostname: 0.8,
    interfaces: 0,
    writeMac: (hex) => colons(hex).replace(/:/g, '-').toLowerCase(),
  },
  agent: {
    mac: 1,
    serial: 0.8,
    hostname: 1,
    interfaces: 0.8,
    writeMac: (hex) => colons(hex).toLowerCase(),
  },
  snmp: {
    mac: 0.9,
    serial: 0.5,
    hostname: 0.9,
    interfaces: 0.8,
    writeMac: (hex) => hex.toLowerCase().replace(/....(?=.)/g, '$&.'),
  },
  sweep: { mac: 0.3, serial: 0, hostname: 0.1, interfaces: 0, writeMac: colons },
};
/** What container hosts show in their tables: the same locally administered MAC on every one. */
const containerMac = '0242AC110002';

export function tell(
  device: TrueDevice,
  source: Source,
  timestamp: string,
  noise: Noise,
  random: Random,
): DeviceUpdate {
  const manner = manners[source];
  const metadata = idsOf(device, source, noise, random);
  const isSelf = source === 'agent' && random.next() >= noise.idMissing;
  const shown = (one: Mark | null, chance: number): one is Mark =>
    one !== null && random.next() < chance && mayShow(one, metadata);
  if (shown(device.serial, manner.serial)) metadata.serial = device.serial.value;
  const main = mainCard(device, noise, random);
  const mac = shown(main, manner.mac) ? manner.writeMac(main.value) : null;
  const interfaces = random.next() < manner.interfaces ? tableOf(device, manner, metadata, random) : null;
  const isLegacy = random.next() < noise.legacyId && !device.ip.includes(':');
  const agentId = isSelf ? `agent-${device.id}` : source === 'agent' ? null : 'poller-agent-1';
  return {
    ...(isLegacy ? { device_id: `${device.partition || 'default'}:${device.ip}` } : {}),
    ip: writtenIp(device.ip, random),
    ...(mac === null ? {} : { mac }),
    ...(device.hostname !== null && random.next() < manner.hostname ? { hostname: device.hostname } : {}),
    ...(isLegacy || device.partition === '' ? {} : { partition: device.partition }),
    source,
    timestamp,
    is_available: random.next() < 0.95,
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(agentId === null ? {} : { agent_id: agentId }),
    ...(interfaces === null ? {} : { interfaces }),
  };
}

/** The source's own id, when the update has one: an agent's is not in the metadata. */
function idsOf(device: TrueDevice, source: Source, noise: Noise, random: Random): Record<string, string> {
  const metadata: Record<string, string> = {};
  if (random.next() < noise.idMissing) return metadata;
  if (source === 'armis') metadata.armis_device_id = device.id;
  if (source === 'netbox') metadata.netbox_device_id = device.id;
  if (source === 'integration') {
    metadata.integration_type = device.integrationType;
    metadata.integration_id = device.id;
  }
  return metadata;
}

/** See `Mark.sharedBy`. What is shown is noted. */
function mayShow(
  one: Mark,
  { armis_device_id, netbox_device_id }: Readonly<Record<string, string>>,
): boolean {
  const { sharedBy, seenWith } = one;
  const first = sharedBy === 'armis' ? armis_device_id : netbox_device_id;
  if (sharedBy !== null && first === undefined && seenWith[sharedBy].size < 2) return false;
  if (armis_device_id !== undefined) seenWith.armis.add(armis_device_id);
  if (netbox_device_id !== undefined) seenWith.netbox.add(netbox_device_id);
  return true;
}

function mainCard(device: TrueDevice, noise: Noise, random: Random): Mark {
  if (device.dock !== null && random.next() < noise.docked) return device.dock;
  const virtual = device.virtual[0];
  if (virtual !== undefined && random.next() < 0.3) return virtual;
  const second = device.cards[1];
  return second !== undefined && random.next() < 0.2 ? second : device.cards[0]!;
}

function tableOf(
  device: TrueDevice,
  manner: Manner,
  metadata: Readonly<Record<string, string>>,
  random: Random,
): InterfaceRow[] {
  const shown = [...device.cards, ...device.virtual].filter((one) => mayShow(one, metadata));
  const rows: InterfaceRow[] = shown.map(({ value }, at) => ({
    name: `eth${at}`,
    mac: manner.writeMac(value),
    ...(at === 0 ? { ips: [device.ip] } : {}),
  }));
  rows.push({ name: 'lo', ips: ['127.0.0.1'] });
  if (device.kind === 'server' && random.next() < 0.5)
    rows.push({ name: 'docker0', mac: manner.writeMac(containerMac), ips: ['172.17.0.1'] });
  return rows;
}

/** IPv6 addresses are written in other ways than the canonical one too. */
function writtenIp(ip: string, random: Random): string {
  if (!ip.includes(':') || random.next() < 0.5) return ip;
  return ip.replace('::', ':0:0:0:0:0:').toUpperCase();
}

/**
 * Devices of a made-up company, the same from the same seed, in no system's own words: `armis.ts` and `netbox.ts` tell them in
 * theirs. Addresses, MACs and serials are unique; some devices lack a name, an address or a MAC, some have several.
 */
import { seededRandom } from '../../runtime/index.ts';

export interface MadeDevice {
  id: number;
  name: string | null;
  ips: string[];
  macs: string[];
  serial: string | null;
  type: string;
  maker: string;
  model: string;
  site: string;
  os: string;
  risk: number;
  firstSeen: string;
  lastSeen: string;
  tags: string[];
}

const types = ['Laptop', 'Server', 'Switch', 'Printer', 'IP Camera', 'Infusion Pump', 'Access Point'];
const makers = ['Aster', 'Birch', 'Cedar', 'Dogwood'];
const sites = ['Harbour', 'Hill', 'Annex'];
const systems = ['Linux', 'Windows', 'VxWorks', 'FreeBSD'];

/** `count` devices with ids from `firstId`, one after the other. */
export function makeInventory(count: number, seed = 1, firstId = 1): MadeDevice[] {
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random.next() * n);
  const one = <T>(of: readonly T[]): T => of[below(of.length)]!;
  const beganMs = Date.UTC(2025, 0, 1);
  return Array.from({ length: count }, (_, at) => {
    const id = firstId + at;
    const type = one(types);
    const maker = one(makers);
    const macs = [macOf(id, 0)];
    if (random.next() < 0.1) macs.push(macOf(id, 1));
    if (random.next() < 0.03) macs.length = 0;
    const ips = [`10.${(id >> 16) & 255}.${(id >> 8) & 255}.${id & 255}`];
    if (random.next() < 0.1) ips.push(`172.${16 + ((id >> 16) & 15)}.${(id >> 8) & 255}.${id & 255}`);
    if (random.next() < 0.02) ips.length = 0;
    const firstMs = beganMs + below(200 * 86_400) * 1_000;
    return {
      id,
      name: random.next() < 0.05 ? null : `${type.toLowerCase().replaceAll(' ', '-')}-${id}`,
      ips,
      macs,
      serial: random.next() < 0.1 ? null : `SN${String(id).padStart(8, '0')}`,
      type,
      maker,
      model: `${maker[0]}${100 + below(9) * 100}`,
      site: one(sites),
      os: one(systems),
      risk: below(10),
      firstSeen: new Date(firstMs).toISOString(),
      lastSeen: new Date(firstMs + below(100 * 86_400) * 1_000).toISOString(),
      tags: random.next() < 0.3 ? ['managed', one(sites)] : [],
    };
  });
}

function macOf(id: number, card: number): string {
  const tail = [card, (id >> 16) & 255, (id >> 8) & 255, id & 255];
  return ['00', '1b', ...tail.map((byte) => byte.toString(16).padStart(2, '0'))].join(':').toUpperCase();
}

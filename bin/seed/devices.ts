/**
 * The devices of a made-up customer: names, addresses, MACs (RFC 7042's documentation range, 256 of them, so that a
 * partition has at most as many devices) and a life each. The same for the same customer always, but for the week they
 * live in.
 */
import { type DeviceEvent, phaseOf } from '../../actors/index.ts';
import { seededRandom } from '../../runtime/index.ts';
import type { SeedDevice, SeedWindow } from '../../store/index.ts';
import type { Customer, Site } from './sites.ts';

/** Short for names: `north-sw-03`. */
const short: Readonly<Record<string, string>> = {
  ...{ firewall: 'fw', router: 'rtr', switch: 'sw', access_point: 'ap', server: 'srv', hypervisor: 'hv' },
  ...{
    storage: 'san',
    printer: 'prn',
    phone: 'tel',
    camera: 'cam',
    workstation: 'pc',
    power: 'ups',
    sensor: 'sns',
  },
};

/** Makers' prefixes of serial numbers, as they look. */
const serials = ['FOC', 'JAE', 'CN7', 'SG2', 'MXQ', '2UA'];
const letters = '0123456789ABCDEFGHJKLMNPRSTUVWXYZ';

export interface Placed {
  site: Site;
  type: string;
  name: string;
  address: string;
}

/** What stands where, without chance: checks are made of it, too. */
export function placed({ sites }: Customer): Placed[] {
  return sites.flatMap((site) => {
    let host = 0;
    return Object.entries(site.stock).flatMap(([type, count]) =>
      Array.from({ length: count }, (_, at): Placed => {
        host += 1;
        const name = `${site.name}-${short[type]}-${String(at + 1).padStart(2, '0')}`;
        return { site, type, name, address: `${site.network4}.${host}` };
      }),
    );
  });
}

export function seedDevices(customer: Customer, window: SeedWindow): SeedDevice[] {
  const macs = new Map<string, number>();
  return placed(customer).map(({ site, type, name, address }): SeedDevice => {
    const { partition, network6 } = site;
    const { next } = seededRandom(phaseOf(`${customer.slug} ${name}`, 2 ** 31));
    const number = macs.get(partition) ?? 0;
    macs.set(partition, number + 1);
    const host = address.split('.')[3]!;
    const hasSix = type === 'firewall' || type === 'router' || type === 'server';
    const hasSerial = next() < 0.8;
    const serial = `${serials[Math.floor(next() * serials.length)]!}${text(next, 8)}`;
    const createdAtMs = window.fromMs + Math.floor(next() * 12) * 3_600_000;
    return {
      ...{ name, partition, type },
      addresses: hasSix ? [address, `${network6}::${Number(host).toString(16)}`] : [address],
      macs: [`00005E0053${number.toString(16).padStart(2, '0').toUpperCase()}`],
      serial: hasSerial ? serial : null,
      createdAtMs,
      life: lifeOf(next, createdAtMs, window.untilMs),
    };
  });
}

function text(next: () => number, length: number): string {
  return Array.from({ length }, () => letters[Math.floor(next() * letters.length)]!).join('');
}

/** Most are managed in the end, some are still looked at, a few are gone. */
function lifeOf(next: () => number, createdAtMs: number, untilMs: number): SeedDevice['life'] {
  const share = next();
  const path: DeviceEvent[] = share < 0.1 ? [] : share < 0.35 ? ['identify'] : ['identify', 'manage'];
  if (share > 0.95) path.push('decommission');
  const stepMs = (untilMs - createdAtMs) / (path.length + 1);
  return path.map((event, at) => ({
    event,
    atMs: Math.floor(createdAtMs + stepMs * (at + 0.2 + 0.6 * next())),
    why: event === 'decommission' ? 'replaced' : null,
  }));
}

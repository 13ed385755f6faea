/**
 * One true device of a made world, and how it is born: its kind, who watches it, and the marks by which it can be told
 * apart. What two devices have in common is one `Mark` that both hold.
 */
import type { Random } from '../../runtime/index.ts';
import { junkSerials } from './evidence.ts';
import type { Noise } from './noise.ts';

export type Kind = 'server' | 'laptop' | 'gear' | 'thing' | 'phone';
/** Those that give ids of their own, then those that do not. */
export type Source = 'armis' | 'netbox' | 'integration' | 'agent' | 'snmp' | 'sweep';

/** A MAC or a serial. */
export interface Mark {
  readonly value: string;
  /**
   * By whose ids a shared mark is told first: without two different ids of one kind beside it nobody could know that it is
   * shared, so no update shows it without such an id until two have. Null for a mark of one device.
   */
  sharedBy: 'armis' | 'netbox' | null;
  /** Ids of armis, and of netbox, that were told together with this mark. */
  readonly seenWith: { readonly armis: Set<string>; readonly netbox: Set<string> };
}

export interface TrueDevice {
  readonly index: number;
  readonly tenant: number;
  /** Empty for the default one. */
  readonly partition: string;
  readonly kind: Kind;
  readonly sources: readonly Source[];
  readonly id: string;
  readonly integrationType: string;
  readonly hostname: string | null;
  serial: Mark | null;
  /** The first is the one that is shown as the device's MAC. */
  readonly cards: Mark[];
  /** Instead of the first card, at times. */
  dock: Mark | null;
  /** Shown in the table of interfaces, and at times as the device's MAC. */
  readonly virtual: Mark[];
  ip: string;
}

const shares: readonly [Kind, number][] = [
  ['server', 0.3],
  ['laptop', 0.3],
  ['gear', 0.1],
  ['thing', 0.2],
  ['phone', 0.1],
];

/** How likely a source watches a device of the kind; a sweep comes by at all that no other source watches. */
const watched: Readonly<Record<Kind, Readonly<Partial<Record<Source, number>>>>> = {
  server: { armis: 0.8, netbox: 0.8, integration: 0.3, agent: 0.4, snmp: 0.3, sweep: 1 },
  laptop: { armis: 0.95, integration: 0.7, agent: 0.2, sweep: 0.5 },
  gear: { armis: 0.3, netbox: 0.9, integration: 0.2, snmp: 0.95, sweep: 1 },
  thing: { armis: 0.7, netbox: 0.2, snmp: 0.4, sweep: 1 },
  phone: { armis: 0.6, integration: 0.6, sweep: 0.5 },
};
const serialShare: Readonly<Record<Kind, number>> = {
  server: 0.95,
  laptop: 0.95,
  gear: 0.9,
  thing: 0.5,
  phone: 0.3,
};
const cardCount: Readonly<Record<Kind, readonly [least: number, most: number]>> = {
  server: [1, 3],
  laptop: [1, 2],
  gear: [4, 12],
  thing: [1, 1],
  phone: [1, 1],
};
const commonNames = ['localhost', 'printer', 'DESKTOP-DEFAULT', 'raspberrypi'];
const integrationTypes: Readonly<Record<Kind, string>> = {
  server: 'servicenow',
  laptop: 'intune',
  gear: 'servicenow',
  thing: 'servicenow',
  phone: 'intune',
};

/** New values that no other device of the partition has; those of two partitions or tenants are the same on purpose. */
export interface Mint {
  /** Globally unique, as twelve hex digits. */
  mac(): Mark;
  localMac(): Mark;
  serial(): Mark;
}

export function newMint(): Mint {
  let macs = 0;
  let serials = 0;
  const ouis = ['3CD92B', '001B21', 'F4A475', '00259C', 'B827EB', 'A0369F'];
  const locals = ['02', '06', '0A', 'DA'];
  // An odd factor gives each number below 2^24 another number below 2^24.
  const scattered = (n: number) => (Math.imul(n, 0x9e3779) & 0xffffff).toString(16).padStart(6, '0');
  return {
    mac: () => mark(`${ouis[macs % ouis.length]}${scattered(macs++)}`.toUpperCase()),
    localMac: () =>
      mark(`${locals[macs % locals.length]}5E10${scattered(macs++)}`.toUpperCase().slice(0, 12)),
    serial: () => mark(`${['CZ', 'FOC', 'VM-'][serials % 3]}${scattered(serials++).toUpperCase()}`),
  };
}

export function mark(value: string, sharedBy: Mark['sharedBy'] = null): Mark {
  return { value, sharedBy, seenWith: { armis: new Set(), netbox: new Set() } };
}

export interface Place {
  readonly tenant: number;
  readonly partition: string;
  /** The device's number in its partition: its ids and name are made of it. */
  readonly number: number;
  readonly ip: string;
}

export function newDevice(index: number, place: Place, mint: Mint, noise: Noise, random: Random): TrueDevice {
  const kind = kindOf(random.next());
  const chances = Object.entries(watched[kind]) as [Source, number][];
  const sources = chances.filter(([, chance]) => random.next() < chance).map(([source]) => source);
  if (sources.length === 0) sources.push('sweep');
  const [least, most] = cardCount[kind];
  const cards = Array.from({ length: least + Math.floor(random.next() * (most - least + 1)) }, () =>
    kind === 'phone' ? mint.localMac() : mint.mac(),
  );
  const isCommon = random.next() < noise.commonName;
  const named = random.next() < 0.9;
  const own = `${kind}-${String(place.number).padStart(5, '0')}.example.net`;
  return {
    index,
    tenant: place.tenant,
    partition: place.partition,
    kind,
    sources,
    id: String(1000 + place.number),
    integrationType: integrationTypes[kind],
    hostname: isCommon ? commonNames[place.number % commonNames.length]! : named ? own : null,
    serial: random.next() < serialShare[kind] ? serialOf(mint, noise, random) : null,
    cards,
    dock: null,
    virtual: [],
    ip: place.ip,
  };
}

function kindOf(at: number): Kind {
  let sum = 0;
  for (const [kind, share] of shares) {
    sum += share;
    if (at < sum) return kind;
  }
  return 'server';
}

function serialOf(mint: Mint, noise: Noise, random: Random): Mark {
  if (random.next() >= noise.junkSerial) return mint.serial();
  const word = junkSerials[Math.floor(random.next() * junkSerials.length)]!;
  const forms = [word, word.toUpperCase(), word[0]!.toUpperCase() + word.slice(1), '0000000'];
  return mark(forms[Math.floor(random.next() * forms.length)]!);
}

/**
 * One piece of evidence: a distinct set of identifiers, with what was said of it and where it is. There are some three of them to a
 * device, so what few have stands apart, and what most have one of stands without a list. Decides nothing.
 */

import type { AddressRecord } from './addresses.ts';
import { append } from './append.ts';
import type { DeviceRecord } from './device-record.ts';
import type { Group } from './groups.ts';
import type { Identifier } from './identifiers.ts';

/** What one source said last of one piece of evidence. */
export interface Seen {
  readonly source: string;
  confidence: number;
  firstMs: number;
  lastMs: number;
  ip: string | null;
  ipMs: number;
  hostname: string | null;
  hostnameMs: number;
  isAvailable: boolean | null;
  availableMs: number;
  /** The earliest that it said itself (`metadata._first_seen`). */
  saidFirstMs: number | null;
}

/** Single-valued identifiers that hold together whatever MACs say. */
export interface Core {
  evidence: readonly Evidence[];
  /** Kinds (with scope) of single-valued identifiers that are not shared. */
  kinds: readonly string[];
}

export interface IdentifierSets {
  /** Asserted and single-valued, and what a person made one. */
  readonly ids: readonly Identifier[];
  /** Globally unique, its own and its table's. */
  readonly macs: readonly Identifier[];
  /** Those of `macs` that its interface table claims. */
  readonly claims: readonly Identifier[];
  /** Its own locally administered MAC. */
  readonly locals: readonly Identifier[];
  readonly localClaims: readonly Identifier[];
}

export interface FirstSeen {
  readonly atMs: number;
  readonly order: number;
  readonly ip: string | null;
}

/** What few have. */
interface Rare {
  claims: readonly Identifier[];
  locals: readonly Identifier[];
  localClaims: readonly Identifier[];
  overruled: readonly Identifier[];
  isAdrift: boolean;
}

/** Shared by all that have none; lists are made anew when something is added. */
const noIdentifiers: readonly Identifier[] = [];
const noNames: readonly string[] = [];
const noAddresses: readonly AddressRecord[] = [];
const noSeen: readonly Seen[] = [];
const noRare: Readonly<Rare> = {
  claims: noIdentifiers,
  locals: noIdentifiers,
  localClaims: noIdentifiers,
  overruled: noIdentifiers,
  isAdrift: false,
};

export class Evidence {
  readonly n: number;
  ids: readonly Identifier[];
  macs: readonly Identifier[];
  /** Its own MAC, which may be one that identifies nobody. */
  seedMac: string | null;
  firstMs: number;
  firstOrder: number;
  firstIp: string | null;
  names: readonly string[] = noNames;
  addresses: readonly AddressRecord[] = noAddresses;
  core: Core | null = null;
  group: Group | null = null;
  /** With what it was marked last by who looks things through (`marks.ts`). */
  mark = 0;
  private rare: Readonly<Rare> = noRare;
  private said: Seen | readonly Seen[] = noSeen;
  private devices: DeviceRecord | readonly DeviceRecord[] | null = null;

  constructor(n: number, sets: IdentifierSets, seedMac: string | null, first: FirstSeen) {
    const { ids, macs, claims, locals, localClaims } = sets;
    this.n = n;
    this.ids = ids;
    this.macs = macs;
    this.seedMac = seedMac;
    this.firstMs = first.atMs;
    this.firstOrder = first.order;
    this.firstIp = first.ip;
    if (claims.length + locals.length + localClaims.length > 0)
      this.rare = { claims, locals, localClaims, overruled: noIdentifiers, isAdrift: false };
  }

  get claims(): readonly Identifier[] {
    return this.rare.claims;
  }

  get locals(): readonly Identifier[] {
    return this.rare.locals;
  }

  set locals(locals: readonly Identifier[]) {
    if (locals.length !== this.rare.locals.length) this.rare = { ...this.rare, locals };
  }

  get localClaims(): readonly Identifier[] {
    return this.rare.localClaims;
  }

  set localClaims(localClaims: readonly Identifier[]) {
    if (localClaims.length !== this.rare.localClaims.length) this.rare = { ...this.rare, localClaims };
  }

  /** What an unmerge took out of it. */
  get overruled(): readonly Identifier[] {
    return this.rare.overruled;
  }

  set overruled(overruled: readonly Identifier[]) {
    if (overruled.length !== this.rare.overruled.length) this.rare = { ...this.rare, overruled };
  }

  /** Several devices hold its MACs, and nobody can say which it is of: where it was seen has to tell. */
  get isAdrift(): boolean {
    return this.rare.isAdrift;
  }

  set isAdrift(isAdrift: boolean) {
    if (isAdrift !== this.rare.isAdrift) this.rare = { ...this.rare, isAdrift };
  }

  /** By source, in the order in which they spoke first. */
  get seen(): readonly Seen[] {
    return 'source' in this.said ? [this.said] : this.said;
  }

  saidBy(source: string): Seen | null {
    const { said } = this;
    if ('source' in said) return said.source === source ? said : null;
    for (const one of said) if (one.source === source) return one;
    return null;
  }

  addSeen(seen: Seen): void {
    const { said } = this;
    this.said = 'source' in said ? [said, seen] : said.length === 0 ? seen : [...said, seen];
  }

  /** A source takes back what it said of it. */
  unsay(source: string): void {
    const left = this.seen.filter((seen) => seen.source !== source);
    this.said = left.length === 1 ? left[0]! : left;
  }

  /** Of identifiers it has these from now on. */
  set identifiers({ ids, macs, claims, locals, localClaims }: IdentifierSets) {
    this.ids = ids;
    this.macs = macs;
    const isRare = claims.length + locals.length + localClaims.length > 0;
    this.rare = isRare ? { ...noRare, claims, locals, localClaims } : noRare;
  }

  /** Devices that were made for it: they are where it is. */
  get founded(): readonly DeviceRecord[] {
    const { devices } = this;
    return devices === null ? [] : 'founder' in devices ? [devices] : devices;
  }

  /** A list with those. */
  foundedAfter(list: readonly DeviceRecord[]): readonly DeviceRecord[] {
    const { devices } = this;
    if (devices === null) return list;
    return 'founder' in devices ? append(list, devices) : [...list, ...devices];
  }

  /** They go elsewhere. */
  takeFounded(): readonly DeviceRecord[] {
    const { founded } = this;
    this.devices = null;
    return founded;
  }

  addFounded(device: DeviceRecord): void {
    this.devices = this.devices === null ? device : [...this.founded, device];
  }
}

export function identifiersOf(
  evidence: Pick<Evidence, 'ids' | 'macs' | 'locals' | 'localClaims'>,
): Identifier[] {
  return [...evidence.ids, ...evidence.macs, ...evidence.locals, ...evidence.localClaims];
}

/**
 * What is held of observations: one piece of evidence for each distinct set of identifiers, however often it was seen, and each
 * identifier with the evidence that holds it. Adding is idempotent and order makes no difference. Grouping is decided elsewhere.
 */

import type { AddressRecord } from './addresses.ts';
import { append } from './append.ts';
import type { DeviceRecord } from './device-record.ts';
import type { Group } from './groups.ts';
import { type IdentifierKind, macClass } from './identifier-rules.ts';
import { identityLimits as limits } from './limits.ts';
import type { Named, Observation } from './read-update.ts';
import type { EvidenceRow } from './snapshot.ts';

export interface Identifier {
  readonly kind: IdentifierKind;
  readonly scope: string;
  readonly value: string;
  holders: Evidence[];
  /** It ties what cannot be one device, or somebody banned it: it identifies nobody. */
  isShared: boolean;
  isBanned: boolean;
  /** Two holders that cannot be one device; as long as they cannot, nothing has to be looked through. */
  witness: readonly [Evidence, Evidence] | null;
}

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
  evidence: Evidence[];
  /** Kinds (with scope) of single-valued identifiers that are not shared. */
  kinds: readonly string[];
}

export interface Evidence {
  readonly n: number;
  /** Asserted and single-valued, and what a person made one. */
  ids: Identifier[];
  /** Globally unique, its own and its table's. */
  macs: Identifier[];
  /** Those of `macs` that its interface table claims. */
  claims: readonly Identifier[];
  /** Its own locally administered MAC. */
  locals: Identifier[];
  localClaims: readonly Identifier[];
  /** What an unmerge took out of it. */
  overruled: Identifier[];
  /** Its own MAC, which may be one that identifies nobody. */
  seedMac: string | null;
  firstMs: number;
  firstOrder: number;
  firstIp: string | null;
  names: string[];
  addresses: AddressRecord[];
  seen: Seen[];
  core: Core | null;
  group: Group | null;
  /** Several devices hold its MACs, and nobody can say which it is of: where it was seen has to tell. */
  isAdrift: boolean;
  /** Devices that were made for it: they are where it is. */
  founded: DeviceRecord[] | null;
}

/** Shared by all that have none; never changed, as lists are made anew when something is added. */
const none: Identifier[] = [];
const noNames: string[] = [];
const noAddresses: AddressRecord[] = [];
const noSeen: Seen[] = [];

/** Of those kinds of which two different values are two devices. */
export function kindKey({ kind, scope }: Named): string {
  return kind === 'integration_id' ? `integration_id:${scope}` : kind;
}

export class EvidenceBook {
  readonly all = new Map<number, Evidence>();
  readonly names = new Map<string, Evidence[]>();
  private readonly byKind = new Map<string, Map<string, Identifier>>();
  private nextN = 1;
  /** Of all evidence: one each, and more for those with long tables, which take as much memory. */
  weight = 0;

  identifier(kind: IdentifierKind, scope: string, value: string): Identifier {
    const key = scope === '' ? kind : `${kind}:${scope}`;
    let values = this.byKind.get(key);
    if (values === undefined) {
      values = new Map();
      this.byKind.set(key, values);
    }
    let found = values.get(value);
    if (found === undefined) {
      found = { kind, scope, value, holders: [], isShared: false, isBanned: false, witness: null };
      values.set(value, found);
    }
    return found;
  }

  find(kind: IdentifierKind, scope: string, value: string): Identifier | null {
    return this.byKind.get(scope === '' ? kind : `${kind}:${scope}`)?.get(value) ?? null;
  }

  *identifiers(): Generator<Identifier> {
    for (const values of this.byKind.values()) yield* values.values();
  }

  /** The evidence of an observation, made when there is none; null when it has no identifier at all. */
  of(observation: Observation): { evidence: Evidence; isNew: boolean } | null {
    const asked = this.setsOf(observation);
    if (identifiersOf(asked).length === 0) return null;
    const known = knownOf(asked);
    if (known !== null) return { evidence: known, isNew: false };
    return { evidence: this.add(asked, observation), isNew: true };
  }

  /** Whether it would make no new evidence; asking makes nothing. */
  knows(observation: Observation): boolean {
    const { named, mac, tableMacs } = observation;
    const macs = mac === null || macClass(mac) === 'nobody' ? tableMacs : [mac, ...tableMacs];
    const isThere =
      named.every(({ kind, scope, value }) => this.find(kind, scope, value) !== null) &&
      macs.every((one) => this.find(kindOfMac(one), '', one) !== null);
    return isThere && knownOf(this.setsOf(observation)) !== null;
  }

  private setsOf({ named, mac, tableMacs }: Observation): Sets {
    const ids =
      named.length === 0 ? none : named.map(({ kind, scope, value }) => this.identifier(kind, scope, value));
    const own = mac === null ? 'nobody' : macClass(mac);
    const claimed =
      tableMacs.length === 0 ? none : tableMacs.map((one) => this.identifier(kindOfMac(one), '', one));
    const claims = claimed.length === 0 ? none : claimed.filter(({ kind }) => kind === 'mac');
    let macs = claims;
    let locals = none;
    if (mac !== null && own !== 'nobody') {
      const identifier = this.identifier(kindOfMac(mac), '', mac);
      if (own === 'local') locals = [identifier];
      else if (!macs.includes(identifier)) macs = [...macs, identifier];
    }
    const localClaims =
      claimed.length === 0
        ? none
        : claimed.filter((one) => one.kind === 'local_mac' && !locals.includes(one));
    return { ids, macs, claims, locals, localClaims };
  }

  private add(asked: Sets, { mac, atMs, order, ip }: Observation): Evidence {
    // Written out, as there are millions of these and a spread makes larger objects.
    const evidence: Evidence = {
      n: this.nextN++,
      ids: asked.ids,
      macs: asked.macs,
      claims: asked.claims,
      locals: asked.locals,
      localClaims: asked.localClaims,
      overruled: none,
      seedMac: mac,
      firstMs: atMs,
      firstOrder: order,
      firstIp: ip,
      names: noNames,
      addresses: noAddresses,
      seen: noSeen,
      core: null,
      group: null,
      isAdrift: false,
      founded: null,
    };
    this.hold(evidence);
    return evidence;
  }

  private hold(evidence: Evidence): void {
    this.all.set(evidence.n, evidence);
    const identifiers = identifiersOf(evidence);
    this.weight += 1 + Math.floor(identifiers.length / limits.identifiersOfWeight);
    for (const identifier of identifiers) identifier.holders = append(identifier.holders, evidence);
  }

  /** Of a row that was kept. */
  restore(row: EvidenceRow): void {
    const of = (triples: EvidenceRow['ids']) => triples.map((triple) => this.identifier(...triple));
    const [firstMs, firstOrder, firstIp] = row.first;
    const evidence: Evidence = {
      ...{ n: row.n, ids: of(row.ids), macs: of(row.macs), claims: of(row.claims), locals: of(row.locals) },
      ...{ localClaims: of(row.localClaims), overruled: of(row.overruled), seedMac: row.seedMac },
      ...{ firstMs, firstOrder, firstIp, names: noNames, addresses: [], seen: row.seen },
      ...{ core: null, group: null, isAdrift: false, founded: null },
    };
    this.nextN = Math.max(this.nextN, row.n + 1);
    this.hold(evidence);
    for (const name of row.names) this.addName(evidence, name);
  }

  /** Whether it is new to this evidence that it carries the name. */
  addName(evidence: Evidence, hostname: string): boolean {
    const name = hostname.toLowerCase();
    if (evidence.names.includes(name) || evidence.names.length >= limits.namesMax) return false;
    evidence.names = append(evidence.names, name);
    const carriers = this.names.get(name);
    if (carriers === undefined) this.names.set(name, [evidence]);
    else if (carriers.length < 12) this.names.set(name, append(carriers, evidence));
    else carriers.push(evidence);
    return true;
  }

  /** Takes an identifier out of a piece of evidence: somebody found that it does not hold there. */
  overrule(evidence: Evidence, identifier: Identifier): void {
    const without = (list: readonly Identifier[]) => list.filter((one) => one !== identifier);
    evidence.ids = without(evidence.ids);
    evidence.macs = without(evidence.macs);
    evidence.locals = without(evidence.locals);
    if (!evidence.overruled.includes(identifier)) evidence.overruled = append(evidence.overruled, identifier);
    const at = identifier.holders.indexOf(evidence);
    if (at >= 0) identifier.holders.splice(at, 1);
    identifier.witness = null;
  }

  /** Puts one more identifier into a piece of evidence. */
  tie(evidence: Evidence, identifier: Identifier): void {
    if (evidence.ids.includes(identifier)) return;
    evidence.ids = append(evidence.ids, identifier);
    identifier.holders = append(identifier.holders, evidence);
  }
}

interface Sets {
  ids: Identifier[];
  macs: Identifier[];
  claims: Identifier[];
  locals: Identifier[];
  localClaims: Identifier[];
}

export function identifiersOf(
  evidence: Pick<Evidence, 'ids' | 'macs' | 'locals' | 'localClaims'>,
): Identifier[] {
  return [...evidence.ids, ...evidence.macs, ...evidence.locals, ...evidence.localClaims];
}

function kindOfMac(mac: string): IdentifierKind {
  return macClass(mac) === 'local' ? 'local_mac' : 'mac';
}

/** Evidence with exactly these, as they were observed: what was put in by hand does not count, what was taken out does. */
function knownOf(asked: Sets): Evidence | null {
  let fewest: readonly Evidence[] | null = null;
  for (const { holders } of identifiersOf(asked)) {
    if (fewest === null || holders.length < fewest.length) fewest = holders;
  }
  return fewest?.find((evidence) => isSame(evidence, asked)) ?? null;
}

function isSame(evidence: Evidence, asked: Sets): boolean {
  const { ids, macs, claims, locals, localClaims, overruled } = evidence;
  const observed = overruled.length === 0 && !ids.some(({ kind }) => kind === 'manual');
  if (observed)
    return (
      holdsAll(ids, asked.ids) &&
      holdsAll(macs, asked.macs) &&
      holdsAll(claims, asked.claims) &&
      holdsAll(locals, asked.locals) &&
      holdsAll(localClaims, asked.localClaims)
    );
  const held = new Set([...identifiersOf(evidence), ...overruled].filter(({ kind }) => kind !== 'manual'));
  const wanted = new Set(identifiersOf(asked));
  return (
    held.size === wanted.size && [...wanted].every((one) => held.has(one)) && holdsAll(claims, asked.claims)
  );
}

function holdsAll(held: readonly Identifier[], asked: readonly Identifier[]): boolean {
  if (held.length !== asked.length) return false;
  for (const one of asked) if (!held.includes(one)) return false;
  return true;
}

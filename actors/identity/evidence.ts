/**
 * What is held of observations: one piece of evidence for each distinct set of identifiers, however often it was seen, and each
 * identifier with the evidence that holds it. Adding is idempotent and order makes no difference. Grouping is decided elsewhere.
 */

import { append, isAlone, mayShare } from './append.ts';
import {
  type Core,
  Evidence,
  type FirstSeen,
  type IdentifierSets,
  identifiersOf,
  type Seen,
} from './evidence-piece.ts';
import { Husks, saidOf, setsOf } from './husks.ts';
import { type IdentifierKind, macClass } from './identifier-rules.ts';
import { type Identifier, IdentifierIndex, spelledAs } from './identifiers.ts';
import { knownOf } from './known-evidence.ts';
import { identityLimits as limits } from './limits.ts';
import { Marks } from './marks.ts';
import type { Observation } from './read-update.ts';
import type { EvidenceRow } from './snapshot.ts';

export { type Core, type Evidence, type Identifier, identifiersOf, type Seen };

/** Shared by all that have none; never changed, as lists are made anew when something is added. */
const none: readonly Identifier[] = [];
const noEvidence: readonly Evidence[] = [];

export class EvidenceBook {
  readonly all = new Map<number, Evidence>();
  readonly names = new Map<string, readonly Evidence[]>();
  readonly marks = new Marks();
  readonly husks = new Husks();
  private readonly index = new IdentifierIndex();
  private nextN = 1;
  /** Of all evidence: one each, and more for those with long tables, which take as much memory. */
  weight = 0;

  identifier(kind: IdentifierKind, scope: string, value: string): Identifier {
    return this.index.at(kind, scope, value);
  }

  find(kind: IdentifierKind, scope: string, value: string): Identifier | null {
    return this.index.find(kind, scope, value);
  }

  /** Before things are looked through. */
  restMarks(): void {
    if (!this.marks.areMany) return;
    for (const one of this.all.values()) one.mark = 0;
    for (const one of this.index.all()) one.mark = 0;
    this.marks.begin();
  }

  identifiers(): Generator<Identifier> {
    return this.index.all();
  }

  /** The evidence of an observation, made when there is none; null when it has no identifier at all. */
  of(
    observation: Observation,
    ip: string | null = observation.ip,
  ): { evidence: Evidence; isNew: boolean } | null {
    const asked = this.setsOf(observation);
    const { ids, macs, locals, localClaims } = asked;
    if (ids.length + macs.length + locals.length + localClaims.length === 0) return null;
    const known = knownOf(asked);
    if (known !== null) return { evidence: known, isNew: false };
    const revived = this.husks.isEmpty ? null : this.revived(asked);
    if (revived !== null) return { evidence: revived, isNew: true };
    return { evidence: this.add(asked, observation, ip), isNew: true };
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

  private setsOf({ named, mac, tableMacs }: Observation): IdentifierSets {
    let ids = none;
    for (const { kind, scope, value } of named) ids = append(ids, this.identifier(kind, scope, value));
    let claims = none;
    let localClaims = none;
    for (const one of tableMacs) {
      const kind = kindOfMac(one);
      if (kind === 'mac') claims = append(claims, this.identifier(kind, '', one));
      else localClaims = append(localClaims, this.identifier(kind, '', one));
    }
    let macs = claims;
    let locals = none;
    const own = mac === null ? 'nobody' : macClass(mac);
    if (mac !== null && own !== 'nobody') {
      const identifier = this.identifier(kindOfMac(mac), '', mac);
      if (own === 'local') {
        locals = [identifier];
        if (localClaims.includes(identifier)) localClaims = localClaims.filter((one) => one !== identifier);
      } else if (!macs.includes(identifier)) macs = macs.concat(identifier);
    }
    return { ids, macs, claims, locals, localClaims };
  }

  private add(asked: IdentifierSets, { mac, atMs, order }: Observation, ip: string | null): Evidence {
    const { ids, macs, claims, locals, localClaims } = asked;
    const sets: IdentifierSets = {
      ids: ids.length === 1 ? sameList(ids, (one) => one.ids) : ids,
      macs: macs.length === 1 && claims.length === 0 ? sameList(macs, (one) => one.macs) : macs,
      claims,
      locals,
      localClaims,
    };
    const seedMac = mac === null ? null : spelledAs(mac, macs, locals);
    const evidence = new Evidence(this.nextN++, sets, seedMac, { atMs, order, ip });
    this.hold(evidence);
    return evidence;
  }

  private hold(evidence: Evidence): void {
    this.all.set(evidence.n, evidence);
    const { ids, macs, locals, localClaims } = evidence;
    this.weight += weightOf(evidence);
    // Of all that nobody else holds it is one list.
    let alone = noEvidence;
    for (const list of [ids, macs, locals, localClaims])
      for (const identifier of list) {
        if (identifier.holders.length === 0) {
          if (alone.length === 0) alone = [evidence];
          identifier.holders = alone;
        } else identifier.holders = append(identifier.holders, evidence);
      }
  }

  /** All that it says is withdrawn: as a husk it may be found again, else it is gone. What a person tied by it stays with a husk. */
  release(evidence: Evidence, isHusk: boolean): void {
    for (const name of [...evidence.names]) this.dropName(evidence, name);
    for (const identifier of identifiersOf(evidence)) {
      identifier.holders = identifier.holders.filter((one) => one !== evidence);
      identifier.witness = null;
    }
    this.weight -= weightOf(evidence);
    this.all.delete(evidence.n);
    const said = saidOf(evidence);
    const ids = isHusk ? evidence.ids.filter(({ kind }) => kind === 'manual') : none;
    evidence.identifiers = { ...nothing, ids };
    if (!isHusk) return;
    this.husks.add(evidence, said);
    this.hold(evidence);
  }

  private revived(asked: IdentifierSets): Evidence | null {
    const evidence = this.husks.take(asked);
    if (evidence === null) return null;
    const { ids } = evidence;
    for (const identifier of ids) identifier.holders = identifier.holders.filter((one) => one !== evidence);
    this.weight -= weightOf(evidence);
    evidence.identifiers = { ...asked, ids: [...asked.ids, ...ids] };
    this.hold(evidence);
    return evidence;
  }

  dropName(evidence: Evidence, name: string): void {
    const left = (this.names.get(name) ?? noEvidence).filter((one) => one !== evidence);
    if (left.length === 0) this.names.delete(name);
    else this.names.set(name, left);
    evidence.names = evidence.names.filter((one) => one !== name);
  }

  /** Of a row that was kept. */
  restore(row: EvidenceRow): void {
    const of = (triples: EvidenceRow['ids']) => triples.map((triple) => this.identifier(...triple));
    const { n, ids, macs, claims, locals, localClaims, overruled, seedMac } = row;
    const sets = { ids: of(ids), macs: of(macs), claims: of(claims), locals: of(locals) };
    const [atMs, order, ip] = row.first;
    const first: FirstSeen = { atMs, order, ip };
    const evidence = new Evidence(n, { ...sets, localClaims: of(localClaims) }, seedMac, first);
    evidence.overruled = of(overruled);
    for (const seen of row.seen) evidence.addSeen(seen);
    this.reserve(n);
    if (row.husk !== undefined) this.husks.add(evidence, setsOf(row.husk.map(of)));
    this.hold(evidence);
    for (const name of row.names) this.addName(evidence, name);
  }

  /** The greatest number that was ever given; 0: none. */
  get lastN(): number {
    return this.nextN - 1;
  }

  /** There was one of this number. */
  reserve(n: number): void {
    this.nextN = Math.max(this.nextN, n + 1);
  }

  /** Whether it is new to this evidence that it carries the name. */
  addName(evidence: Evidence, hostname: string): boolean {
    const said = hostname.toLowerCase();
    if (evidence.names.includes(said) || evidence.names.length >= limits.namesMax) return false;
    const carriers = this.names.get(said) ?? noEvidence;
    const [other] = carriers;
    const name = other?.names.find((one) => one === said) ?? said;
    evidence.names =
      evidence.names.length === 0 && other !== undefined && isAlone(other.names, name)
        ? other.names
        : append(evidence.names, name);
    const now = knownList(append(carriers, evidence), evidence);
    if (now !== carriers) this.names.set(name, now);
    return true;
  }

  /** Takes an identifier out of a piece of evidence: somebody found that it does not hold there. */
  overrule(evidence: Evidence, identifier: Identifier): void {
    const without = (list: readonly Identifier[]) => list.filter((one) => one !== identifier);
    evidence.ids = without(evidence.ids);
    evidence.macs = without(evidence.macs);
    evidence.locals = without(evidence.locals);
    evidence.localClaims = without(evidence.localClaims);
    if (!evidence.overruled.includes(identifier)) evidence.overruled = append(evidence.overruled, identifier);
    identifier.holders = identifier.holders.filter((one) => one !== evidence);
    // What showed that another one ties what differs may have been this.
    for (const one of [identifier, ...identifiersOf(evidence)]) one.witness = null;
  }

  /** Puts one more identifier into a piece of evidence. */
  tie(evidence: Evidence, identifier: Identifier): void {
    if (evidence.ids.includes(identifier)) return;
    evidence.ids = append(evidence.ids, identifier);
    identifier.holders = append(identifier.holders, evidence);
  }
}

/** Those that hold one identifier and no other have one list, when one of the first few of them has it. */
function sameList(
  list: readonly Identifier[],
  of: (one: Evidence) => readonly Identifier[],
): readonly Identifier[] {
  const { holders } = list[0]!;
  for (let at = 0; at < holders.length && at < 3; at += 1)
    if (isAlone(of(holders[at]!), list[0]!)) return of(holders[at]!);
  return list;
}

/** Who carries a name is often who holds a MAC: of two lists with the same members, in the same order, it is one. */
export function knownList(list: readonly Evidence[], { macs }: Evidence): readonly Evidence[] {
  const holders = macs.length === 0 ? list : macs[0]!.holders;
  if (holders.length !== list.length || !mayShare(list)) return list;
  for (let at = 0; at < list.length; at += 1) if (holders[at] !== list[at]) return list;
  return holders;
}

const nothing: IdentifierSets = { ids: none, macs: none, claims: none, locals: none, localClaims: none };

function weightOf({ ids, macs, locals, localClaims }: Evidence): number {
  const count = ids.length + macs.length + locals.length + localClaims.length;
  return 1 + Math.floor(count / limits.identifiersOfWeight);
}

function kindOfMac(mac: string): IdentifierKind {
  return macClass(mac) === 'local' ? 'local_mac' : 'mac';
}

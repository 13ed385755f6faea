/**
 * Which cores are one device by globally unique MACs. Devices with single-valued identifiers of different kinds converge where
 * something else agrees; what has none belongs to the one that holds its MAC. A MAC that would tie what conflicts identifies
 * nobody. A function of the set of cores that was closed over.
 */
import type { Conflict } from './conflicts.ts';
import { areApart, mostTying, toldApartBy } from './cores.ts';
import { agree } from './corroboration.ts';
import type { Core, Evidence, EvidenceBook, Identifier } from './evidence.ts';
import { identityLimits as limits } from './limits.ts';
import { Union } from './union.ts';

export interface Converged {
  /** Each set of cores is one device. */
  sets: Core[][];
  /** MACs whose ties were refused, with the reason. */
  refused: Map<Identifier, Conflict['reason']>;
}

/** Whether a MAC ties two cores that cannot be one device, whatever else is known. */
export function macConflicts(mac: Identifier): boolean {
  const { witness, holders } = mac;
  if (witness !== null && differ(witness[0].core, witness[1].core)) return true;
  mac.witness = null;
  if (holders.length < 2) return false;
  // Who asserts one id for several makes a core of several values, which differs from some and not from others.
  const known = new Map<string, Evidence[]>();
  const tied = new Set<Core>();
  for (const holder of holders) {
    if (holder.core === null) continue;
    if (holder.core.kinds.length > 0 || holder.claims.includes(mac)) tied.add(holder.core);
    // So many are not compared in pairs: whoever makes them up would have us do nothing else.
    if (tied.size > limits.tiedByMacMax) {
      mac.witness = [holders[0]!, holder];
      return true;
    }
    for (const kind of holder.core.kinds) {
      const others = known.get(kind) ?? [];
      const other = others.find(({ core }) => differ(core, holder.core));
      if (other !== undefined) {
        mac.witness = [other, holder];
        return true;
      }
      if (others.length < limits.comparedCoresMax && !others.some(({ core }) => core === holder.core))
        known.set(kind, [...others, holder]);
    }
  }
  return false;
}

function differ(a: Core | null, b: Core | null): boolean {
  if (a === null || b === null || a === b) return false;
  for (const kind of a.kinds) if (b.kinds.includes(kind)) return areApart([a, b]);
  return false;
}

/** What is found shared on the way is left out from the beginning, until nothing more is. */
export function converge(book: EvidenceBook, cores: readonly Core[]): Converged {
  const refused: Converged['refused'] = new Map();
  for (;;) {
    const macs = freeMacs(cores);
    const sets = joined(book, cores, macs, refused);
    if (macs.every(({ isShared }) => !isShared)) return { sets, refused };
    for (const [mac, reason] of refused) if (reason !== 'shared') refused.delete(mac);
  }
}

function joined(
  book: EvidenceBook,
  cores: readonly Core[],
  macs: readonly Identifier[],
  refused: Converged['refused'],
): Core[][] {
  for (const { evidence } of cores) for (const one of evidence) one.isAdrift = false;
  const union = new Union<Core>();
  for (const core of cores) union.add(core);
  joinStrong(book, macs, union, refused);
  const groups = groupsOf(cores, union);
  shareClaimedTwice(macs, groups, refused);
  joinLoose(book, cores, macs, groups, union, refused);
  return union.sets(cores);
}

type Groups = ReadonlyMap<Core, readonly Core[]>;

/** Of strong cores: those that converged with each. */
function groupsOf(cores: readonly Core[], union: Union<Core>): Groups {
  const groups = new Map<Core, readonly Core[]>();
  for (const set of union.sets(cores)) for (const core of set) groups.set(core, set);
  return groups;
}

/** Those that may tie, in order of value, so that what is decided one after the other is decided in one order. */
function freeMacs(cores: readonly Core[]): Identifier[] {
  const macs = new Set<Identifier>();
  for (const { evidence } of cores)
    for (const one of evidence)
      for (const mac of one.macs) if (mac.isFree && mac.holders.length > 1) macs.add(mac);
  return [...macs].sort((a, b) => (a.value < b.value ? -1 : 1));
}

function holdersOf({ holders }: Identifier): { strong: Core[]; loose: Core[] } {
  const strong: Core[] = [];
  const loose: Core[] = [];
  // One of very many is found in a set, one of few faster without.
  const known = holders.length > limits.comparedCoresMax ? new Set<Core>() : null;
  for (const { core } of holders) {
    if (core === null || known?.has(core)) continue;
    const list = core.kinds.length > 0 ? strong : loose;
    if (known === null && list.includes(core)) continue;
    known?.add(core);
    list.push(core);
  }
  return { strong, loose };
}

interface Edge {
  mac: Identifier;
  a: Core;
  b: Core;
}

function joinStrong(
  book: EvidenceBook,
  macs: readonly Identifier[],
  union: Union<Core>,
  refused: Converged['refused'],
): void {
  let edges: Edge[] = [];
  const apart: Edge[] = [];
  for (const mac of macs) {
    const { strong } = holdersOf(mac);
    for (let at = 0; at < strong.length; at += 1)
      for (let other = at + 1; other < strong.length; other += 1) {
        const [a, b] = [strong[at]!, strong[other]!];
        (agree(book, [a], [b], mac) ? edges : apart).push({ mac, a, b });
      }
  }
  for (let bad = conflicting(edges); bad !== null; bad = conflicting(edges)) {
    const inside = [...new Set(bad.map(({ mac }) => mac))];
    const most = mostTying(inside, (mac) => holdersOf(mac).strong.map(toldApartBy));
    most.isShared = true;
    refused.set(most, 'shared');
    edges = edges.filter(({ mac }) => mac !== most);
  }
  for (const { a, b } of edges) union.join(a, b);
  for (const { mac, a, b } of apart)
    if (!mac.isShared && union.root(a) !== union.root(b)) refused.set(mac, 'mac_only_conflict');
}

/** The edges of a part that would be one device with two values of a kind; null: there is none. */
function conflicting(edges: readonly Edge[]): Edge[] | null {
  const union = new Union<Core>();
  const cores = new Set<Core>();
  for (const { a, b } of edges) {
    cores.add(a).add(b);
    union.add(a);
    union.add(b);
    union.join(a, b);
  }
  for (const set of union.sets(cores))
    if (areApart(set)) return edges.filter(({ a }) => union.root(a) === union.root(set[0]!));
  return null;
}

/** Two that claim a MAC in their own tables and are not one make it shared. */
function shareClaimedTwice(macs: readonly Identifier[], groups: Groups, refused: Converged['refused']): void {
  for (const mac of macs) {
    if (refused.get(mac) !== 'mac_only_conflict') continue;
    if (claimantsOf(mac, holdersOf(mac).strong, groups).size < 2) continue;
    mac.isShared = true;
    refused.set(mac, 'shared');
  }
}

function claimantsOf(mac: Identifier, cores: readonly Core[], groups: Groups): Set<readonly Core[]> {
  return new Set(cores.filter((core) => claims(core, mac)).map((core) => groups.get(core)!));
}

function claims({ evidence }: Core, mac: Identifier): boolean {
  return evidence.some((one) => one.claims.includes(mac));
}

function joinLoose(
  book: EvidenceBook,
  cores: readonly Core[],
  macs: readonly Identifier[],
  groups: Groups,
  union: Union<Core>,
  refused: Converged['refused'],
): void {
  for (const mac of macs) {
    const { strong, loose } = holdersOf(mac);
    if (mac.isShared || strong.length > 0 || loose.length < 2) continue;
    if (claimTwice(book, mac, loose)) {
      mac.isShared = true;
      refused.set(mac, 'shared');
      continue;
    }
    for (const other of loose.slice(1)) union.join(loose[0]!, other);
  }
  const looseSets = union.sets(cores.filter(({ kinds }) => kinds.length === 0));
  for (const set of looseSets) {
    for (const { mac, target } of tiesOf(set, groups)) {
      if (!isClaimedTwice(book, set, target, mac)) continue;
      mac.isShared = true;
      refused.set(mac, 'shared');
    }
  }
  for (const set of looseSets) {
    const home = homeOf(set, groups, refused);
    if (home !== null) union.join(home, set[0]!);
  }
}

/** Whether two of them claim the MAC in tables that are otherwise those of different devices. */
function claimTwice(book: EvidenceBook, mac: Identifier, loose: readonly Core[]): boolean {
  const claimants = loose.filter((core) => claims(core, mac) && !isKnownByNothingBut(core, mac));
  return claimants.some((a, at) => claimants.slice(at + 1).some((b) => !agree(book, [a], [b], mac)));
}

function isKnownByNothingBut({ evidence }: Core, mac: Identifier): boolean {
  return evidence.every(({ macs }) => macs.every((one) => one === mac || one.isShared || one.isBanned));
}

interface LooseTie {
  mac: Identifier;
  target: readonly Core[];
}

function isHeldByOthers({ ids, macs }: Evidence): boolean {
  const free = macs.filter(({ isShared, isBanned }) => !isShared && !isBanned);
  return ids.length === 0 && free.some((mac) => holdersOf(mac).strong.length > 0);
}

/** To which device each MAC of something known by MACs alone points: its one holder, else the one that claims it. */
function tiesOf(set: readonly Core[], groups: Groups): LooseTie[] {
  const macs = new Set<Identifier>();
  for (const { evidence } of set)
    for (const one of evidence) for (const mac of one.macs) if (mac.holders.length > 1) macs.add(mac);
  const ties: LooseTie[] = [];
  for (const mac of macs) {
    if (!mac.isFree) continue;
    const { strong } = holdersOf(mac);
    if (strong.length === 0) continue;
    const holding = new Set(strong.map((core) => groups.get(core)!));
    const candidates = holding.size > 1 ? claimantsOf(mac, strong, groups) : holding;
    if (candidates.size === 1) ties.push({ mac, target: [...candidates][0]! });
  }
  return ties;
}

function isClaimedTwice(
  book: EvidenceBook,
  set: readonly Core[],
  target: readonly Core[],
  mac: Identifier,
): boolean {
  return (
    target.some((core) => claims(core, mac)) &&
    set.some((core) => claims(core, mac) && !isKnownByNothingBut(core, mac)) &&
    !agree(book, set, target, mac)
  );
}

/** The one device to which things known by MACs alone belong; null: none, or nobody can say which. */
function homeOf(set: readonly Core[], groups: Groups, refused: Converged['refused']): Core | null {
  const ties = tiesOf(set, groups);
  if (ties.length === 1) return ties[0]!.target[0]!;
  const weights = new Map<readonly Core[], number>();
  for (const { target } of ties) weights.set(target, (weights.get(target) ?? 0) + 1);
  const most = Math.max(0, ...weights.values());
  const best = [...weights].filter(([, weight]) => weight === most);
  if (best.length === 1) return best[0]![0][0]!;
  for (const { mac } of ties) refused.set(mac, 'mac_only_conflict');
  for (const { evidence } of set) for (const one of evidence) one.isAdrift = isHeldByOthers(one);
  return null;
}

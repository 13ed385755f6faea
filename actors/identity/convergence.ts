/**
 * Which cores are one device by globally unique MACs. Devices with single-valued identifiers of different kinds converge where
 * something else agrees; what has none belongs to the one that holds its MAC. A MAC that would tie what conflicts identifies
 * nobody. A function of the set of cores that was closed over.
 */
import { append } from './append.ts';
import type { Conflict } from './conflicts.ts';
import { CoreUnion } from './core-union.ts';
import { areApart, mostTying, toldApartBy } from './cores.ts';
import { agree } from './corroboration.ts';
import type { Core, Evidence, EvidenceBook, Identifier } from './evidence.ts';
import { type Tie, tiesOfAll } from './mac-ties.ts';
import type { Region } from './region.ts';
import { Union } from './union.ts';

export interface Converged {
  /** Each set of cores is one device. */
  sets: (readonly Core[])[];
  /** MACs whose ties were refused, with the reason. */
  refused: Map<Identifier, Conflict['reason']>;
}

/** What is found shared on the way is left out from the beginning, until nothing more is. */
export function converge(book: EvidenceBook, region: Region, cores: readonly Core[]): Converged {
  const refused: Converged['refused'] = new Map();
  for (;;) {
    const world = worldOf(book, region, cores, refused);
    const sets = joined(world);
    if (world.ties.every(({ mac }) => !mac.isShared)) return { sets, refused };
    for (const [mac, reason] of refused) if (reason !== 'shared') refused.delete(mac);
  }
}

/** What cores are made one by: looked up by the numbers of cores and the marks of MACs. */
interface World {
  readonly book: EvidenceBook;
  readonly cores: readonly Core[];
  readonly union: CoreUnion;
  /** In the order of values, so that what is decided one after the other is decided in one order. */
  readonly ties: readonly Tie[];
  /** The mark of the first of `ties`; the others follow. */
  readonly firstMark: number;
  readonly refused: Converged['refused'];
  /** How often ties were looked for; each look has its number. */
  looks: number;
}

function worldOf(
  book: EvidenceBook,
  region: Region,
  cores: readonly Core[],
  refused: Converged['refused'],
): World {
  const ties = tiesOfAll(cores, book.marks.take(1));
  const firstMark = book.marks.take(ties.length);
  for (let at = 0; at < ties.length; at += 1) ties[at]!.mac.mark = firstMark + at;
  return { book, cores, union: new CoreUnion(region), ties, firstMark, refused, looks: 0 };
}

/** Of one MAC; null: it is not free, or ties nothing to anything. */
function tieBy({ ties, firstMark }: World, mac: Identifier): Tie | null {
  const at = mac.mark - firstMark;
  return at >= 0 && mac.isFree ? (ties[at] ?? null) : null;
}

function joined(world: World): (readonly Core[])[] {
  const { cores, union } = world;
  for (const { evidence } of cores) for (const one of evidence) one.isAdrift = false;
  joinStrong(world);
  const groups = new Groups(union, cores);
  shareClaimedTwice(world, groups);
  joinLoose(world, groups);
  return union.sets(cores);
}

/** Those that converged with each, before anything loose was joined. */
class Groups {
  private readonly union: CoreUnion;
  private readonly sets: (readonly Core[])[] = [];

  constructor(union: CoreUnion, cores: readonly Core[]) {
    this.union = union;
    for (const set of union.sets(cores)) for (const core of set) this.sets[union.numberOf(core)] = set;
  }

  of(core: Core): readonly Core[] {
    return this.sets[this.union.numberOf(core)]!;
  }
}

interface Edge {
  tie: Tie;
  a: Core;
  b: Core;
}

function joinStrong({ book, ties, union, refused }: World): void {
  let edges: Edge[] = [];
  const apart: Edge[] = [];
  for (const tie of ties) {
    const { mac, strong } = tie;
    for (let at = 0; at < strong.length; at += 1)
      for (let other = at + 1; other < strong.length; other += 1) {
        const [a, b] = [strong[at]!, strong[other]!];
        (agree(book, [a], [b], mac) ? edges : apart).push({ tie, a, b });
      }
  }
  for (let bad = conflicting(edges); bad !== null; bad = conflicting(edges)) {
    const strongOf = new Map(bad.map(({ tie }) => [tie.mac, tie.strong] as const));
    const most = mostTying([...strongOf.keys()], (mac) => strongOf.get(mac)!.map(toldApartBy));
    most.isShared = true;
    refused.set(most, 'shared');
    edges = edges.filter(({ tie }) => tie.mac !== most);
  }
  for (const { a, b } of edges) union.join(a, b);
  for (const { tie, a, b } of apart)
    if (!tie.mac.isShared && union.root(a) !== union.root(b)) refused.set(tie.mac, 'mac_only_conflict');
}

/** The edges of a part that would be one device with two values of a kind; null: there is none. */
function conflicting(edges: readonly Edge[]): Edge[] | null {
  if (edges.length === 0) return null;
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
function shareClaimedTwice({ ties, refused }: World, groups: Groups): void {
  for (const { mac, strong } of ties) {
    if (refused.get(mac) !== 'mac_only_conflict') continue;
    if (claimantsOf(mac, strong, groups).size < 2) continue;
    mac.isShared = true;
    refused.set(mac, 'shared');
  }
}

function claimantsOf(mac: Identifier, cores: readonly Core[], groups: Groups): Set<readonly Core[]> {
  return new Set(cores.filter((core) => claims(core, mac)).map((core) => groups.of(core)));
}

function claims({ evidence }: Core, mac: Identifier): boolean {
  for (const one of evidence) if (one.claims.includes(mac)) return true;
  return false;
}

function joinLoose(world: World, groups: Groups): void {
  const { book, cores, ties, union, refused } = world;
  for (const { mac, strong, loose } of ties) {
    if (mac.isShared || strong.length > 0 || loose.length < 2) continue;
    if (claimTwice(book, mac, loose)) {
      mac.isShared = true;
      refused.set(mac, 'shared');
      continue;
    }
    for (let at = 1; at < loose.length; at += 1) union.join(loose[0]!, loose[at]!);
  }
  const looseSets = union.sets(cores.filter(({ kinds }) => kinds.length === 0));
  for (const set of looseSets) {
    for (const { mac, target } of tiesOf(set, world, groups)) {
      if (!isClaimedTwice(book, set, target, mac)) continue;
      mac.isShared = true;
      refused.set(mac, 'shared');
    }
  }
  for (const set of looseSets) {
    const home = homeOf(set, world, groups);
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

function isHeldByOthers({ ids, macs }: Evidence, world: World): boolean {
  return ids.length === 0 && macs.some((mac) => (tieBy(world, mac)?.strong.length ?? 0) > 0);
}

/** To which device each MAC of something known by MACs alone points: its one holder, else the one that claims it. */
function tiesOf(set: readonly Core[], world: World, groups: Groups): readonly LooseTie[] {
  let found = noTies;
  world.looks += 1;
  for (const { evidence } of set)
    for (const { macs } of evidence)
      for (const mac of macs) {
        const tie = tieBy(world, mac);
        if (tie === null || tie.strong.length === 0 || tie.metIn === world.looks) continue;
        tie.metIn = world.looks;
        const target = targetOf(tie, groups);
        if (target !== null) found = append(found, { mac, target });
      }
  return found;
}

const noTies: readonly LooseTie[] = [];

function targetOf({ mac, strong }: Tie, groups: Groups): readonly Core[] | null {
  const first = groups.of(strong[0]!);
  if (strong.length === 1 || strong.every((core) => groups.of(core) === first)) return first;
  const claimants = claimantsOf(mac, strong, groups);
  return claimants.size === 1 ? [...claimants][0]! : null;
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
function homeOf(set: readonly Core[], world: World, groups: Groups): Core | null {
  const ties = tiesOf(set, world, groups);
  const [first] = ties;
  if (first !== undefined && (ties.length === 1 || ties.every(({ target }) => target === first.target)))
    return first.target[0]!;
  const weights = new Map<readonly Core[], number>();
  for (const { target } of ties) weights.set(target, (weights.get(target) ?? 0) + 1);
  const most = Math.max(0, ...weights.values());
  const best = [...weights].filter(([, weight]) => weight === most);
  if (best.length === 1) return best[0]![0][0]!;
  for (const { mac } of ties) world.refused.set(mac, 'mac_only_conflict');
  for (const { evidence } of set) for (const one of evidence) one.isAdrift = isHeldByOthers(one, world);
  return null;
}

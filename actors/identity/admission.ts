/**
 * The short way for new evidence: what it has is nobody's yet, or one device's with which it agrees in everything. Most evidence is
 * such, and nothing else can change by it; whatever is not goes the long way (`groups.ts`), which gives the same result.
 */
import { append, isAlone, mayShare } from './append.ts';
import { counts, noKinds, withKind } from './cores.ts';
import { type Core, type Evidence, type EvidenceBook, knownList } from './evidence.ts';
import type { Group } from './groups.ts';
import { identityLimits as limits } from './limits.ts';
import type { RefusedTies } from './refused-ties.ts';

export interface AdmissionSight {
  readonly book: EvidenceBook;
  readonly refused: RefusedTies;
}

/** The group that it is in now; null: it has to go the long way. Evidence without a group waits for its turn and says nothing yet. */
export function admit(one: Evidence, sight: AdmissionSight): Group | null {
  if (one.group !== null || one.core !== null || one.localClaims.length > 0) return null;
  if (!areNamesRare(one, sight.book)) return null;
  for (const { holders, isBanned } of one.locals)
    if (isBanned || holders.some((other) => other !== one && other.group !== null)) return null;
  const home = homeOf(one);
  if (home === 'unclear') return null;
  if (home === null) {
    if (one.ids.length === 0 && one.macs.length === 0) return null;
    const alone = aloneOf(one);
    const group: Group = { evidence: alone, isStrong: true, address: null, device: null };
    one.group = group;
    one.core = { evidence: alone, kinds: kindsOf(one, noKinds) };
    return group;
  }
  return mayJoin(one, home, sight) ? home.group : null;
}

interface Home {
  readonly group: Group;
  /** With which it shares what single-valued identifiers it has; null: it has none. */
  readonly core: Core | null;
}

function homeOf(one: Evidence): Home | 'unclear' | null {
  let group: Group | null = null;
  let core: Core | null = null;
  for (const id of one.ids) {
    if (id.isShared || id.isBanned || id.kind === 'asserted') return 'unclear';
    for (const { group: its, core: itsCore } of id.holders) {
      if (its === null) continue;
      if ((group !== null && its !== group) || (core !== null && itsCore !== core)) return 'unclear';
      group = its;
      core = itsCore;
    }
  }
  const isTiedByIds = core !== null;
  for (const mac of one.macs) {
    if (mac.isShared || mac.isBanned) return 'unclear';
    for (const { group: its } of mac.holders) {
      if (its === null) continue;
      // Different ids at one MAC converge only where something else agrees.
      if ((group !== null && its !== group) || (one.ids.length > 0 && !isTiedByIds)) return 'unclear';
      group = its;
    }
  }
  return group === null ? null : { group, core };
}

function mayJoin(one: Evidence, { group, core }: Home, { refused }: AdmissionSight): boolean {
  if (!group.isStrong || group.address !== null || one.claims.length > 0) return false;
  for (const { ids, macs, isAdrift } of group.evidence) {
    if (isAdrift) return false;
    for (const mac of macs) if (mac.isShared || refused.has(mac)) return false;
    for (const id of ids) {
      if (!counts(id)) continue;
      for (const own of one.ids)
        if (own !== id && own.kind !== 'serial' && own.kind === id.kind && own.scope === id.scope)
          return false;
    }
  }
  const isWhole = core !== null && core.evidence === group.evidence;
  if (core === null) one.core = { evidence: aloneOf(one), kinds: noKinds };
  else {
    // What is new to it may be at odds with what converged with it.
    const isMore = one.ids.some((own) => own.kind === 'serial' || !core.kinds.includes(own.family.kindKey));
    if (isMore && group.evidence.some((other) => other.core !== core && other.core!.kinds.length > 0))
      return false;
    core.evidence = append(core.evidence, one);
    core.kinds = kindsOf(one, core.kinds);
    one.core = core;
  }
  one.group = group;
  group.evidence =
    isWhole && mayShare(core.evidence) ? core.evidence : knownList(append(group.evidence, one), one);
  return true;
}

function kindsOf({ ids }: Evidence, known: readonly string[]): readonly string[] {
  let kinds = known;
  for (const id of ids) kinds = withKind(kinds, id);
  return kinds;
}

/** The list of those that hold what it alone holds, where there is one. */
function aloneOf(one: Evidence): readonly Evidence[] {
  for (const list of [one.ids, one.macs, one.locals])
    for (const { holders } of list) if (isAlone(holders, one)) return holders;
  return [one];
}

/** Then nobody's agreement in a name ends because one more carries it. */
export function areNamesRare({ names }: Pick<Evidence, 'names'>, book: EvidenceBook): boolean {
  for (const name of names) if (book.names.get(name)!.length > limits.nameDevicesMax) return false;
  return true;
}

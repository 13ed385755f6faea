/**
 * Which evidence is one device by single-valued identifiers alone. Kind after kind in the order of priority: what would tie two
 * values of one kind identifies nobody and is left out. A function of the set of evidence: order makes no difference.
 */
import { append } from './append.ts';
import type { Core, Evidence, Identifier } from './evidence.ts';
import { singleValuedKinds } from './identifier-rules.ts';
import type { Marks } from './marks.ts';
import { nobody, noValues, placeOfKind } from './reached.ts';
import { Union } from './union.ts';

/** Makes the cores of evidence that was closed over; sets `isShared` of identifiers that are left out. */
export function coresOf(region: readonly Evidence[], marks: Marks): void {
  // Each part has a mark of its own; there are no more of them than there is evidence.
  const first = marks.take(region.length);
  const parts: (readonly Evidence[])[] = [];
  for (const one of region) {
    if (one.mark < first) {
      walk(one, first + parts.length, first);
      parts.push(nobody);
    }
    const at = one.mark - first;
    parts[at] = append(parts[at]!, one);
  }
  for (const part of parts) partCores(part);
}

/** Marks all that hangs together with one by identifiers that may tie, and is not marked yet. */
function walk(from: Evidence, mark: number, first: number): void {
  from.mark = mark;
  if (from.ids.length === 0) return;
  const queue = [from];
  for (let one = queue.pop(); one !== undefined; one = queue.pop())
    for (const { isFree, holders } of one.ids) {
      if (!isFree || holders.length === 1) continue;
      for (const holder of holders) {
        if (holder.mark >= first) continue;
        holder.mark = mark;
        queue.push(holder);
      }
    }
}

/** Of one part that hangs together: one core, unless its values conflict. */
function partCores(part: readonly Evidence[]): void {
  if (!hasConflict(part)) {
    coreOf(part);
    return;
  }
  const ids = new Set<Identifier>();
  for (const one of part) for (const id of one.ids) if (!id.isShared && !id.isBanned) ids.add(id);
  const union = new Union<Evidence>();
  for (const one of part) union.add(one);
  for (const kind of ['manual', 'asserted', ...singleValuedKinds] as const) {
    const ofKind = [...ids].filter((id) => id.kind === kind).sort(byValue);
    if (kind === 'manual' || kind === 'asserted')
      for (const { holders } of ofKind) for (const holder of holders) union.join(holders[0]!, holder);
    else joinBy(ofKind, part, union);
  }
  for (const set of union.sets(part)) coreOf(set);
}

/** Joins what identifiers of one kind tie, and leaves those out that would join what conflicts. */
function joinBy(identifiers: readonly Identifier[], part: readonly Evidence[], union: Union<Evidence>): void {
  const sets = new Map(union.sets(part).map((set) => [union.root(set[0]!), set] as const));
  const valuesOfRoot = new Map([...sets].map(([root, set]) => [root, valuesOf(set)] as const));
  const rootsOf = (id: Identifier) => new Set(id.holders.map((holder) => union.root(holder)));
  const free: Identifier[] = [];
  for (const id of identifiers) {
    const roots = rootsOf(id);
    if (roots.size < 2) continue;
    if (joinConflicts([...roots].map((root) => valuesOfRoot.get(root)!))) id.isShared = true;
    else free.push(id);
  }
  for (let left = free; left.length > 0; ) {
    const trial = new Union<Evidence>();
    for (const root of sets.keys()) trial.add(root);
    for (const id of left) {
      const [first, ...others] = rootsOf(id);
      for (const other of others) trial.join(first!, other);
    }
    const bad = trial
      .sets(sets.keys())
      .filter((roots) => joinConflicts(roots.map((root) => valuesOfRoot.get(root)!)));
    if (bad.length === 0) {
      for (const { holders } of left) for (const holder of holders) union.join(holders[0]!, holder);
      return;
    }
    for (const roots of bad) {
      const inside = left.filter((id) => trial.root(union.root(id.holders[0]!)) === trial.root(roots[0]!));
      mostTying(inside, (id) => [...rootsOf(id)].map((root) => valuesOfRoot.get(root)!)).isShared = true;
    }
    left = left.filter((id) => !id.isShared);
  }
}

type Values = ReadonlyMap<string, ReadonlySet<Identifier>>;

/** The one that ties the most values of one kind, of those the first by value. */
export function mostTying<I extends Identifier>(identifiers: readonly I[], tied: (id: I) => Values[]): I {
  const scored = identifiers.map((id) => ({ id, score: mostValues(tied(id)) }));
  scored.sort((a, b) => b.score - a.score || byValue(a.id, b.id));
  return scored[0]!.id;
}

function mostValues(tied: readonly Values[]): number {
  const counts = new Map<string, number>();
  for (const values of tied)
    for (const [kind, set] of values) counts.set(kind, (counts.get(kind) ?? 0) + set.size);
  // What ties the most of one kind, and of those that tie as many the one that ties more altogether.
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return Math.max(0, ...counts.values()) * 1_000 + Math.min(total, 999);
}

function byValue(a: Identifier, b: Identifier): number {
  if (a.value !== b.value) return a.value < b.value ? -1 : 1;
  return a.scope < b.scope ? -1 : a.scope > b.scope ? 1 : 0;
}

/** External values by kind; one that is shared ties nobody, and is what its observation said all the same. */
function valuesOf(evidence: readonly Evidence[]): Map<string, Set<Identifier>> {
  const values = new Map<string, Set<Identifier>>();
  for (const { ids } of evidence) {
    for (const id of ids) {
      if (!id.family.isExternal || id.isBanned) continue;
      const ofKind = values.get(id.family.kindKey);
      if (ofKind === undefined) values.set(id.family.kindKey, new Set([id]));
      else ofKind.add(id);
    }
  }
  return values;
}

/** Whether two external values of one kind are said, as `valuesOf` tells them. */
function hasConflict(part: readonly Evidence[]): boolean {
  if (part.length === 1) {
    const [{ ids }] = part as [Evidence];
    if (ids.length === 1) return false;
  }
  let first = noValues;
  for (const { ids } of part)
    for (const id of ids) {
      if (!id.family.isExternal || id.isBanned) continue;
      const at = placeOfKind(first, id.family);
      if (at < 0) first = append(first, id);
      else if (first[at] !== id) return true;
    }
  return false;
}

/** Whether together they have more values of a kind than one of them has alone (an asserted id may have given it several). */
function joinConflicts(sides: readonly Values[]): boolean {
  const together = new Map<string, { values: Set<Identifier>; most: number }>();
  for (const side of sides) {
    for (const [kind, values] of side) {
      const known = together.get(kind);
      if (known === undefined) together.set(kind, { values: new Set(values), most: values.size });
      else {
        for (const value of values) known.values.add(value);
        known.most = Math.max(known.most, values.size);
      }
    }
  }
  for (const { values, most } of together.values()) if (values.size > most) return true;
  return false;
}

/** Whether it tells a device from others: an external id in any case, a serial unless many have it. */
export function counts({ family, isShared, isBanned }: Identifier): boolean {
  if (isBanned) return false;
  return family.isExternal || (family.kind === 'serial' && !isShared);
}

/** By kind what tells it from other devices. */
export function toldApartBy({ evidence }: Core): Map<string, Set<Identifier>> {
  const values = new Map<string, Set<Identifier>>();
  for (const { ids } of evidence) {
    for (const id of ids) {
      if (!counts(id)) continue;
      const ofKind = values.get(id.family.kindKey);
      if (ofKind === undefined) values.set(id.family.kindKey, new Set([id]));
      else ofKind.add(id);
    }
  }
  return values;
}

/** Whether they cannot all be one device. */
export function areApart(cores: readonly Core[]): boolean {
  const sides = cores.map(toldApartBy);
  return joinConflicts(sides);
}

function coreOf(evidence: readonly Evidence[]): Core {
  let kinds = noKinds;
  for (const { ids } of evidence) for (const id of ids) kinds = withKind(kinds, id);
  const core: Core = { evidence, kinds };
  for (const one of evidence) one.core = core;
  return core;
}

/** With the kind of an identifier that tells a device from others. */
export function withKind(kinds: readonly string[], id: Identifier): readonly string[] {
  return counts(id) ? id.family.addTo(kinds) : kinds;
}

export const noKinds: readonly string[] = [];

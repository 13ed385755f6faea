/**
 * Which evidence is reached from other evidence over single-valued identifiers, and which of those identifiers tie what cannot be one
 * device in their holders as they are. What is one device is decided elsewhere (`cores.ts`).
 */
import { append } from './append.ts';
import type { Evidence, Identifier } from './evidence.ts';
import type { IdentifierFamily } from './identifiers.ts';
import { identityLimits as limits } from './limits.ts';
import type { Marks } from './marks.ts';

/**
 * Evidence that these reach over identifiers which may tie, and whatever was in one core with any of it, each once; `isShared` is brought
 * up to date on the way.
 */
export function closeOver(from: Iterable<Evidence>, marks: Marks): Evidence[] {
  const mark = marks.take(1);
  const reached: Evidence[] = [];
  for (const one of from) note(one, mark, reached);
  addCores(reached, mark, reached);
  for (let added: readonly Evidence[] = reached.slice(); added.length > 0; )
    added = addCores(reach(added, mark, reached), mark, reached);
  return reached;
}

/** Whether it was not reached before. */
function note(one: Evidence, mark: number, reached: Evidence[]): boolean {
  if (one.mark === mark) return false;
  one.mark = mark;
  reached.push(one);
  return true;
}

/** Answers what was not reached before. */
function reach(from: readonly Evidence[], mark: number, reached: Evidence[]): Evidence[] {
  const queue = from.slice();
  const found: Evidence[] = [];
  for (let evidence = queue.pop(); evidence !== undefined; evidence = queue.pop()) {
    for (const identifier of evidence.ids) {
      if (identifier.mark === mark) continue;
      identifier.mark = mark;
      const wasBoundary = identifier.witness !== null;
      identifier.isShared = identifier.isBanned || tiesDirectly(identifier);
      // One that becomes a boundary lets go of all that it held together.
      if (identifier.isShared && (wasBoundary || identifier.isBanned)) continue;
      for (const holder of identifier.holders) {
        if (!note(holder, mark, reached)) continue;
        found.push(holder);
        queue.push(holder);
      }
    }
  }
  return found;
}

/** What was in one core with these. Answers what was not reached before. */
function addCores(of: readonly Evidence[], mark: number, reached: Evidence[]): Evidence[] {
  const added: Evidence[] = [];
  // They may be those that were reached until now.
  const { length } = of;
  for (let at = 0; at < length; at += 1) {
    const { core } = of[at]!;
    if (core === null || core.evidence.length < 2) continue;
    for (const one of core.evidence) if (note(one, mark, reached)) added.push(one);
  }
  return added;
}

/**
 * Whether an identifier ties different values of one external kind in its holders as they are, whatever else is known. Where an
 * external id agrees and the serial differs hardware was replaced, so serials do not count here.
 */
function tiesDirectly(identifier: Identifier): boolean {
  const { family, holders, witness } = identifier;
  if (!family.isSingleValued || holders.length < 2) return false;
  if (witness !== null) return true;
  // Few kinds beside it, so that they are looked through faster than found in a map.
  let values = noValues;
  let said = nobody;
  for (const by of holders) {
    for (const id of by.ids) {
      if (id === identifier || !id.family.isExternal) continue;
      const at = placeOfKind(values, id.family);
      if (at < 0) {
        values = append(values, id);
        said = append(said, by);
      } else if (values[at] !== id) {
        identifier.witness = [said[at]!, by];
        return true;
      }
    }
  }
  if (family.kind !== 'serial' || !isMakersDefault(holders)) return false;
  identifier.witness = [holders[0]!, holders[1]!];
  return true;
}

export const noValues: readonly Identifier[] = [];
export const nobody: readonly Evidence[] = [];

/** Where the one of this kind is; -1: none is. */
export function placeOfKind(values: readonly Identifier[], { kindKey }: IdentifierFamily): number {
  for (let at = 0; at < values.length; at += 1) if (values[at]!.family.kindKey === kindKey) return at;
  return -1;
}

/** A serial that many things say which nothing but their MACs tells apart. */
function isMakersDefault(holders: readonly Evidence[]): boolean {
  if (holders.length <= limits.serialMacsMax) return false;
  const macs = new Set<string>();
  for (const { ids, seedMac } of holders) if (ids.length === 1 && seedMac !== null) macs.add(seedMac);
  return macs.size > limits.serialMacsMax;
}

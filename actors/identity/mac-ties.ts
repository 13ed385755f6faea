/**
 * Which cores a MAC would tie: those that something better tells apart and others, and whether they cannot be one device whatever else is
 * known. What becomes of the ties is decided elsewhere (`convergence.ts`).
 */
import { areApart } from './cores.ts';
import type { Core, Evidence, Identifier } from './evidence.ts';
import { identityLimits as limits } from './limits.ts';

/** A MAC that may tie, and at least two cores that hold it: those that are told apart by something better, and others. */
export interface Tie {
  readonly mac: Identifier;
  readonly strong: readonly Core[];
  readonly loose: readonly Core[];
  /** In which look it was met last. */
  metIn: number;
}

/** By value; `mark` is one that no MAC has. */
export function tiesOfAll(cores: readonly Core[], mark: number): Tie[] {
  const ties: Tie[] = [];
  for (const { evidence } of cores)
    for (const one of evidence)
      for (const mac of one.macs) {
        if (mac.mark === mark) continue;
        mac.mark = mark;
        if (!mac.isFree || mac.holders.length < 2) continue;
        const tie = tieOf(mac);
        if (tie !== null) ties.push(tie);
      }
  return ties.sort((a, b) => (a.mac.value < b.mac.value ? -1 : 1));
}

/** Null: one core holds it alone. */
function tieOf(mac: Identifier): Tie | null {
  const { holders } = mac;
  if (!areSeveral(holders)) return null;
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
  return { mac, strong, loose, metIn: 0 };
}

function areSeveral(holders: readonly Evidence[]): boolean {
  let first: Core | null = null;
  for (const { core } of holders) {
    if (core === null || core === first) continue;
    if (first !== null) return true;
    first = core;
  }
  return false;
}

/** Whether a MAC ties two cores that cannot be one device, whatever else is known. */
export function macConflicts(mac: Identifier): boolean {
  const { witness, holders } = mac;
  if (witness !== null && differ(witness[0].core, witness[1].core)) return true;
  mac.witness = null;
  if (holders.length < 2 || (holders.length <= limits.tiedByMacMax && !areSeveralStrong(holders)))
    return false;
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

/** Whether more than one core of theirs tells a device from others. */
function areSeveralStrong(holders: readonly Evidence[]): boolean {
  let first: Core | null = null;
  for (const { core } of holders) {
    if (core === null || core === first || core.kinds.length === 0) continue;
    if (first !== null) return true;
    first = core;
  }
  return false;
}

function differ(a: Core | null, b: Core | null): boolean {
  if (a === null || b === null || a === b) return false;
  for (const kind of a.kinds) if (b.kinds.includes(kind)) return areApart([a, b]);
  return false;
}

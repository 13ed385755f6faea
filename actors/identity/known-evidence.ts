/** Which evidence an observation is of: the one with exactly its identifiers, as they were observed. */
import { type Evidence, type IdentifierSets, identifiersOf } from './evidence-piece.ts';
import type { Identifier } from './identifiers.ts';

/** Evidence with exactly these, as they were observed: what was put in by hand does not count, what was taken out does. */
export function knownOf(asked: IdentifierSets): Evidence | null {
  const { ids, macs, locals, localClaims } = asked;
  const fewest = fewestOf(localClaims, fewestOf(locals, fewestOf(macs, fewestOf(ids, null))));
  if (fewest === null) return null;
  for (const evidence of fewest) if (isSame(evidence, asked)) return evidence;
  return null;
}

/** The shortest list of holders, of two as long the one that is there. */
function fewestOf(
  list: readonly Identifier[],
  fewest: readonly Evidence[] | null,
): readonly Evidence[] | null {
  let least = fewest;
  for (const { holders } of list) if (least === null || holders.length < least.length) least = holders;
  return least;
}

function isSame(evidence: Evidence, asked: IdentifierSets): boolean {
  const { ids, macs, claims, locals, localClaims, overruled } = evidence;
  if (overruled.length === 0 && ids.every(({ kind }) => kind !== 'manual'))
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

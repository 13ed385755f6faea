/** What ties evidence to other evidence, for audit and explanation: the best first. */
import { type Evidence, type Identifier, identifiersOf } from './evidence.ts';
import { identifierKinds } from './identifier-rules.ts';
import { identityLimits as limits } from './limits.ts';

/** Identifiers that count and that both sides hold, in the order of priority. */
export function tiesBetween(a: readonly Evidence[], b: readonly Evidence[]): Identifier[] {
  const own = new Set(a);
  const held = new Set<Identifier>();
  for (const one of own) for (const id of activeOf(one)) held.add(id);
  const ties = new Set<Identifier>();
  for (const one of b) if (!own.has(one)) for (const id of activeOf(one)) if (held.has(id)) ties.add(id);
  return [...ties].sort(byPriority);
}

function byPriority(x: Identifier, y: Identifier): number {
  return identifierKinds.indexOf(x.kind) - identifierKinds.indexOf(y.kind) || (x.value < y.value ? -1 : 1);
}

/** What both sides say, or said until somebody overruled it, and what does not tie them now. */
export function formerTies(a: readonly Evidence[], b: readonly Evidence[]): Identifier[] {
  const saidOf = (one: Evidence) => [...identifiersOf(one), ...one.overruled];
  const held = new Set(a.flatMap(saidOf));
  return [...new Set(b.flatMap(saidOf).filter((one) => held.has(one)))].sort(byPriority);
}

function activeOf({ ids, macs, locals }: Evidence): Identifier[] {
  return [...ids, ...macs, ...locals].filter(({ isShared, isBanned }) => !isShared && !isBanned);
}

export function evidenceTexts(ties: readonly Identifier[]): string[] {
  return ties.slice(0, limits.evidenceTextsMax).map(textOf);
}

export function textOf({ kind, scope, value }: Identifier): string {
  return scope === '' ? `${kind}:${value}` : `${kind}:${scope}:${value}`;
}

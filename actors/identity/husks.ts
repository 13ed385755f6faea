/**
 * Evidence of which all was withdrawn, and for which devices were made: it says nothing, and is found again by what it said, so that a
 * device that is told of once more has the id that it had. What has no device is not kept at all.
 */
import type { Evidence, IdentifierSets } from './evidence-piece.ts';
import type { Identifier } from './identifiers.ts';

export class Husks {
  private readonly bySaid = new Map<string, Evidence>();
  private readonly said = new Map<Evidence, IdentifierSets>();

  get isEmpty(): boolean {
    return this.said.size === 0;
  }

  add(evidence: Evidence, said: IdentifierSets): void {
    this.bySaid.set(keyOf(said), evidence);
    this.said.set(evidence, said);
  }

  /** What it said; null: it is none. */
  saidBy(evidence: Evidence): IdentifierSets | null {
    return this.said.get(evidence) ?? null;
  }

  /** The one that said exactly this, which is none any more. */
  take(asked: IdentifierSets): Evidence | null {
    const evidence = this.bySaid.get(keyOf(asked));
    if (evidence === undefined) return null;
    this.bySaid.delete(keyOf(asked));
    this.said.delete(evidence);
    return evidence;
  }
}

/** What a person took out of it is said again when it is said again; what he put in is none of it. */
export function saidOf({ ids, macs, claims, locals, localClaims, overruled }: Evidence): IdentifierSets {
  const out = (is: (one: Identifier) => boolean) => overruled.filter(is);
  return {
    ids: [...ids, ...out(({ kind }) => kind !== 'mac' && kind !== 'local_mac')].filter(
      ({ kind }) => kind !== 'manual',
    ),
    macs: [...macs, ...out(({ kind }) => kind === 'mac')],
    claims,
    locals: [...locals, ...out((one) => one.kind === 'local_mac' && !localClaims.includes(one))],
    localClaims,
  };
}

/** In the order in which they are written. */
export function listsOf({ ids, macs, claims, locals, localClaims }: IdentifierSets) {
  return [ids, macs, claims, locals, localClaims];
}

export function setsOf(lists: readonly (readonly Identifier[])[]): IdentifierSets {
  const [ids = [], macs = [], claims = [], locals = [], localClaims = []] = lists;
  return { ids, macs, claims, locals, localClaims };
}

function keyOf(said: IdentifierSets): string {
  return JSON.stringify(
    listsOf(said).map((list) =>
      list.map(({ kind, scope, value }) => JSON.stringify([kind, scope, value])).sort(),
    ),
  );
}

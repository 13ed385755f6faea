/**
 * Devices that a person held apart: what tied them was taken out of the evidence of one side, and evidence that says the same again
 * says nothing new. Other evidence may still make them one.
 */
import { type Evidence, type EvidenceBook, type Identifier, identifiersOf } from './evidence.ts';

export interface Separation {
  /** Of the device that was given back, when they were parted. */
  readonly own: ReadonlySet<Identifier>;
  /** Of the other, and not of that. */
  readonly others: ReadonlySet<Identifier>;
}

/** The evidence of one side: what it had before they were one, and what came since and is said more of it. */
export interface Side {
  readonly first: readonly Evidence[];
  readonly since: readonly Evidence[];
}

export class Separations {
  readonly all: Separation[] = [];

  /** Answers the evidence that changed. */
  part(book: EvidenceBook, own: Side, others: Side): Evidence[] {
    const ownIds = new Set(own.first.flatMap(identifiersOf));
    const otherIds = new Set(others.first.flatMap(identifiersOf).filter((one) => !ownIds.has(one)));
    const changed: Evidence[] = [];
    for (const evidence of [...others.first, ...others.since])
      if (without(book, evidence, ownIds)) changed.push(evidence);
    for (const evidence of own.since) if (without(book, evidence, otherIds)) changed.push(evidence);
    this.all.push({ own: ownIds, others: otherIds });
    return changed;
  }

  /** New evidence that says again what was overruled is of the other side. */
  applyTo(book: EvidenceBook, evidence: Evidence): void {
    for (const { own, others } of this.all)
      if (identifiersOf(evidence).some((one) => others.has(one))) without(book, evidence, own);
  }
}

function without(book: EvidenceBook, evidence: Evidence, identifiers: ReadonlySet<Identifier>): boolean {
  const tied = identifiersOf(evidence).filter((one) => identifiers.has(one));
  for (const identifier of tied) book.overrule(evidence, identifier);
  return tied.length > 0;
}

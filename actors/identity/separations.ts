/**
 * Devices that a person held apart: what tied them was taken out of the evidence of one side, and evidence that says the same again
 * says nothing new. Other evidence may still make them one.
 */
import { type Evidence, type EvidenceBook, type Identifier, identifiersOf } from './evidence.ts';

export interface Separation {
  /** Stays with the device that was given back. */
  readonly kept: ReadonlySet<Identifier>;
  /** Of the other side, when they were parted. */
  readonly others: ReadonlySet<Identifier>;
}

export class Separations {
  readonly all: Separation[] = [];

  /** Parts `own` from `others`: answers the evidence that changed. */
  part(book: EvidenceBook, own: readonly Evidence[], others: readonly Evidence[]): Evidence[] {
    const held = new Set(own.flatMap(identifiersOf));
    const kept = new Set<Identifier>();
    const changed: Evidence[] = [];
    for (const evidence of others) {
      const tied = identifiersOf(evidence).filter((one) => held.has(one));
      for (const identifier of tied) {
        kept.add(identifier);
        book.overrule(evidence, identifier);
      }
      if (tied.length > 0) changed.push(evidence);
    }
    const theirs = others.flatMap(identifiersOf).filter((one) => !held.has(one));
    this.all.push({ kept, others: new Set(theirs) });
    return changed;
  }

  /** What new evidence says of both sides was overruled before. */
  applyTo(book: EvidenceBook, evidence: Evidence): void {
    for (const { kept, others } of this.all) {
      const held = identifiersOf(evidence);
      if (!held.some((one) => others.has(one))) continue;
      for (const identifier of held) if (kept.has(identifier)) book.overrule(evidence, identifier);
    }
  }
}

/**
 * Numbers with which evidence and identifiers are marked while they are looked through: what is marked with the number of this look, or
 * one above it, was met already. It takes neither sets nor their memory. A number is given once, and whoever looks takes as many as he
 * has to tell apart.
 */
export class Marks {
  private last = 0;

  /** The first of so many that nothing is marked with, nor with one above. */
  take(count: number): number {
    const first = this.last + 1;
    this.last += count;
    return first;
  }

  /** Then all marks have to be wiped off before the next look: they stay small integers, also beside flags. */
  get areMany(): boolean {
    return this.last >= marksMax;
  }

  begin(last = 0): void {
    this.last = last;
  }
}

/** A quarter of what there is room for, so that whoever began below it comes to an end. */
const marksMax = 2 ** 25;

/**
 * Ties of a partition that were refused, and why. Nearly all identifiers are none of them, which is read from the identifier itself:
 * each is asked for at every turn.
 */
import type { Conflict } from './conflicts.ts';
import type { Identifier } from './evidence.ts';

export class RefusedTies {
  private readonly reasons = new Map<Identifier, Conflict['reason']>();

  get size(): number {
    return this.reasons.size;
  }

  has(identifier: Identifier): boolean {
    return identifier.isRefused;
  }

  get(identifier: Identifier): Conflict['reason'] | undefined {
    return identifier.isRefused ? this.reasons.get(identifier) : undefined;
  }

  set(identifier: Identifier, reason: Conflict['reason']): void {
    identifier.isRefused = true;
    this.reasons.set(identifier, reason);
  }

  delete(identifier: Identifier): void {
    if (!identifier.isRefused) return;
    identifier.isRefused = false;
    this.reasons.delete(identifier);
  }
}

/** What the reconcilers of one core did since its process began, and what they hold now, of all tenants together: for whoever watches the core. */
import { Durations, type DurationsSeen } from './durations.ts';
import type { LineAction } from './identity/outcomes.ts';
import { type BatchNews, countsOf, type NewsCounts } from './inventory-news.ts';
import type { UpdateOutcome } from './reconciler-messages.ts';

/** What became of updates; `refused` is none of the rules' actions. */
export type UpdateTally = Record<LineAction | 'refused', number>;

/** What one reconciler holds. */
export interface Holding {
  readonly devices: number;
  /** Sets of identifiers, tables, addresses and service components. */
  readonly residents: number;
  /** Updates that wait. */
  readonly waiting: number;
  /** Batches that are decided and not in the store. */
  readonly unwritten: number;
}

export interface InventoryTotals extends Holding {
  readonly updates: Readonly<UpdateTally>;
  readonly changes: NewsCounts;
  readonly documents: { readonly reconciled: number; readonly failed: number };
  /** Messages with updates that were refused because too many waited. */
  readonly busy: number;
  readonly writes: DurationsSeen;
  /** Of the tenant that has the most. */
  readonly greatestResidents: number;
}

export class InventoryCounts {
  private readonly held = new Set<() => Holding>();
  private readonly updates = newTally();
  private readonly documents = { reconciled: 0, failed: 0 };
  private readonly writes = new Durations();
  private changes: NewsCounts = { created: 0, merged: 0, separated: 0, conflict: 0 };
  private busy = 0;

  /** Until the signal fires. */
  hold(read: () => Holding, signal: AbortSignal): void {
    this.held.add(read);
    signal.addEventListener('abort', () => this.held.delete(read), { once: true });
  }

  noteBatch(tally: Readonly<UpdateTally>, news: BatchNews | null): void {
    for (const action of updateActions) this.updates[action] += tally[action];
    if (news === null) return;
    const { created, merged, separated, conflict } = countsOf(news);
    const { changes } = this;
    this.changes = {
      created: changes.created + created,
      merged: changes.merged + merged,
      separated: changes.separated + separated,
      conflict: changes.conflict + conflict,
    };
  }

  noteDocument(outcome: 'reconciled' | 'failed'): void {
    this.documents[outcome] += 1;
  }

  noteBusy(): void {
    this.busy += 1;
  }

  noteWrite(ms: number): void {
    this.writes.note(ms);
  }

  totals(): InventoryTotals {
    const { updates, changes, documents, busy, writes } = this;
    const all = [...this.held].map((read) => read());
    const sum = (of: (one: Holding) => number) => all.reduce((total, one) => total + of(one), 0);
    return {
      ...{ updates: { ...updates }, changes, documents: { ...documents }, busy, writes: writes.seen() },
      devices: sum(({ devices }) => devices),
      residents: sum(({ residents }) => residents),
      waiting: sum(({ waiting }) => waiting),
      unwritten: sum(({ unwritten }) => unwritten),
      greatestResidents: Math.max(0, ...all.map(({ residents }) => residents)),
    };
  }
}

export function newTally(): UpdateTally {
  return {
    ...{ created: 0, matched: 0, merged: 0, kept: 0, sighting: 0, dropped: 0, blocked: 0, deleted: 0 },
    ...{ restored: 0, refused: 0 },
  };
}

const updateActions = Object.keys(newTally()) as (keyof UpdateTally)[];

export function addToTally(tally: UpdateTally, outcomes: readonly UpdateOutcome[]): UpdateTally {
  for (const one of outcomes) tally['error' in one ? 'refused' : one.action] += 1;
  return tally;
}

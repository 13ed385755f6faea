/**
 * A document on its way into the inventory, from its beginning: its batches one after the other, each with whether it is the last, and
 * the account of what became of its updates. Between the reconciler, which decides and writes, and the parts in the store.
 */
import { type DocumentBatch, documentBatches } from './document-updates.ts';
import type { DocumentShelf } from './ports/document-store.ts';
import type { DocumentReconciled, DocumentToReconcile } from './ports/inventory-store.ts';
import { refusedExamplesMax } from './reconcile-limits.ts';
import type { UpdateOutcome } from './reconciler-messages.ts';

export class DocumentReading {
  readonly document: DocumentToReconcile;
  private readonly batches: AsyncGenerator<DocumentBatch>;
  private ahead: IteratorResult<DocumentBatch> | null = null;
  private batch: DocumentBatch['updates'] = [];
  private updates = 0;
  private taken = 0;
  private readonly refused: Record<string, number> = {};
  private readonly examples: { item: number; error: string }[] = [];

  constructor(shelf: Pick<DocumentShelf, 'read'>, tenantId: string, document: DocumentToReconcile) {
    this.document = document;
    this.batches = documentBatches(shelf, tenantId, document);
  }

  /** Whether it is the last; one that is empty, or given up, has one batch without anything. */
  async next(givenUp: number | null): Promise<boolean> {
    this.batch = [];
    if (this.document.ordinal === givenUp) return true;
    const current = this.ahead ?? (await this.batches.next());
    if (current.done === true) return true;
    this.batch = current.value.updates;
    this.ahead = await this.batches.next();
    return this.ahead.done === true;
  }

  /** The updates of the batch; what could not be read is none. */
  said(): unknown[] {
    return this.batch.map((one) => ('said' in one ? one.said : null));
  }

  account(outcomes: readonly UpdateOutcome[]): void {
    for (const [at, one] of this.batch.entries()) {
      const outcome = 'error' in one ? one : outcomes[at]!;
      this.updates += 1;
      if (!('error' in outcome)) {
        this.taken += 1;
        continue;
      }
      const { error } = outcome;
      this.refused[error] = (this.refused[error] ?? 0) + 1;
      if (this.examples.length < refusedExamplesMax) this.examples.push({ item: one.item, error });
    }
  }

  reconciled(isFailed: boolean): DocumentReconciled {
    const { updates, taken, refused, examples } = this;
    const failed = isFailed ? 'reconcile_failed' : null;
    return { ordinal: this.document.ordinal, updates, taken, refused, examples, failed };
  }
}

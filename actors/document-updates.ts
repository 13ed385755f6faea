/**
 * A document that was received as batches of device updates: read part by part, so that of the largest one some hundred kilobytes are in
 * memory. What is in it is judged by who takes the batches.
 */
import { ArrayItems } from './array-items.ts';
import type { DocumentShelf } from './ports/document-store.ts';
import type { DocumentToReconcile } from './ports/inventory-store.ts';
import { documentItemBytesMax, reconcileBatchMax } from './reconcile-limits.ts';
import { sweepUpdates } from './sweep-updates.ts';

export interface DocumentBatch {
  /** `not_json` and `too_long` instead of an update that could not be read. */
  readonly updates: readonly (
    | { readonly item: number; readonly said: unknown }
    | { readonly item: number; readonly error: string }
  )[];
}

/** In order; none for an empty document. */
export async function* documentBatches(
  shelf: Pick<DocumentShelf, 'read'>,
  tenantId: string,
  { ordinal, kind }: DocumentToReconcile,
): AsyncGenerator<DocumentBatch> {
  const items = new ArrayItems(documentItemBytesMax);
  let updates: DocumentBatch['updates'][number][] = [];
  let item = 0;
  for (let atByte = 0; ; ) {
    const bytes = await shelf.read(tenantId, ordinal, atByte);
    if (bytes === null) break;
    atByte += bytes.length;
    for (const text of items.add(bytes)) {
      const at = item;
      item += 1;
      const said = text === null ? null : parsed(text);
      if (said === null) updates.push({ item: at, error: text === null ? 'too_long' : 'not_json' });
      else
        for (const one of kind === 'sweep' ? sweepUpdates(said.value) : [said.value])
          updates.push({ item: at, said: one });
      while (updates.length >= reconcileBatchMax) {
        yield { updates: updates.slice(0, reconcileBatchMax) };
        updates = updates.slice(reconcileBatchMax);
      }
    }
  }
  if (updates.length > 0) yield { updates };
}

function parsed(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

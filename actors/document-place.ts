/**
 * Whether what is asked of a document fits what there is of it: another document under its id, a part that is held already, one
 * that leaves a gap. Pure; the desk performs it (`document-desk.ts`).
 */
import { createHash } from 'node:crypto';
import { documentBytesMax, documentPartBytesMax, documentTextCharactersMax } from './limits.ts';
import {
  type DocumentKind,
  documentKinds,
  type NewDocument,
  type StoredDocument,
} from './ports/document-store.ts';

/** As a gateway brings it, on behalf of whoever has the certificate. */
export interface DocumentAsked {
  /** The sender's own id of it. */
  key: string;
  sender: string;
  agent: string;
  partition: string;
  kind: string;
  service: string;
  /** Null: not known. */
  totalBytes: number | null;
}

export type DocumentRefusalCode =
  | 'bad_document'
  | 'document_conflict'
  | 'document_damaged'
  | 'document_gone'
  | 'too_large'
  | 'too_many_documents'
  | 'no_room';

export interface DocumentRefusal {
  readonly code: DocumentRefusalCode;
  readonly detail: string;
}

export const refuseDocument = (code: DocumentRefusalCode, detail: string): DocumentRefusal => ({
  code,
  detail,
});

export function isDocumentRefusal(value: object): value is DocumentRefusal {
  return 'code' in value && 'detail' in value;
}

/** `doc_` and 104 bits of who sends it and what they call it: the same document, by whichever gateway it comes. */
export function documentIdOf({ sender, partition, agent, key }: DocumentAsked): string {
  const sum = createHash('sha256')
    .update(JSON.stringify([partition, sender, agent, key]))
    .digest('hex');
  return `doc_${sum.slice(0, 26)}`;
}

export function judgeDocument(asked: DocumentAsked): NewDocument | DocumentRefusal {
  const { key, sender, agent, partition, service, totalBytes } = asked;
  const kind = documentKinds.find((one) => one === asked.kind) as DocumentKind | undefined;
  if (kind === undefined)
    return refuseDocument('bad_document', `a document is of kind ${documentKinds.join(', ')}`);
  for (const [name, text] of Object.entries({ id: key, service })) {
    if (!isWord(text))
      return refuseDocument(
        'bad_document',
        `its ${name} is 1 to ${documentTextCharactersMax} characters on one line`,
      );
  }
  if (totalBytes !== null && !(Number.isSafeInteger(totalBytes) && totalBytes >= 0))
    return refuseDocument('bad_document', 'its size is a whole number of bytes');
  if (totalBytes !== null && totalBytes > documentBytesMax) return tooLarge;
  return { id: documentIdOf(asked), sender, agent, partition, kind, service, totalBytes };
}

/** What there is under the id, against what is asked for. Null: the same document. */
export function judgeSame(there: StoredDocument, asked: NewDocument): DocumentRefusal | null {
  const { kind, service, totalBytes } = asked;
  const isOther =
    there.kind !== kind ||
    there.service !== service ||
    (totalBytes !== null && there.totalBytes !== null && totalBytes !== there.totalBytes);
  if (!isOther) return null;
  const size = there.totalBytes === null ? '' : ` of ${there.totalBytes} bytes`;
  return refuseDocument(
    'document_conflict',
    `under this id there is a ${there.kind} of ${there.service}${size}: give another document another id`,
  );
}

/** What of a part is new. `held`: none of it. */
export type PartPlace = { readonly type: 'held' } | { readonly type: 'new'; readonly skip: number };

export function placePart(
  there: Pick<StoredDocument, 'heldBytes' | 'totalBytes' | 'state'>,
  offset: number,
  length: number,
): PartPlace | DocumentRefusal {
  if (!Number.isSafeInteger(offset) || offset < 0 || length < 1 || length > documentPartBytesMax)
    return refuseDocument('bad_document', `a part has 1 to ${documentPartBytesMax} bytes`);
  const end = offset + length;
  if (end > documentBytesMax) return tooLarge;
  if (there.totalBytes !== null && end > there.totalBytes)
    return refuseDocument('bad_document', `it was said to have ${there.totalBytes} bytes, and goes on`);
  if (end <= there.heldBytes) return { type: 'held' };
  if (offset > there.heldBytes)
    return refuseDocument(
      'document_gone',
      `${there.heldBytes} bytes are held, the part is at ${offset}: open it again`,
    );
  return { type: 'new', skip: there.heldBytes - offset };
}

/** Whether it may be finished. Null: it may. */
export function judgeEnd(
  there: Pick<StoredDocument, 'heldBytes' | 'totalBytes'>,
  totalBytes: number,
): DocumentRefusal | null {
  if (there.totalBytes !== null && totalBytes !== there.totalBytes)
    return refuseDocument(
      'bad_document',
      `it was said to have ${there.totalBytes} bytes, and ends with ${totalBytes}`,
    );
  if (totalBytes < there.heldBytes)
    return refuseDocument(
      'document_conflict',
      `${there.heldBytes} bytes are held, and it ends with ${totalBytes}`,
    );
  if (totalBytes > there.heldBytes)
    return refuseDocument(
      'document_gone',
      `${there.heldBytes} of ${totalBytes} bytes are held: open it again`,
    );
  return null;
}

const tooLarge = refuseDocument('too_large', `a document has at most ${documentBytesMax} bytes`);

function isWord(text: unknown): boolean {
  if (typeof text !== 'string' || text.length < 1 || text.length > documentTextCharactersMax) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  return !/[\u0000-\u001f\u007f]/.test(text);
}

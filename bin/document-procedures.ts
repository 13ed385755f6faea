/** What operators' commands ask of a core about documents that agents sent: which there are, and one of them, piece by piece. */
import type { StoredDocument, Tenant } from '../actors/index.ts';
import { type ClusterNode, ProcedureError } from '../cluster/index.ts';
import { type Store, StoreError } from '../store/index.ts';
import { documentView } from './document-views.ts';
import { documentsListedMax } from './limits.ts';
import { findTenant, text } from './named-tenant.ts';
import { instant } from './views.ts';

export interface DocumentListAsked {
  tenant: string;
  limit: number;
}

export interface DocumentAsked {
  tenant: string;
  id: string;
}

export interface DocumentReadAsked extends DocumentAsked {
  /** As it was shown: another of the same id is another document. */
  sha256: string;
  atByte: number;
}

export function declareDocuments(
  node: ClusterNode,
  store: Pick<Store, 'documents' | 'inventoryShelf' | 'tenants'>,
): void {
  const read = (name: string, run: (argument: never) => unknown) =>
    node.declare(name, { access: 'read', run });

  read('document_list', async ({ tenant, limit }: DocumentListAsked) => {
    const row = await findTenant(store, tenant);
    if (!(Number.isSafeInteger(limit) && limit >= 1 && limit <= documentsListedMax))
      throw new ProcedureError('bad_argument', `a list shows 1 to ${documentsListedMax} documents`);
    return (await store.documents.list(row.id, limit)).map((one) => documentView(row, one));
  });
  read('document_show', async ({ tenant, id }: DocumentAsked) => {
    const row = await findTenant(store, tenant);
    const document = await found(store, row, text(id));
    const account = await store.inventoryShelf
      .reconciled(row.id, document.ordinal)
      .catch((error: unknown) => {
        if (error instanceof StoreError && error.code === 'schema_behind') return null;
        throw error;
      });
    const view = documentView(row, document);
    if (account === null) return { ...view, reconciled_at: null, reconciled: null };
    const { updates, taken, refused, examples, failed, atMs } = account;
    return {
      ...view,
      reconciled_at: instant(atMs),
      reconciled: { updates, taken, refused, examples, failed },
    };
  });
  read('document_read', async ({ tenant, id, sha256, atByte }: DocumentReadAsked) => {
    const row = await findTenant(store, tenant);
    const document = await found(store, row, text(id));
    // Until it is whole nobody knows whether it is what its sender meant.
    if (document.state !== 'whole')
      throw new ProcedureError(
        'document_open',
        `document ${document.id} is still coming: see picket document show`,
      );
    if (document.sha256 !== sha256)
      throw new ProcedureError(
        'no_such_document',
        `document ${document.id} is another one by now: ask again`,
      );
    if (!(Number.isSafeInteger(atByte) && atByte >= 0))
      throw new ProcedureError('bad_argument', 'no place in it');
    if (atByte >= document.heldBytes) return null;
    return await store.documents.read(row.id, document.ordinal, atByte);
  });
}

async function found(
  store: Pick<Store, 'documents'>,
  { id: tenantId, slug }: Tenant,
  id: string,
): Promise<StoredDocument> {
  const row = await store.documents.find(tenantId, id);
  if (row !== null) return row;
  throw new ProcedureError(
    'no_such_document',
    `tenant "${slug}" has no document "${id}": see picket document list --tenant ${slug}`,
  );
}

/**
 * What a source told of devices is taken back before it is removed: it is listed no more, its last listing is in the inventory, and the
 * tenant's reconciler takes back a part for each time that it is asked. Whoever asks does so until there is no more.
 */
import { type ReconcilerProtocol, reconcilerKey, type Tenant } from '../actors/index.ts';
import { type ClusterNode, ProcedureError } from '../cluster/index.ts';
import type { Store } from '../store/index.ts';
import { withHeld } from './held-tenant.ts';
import { deviceChangeMs, withdrawnDocumentsMax } from './limits.ts';
import type { ListedSourceView } from './listed-source-views.ts';

/** `waits`: for the end of a run, or for its document to be reconciled. */
export interface WithdrawnPart {
  readonly count: number;
  readonly isMore: boolean;
  readonly waits: 'run' | 'document' | null;
}

export interface WithdrawalNeeds {
  readonly node: ClusterNode;
  readonly store: Pick<Store, 'listedSources' | 'documents' | 'inventoryShelf'>;
  /** Told that the source is another one now. */
  changed(tenant: Tenant): void;
}

const waiting = (waits: 'run' | 'document'): WithdrawnPart => ({ count: 0, isMore: true, waits });

/** Refused with `source_shared`. */
export async function withdrawPart(
  { node, store, changed }: WithdrawalNeeds,
  tenant: Tenant,
  { id, name, kind, partition, enabled, running }: ListedSourceView,
  by: string,
): Promise<WithdrawnPart> {
  const { listedSources, documents, inventoryShelf } = store;
  const others = (await listedSources.list(tenant.id)).filter(
    ({ source }) => source.id !== id && source.kind === kind && source.partition === partition,
  );
  if (others.length > 0) {
    const names = others.map(({ source }) => source.name).join(', ');
    const detail = `what ${name} told of devices is told by ${names} in the same words (${kind}, partition ${partition}): remove that first, or leave out --withdraw`;
    throw new ProcedureError('source_shared', detail);
  }
  if (enabled) {
    await listedSources.change(tenant.id, id, { enabled: false }, by);
    changed(tenant);
  }
  if (running !== null) return waiting('run');
  const listed = await documents.list(tenant.id, withdrawnDocumentsMax);
  const newest = listed.find(({ sender, state }) => sender === `source/${id}` && state === 'whole');
  if (newest !== undefined && (await inventoryShelf.reconciled(tenant.id, newest.ordinal)) === null)
    return waiting('document');
  const part = await withHeld<ReconcilerProtocol, { count: number; isMore: boolean }>(
    node,
    tenant,
    reconcilerKey(tenant.id),
    (ref) => node.system.call(ref, deviceChangeMs).withdraw(partition, kind, by, `source ${name} is removed`),
  );
  return { ...part, waits: null };
}

/**
 * Brings the document of a slice that a node of the cluster swept to the desk of the core that holds its tenant, as gateways
 * bring those of agents: part by part, each answered when it is stored, and once more from where it stands when the tenant
 * has moved. Between sweep-runner.ts and document-desk.ts.
 */
import { createHash } from 'node:crypto';
import type { Cluster } from '../cluster/index.ts';
import { type Clock, messageOf, type Ref, type Self } from '../runtime/index.ts';
import {
  documentPartBytesMax,
  sweepDocumentCallMs,
  sweepDocumentEndMs,
  sweepDocumentRetryMs,
  sweepDocumentTriesMax,
} from './limits.ts';
import {
  type DocumentAsked,
  type DocumentDeskProtocol,
  documentDeskKey,
  type SchedulerProtocol,
  schedulerKey,
} from './messages.ts';

/** Null when it is stored whole; else why not. Tries as long as `isWanted`. */
export async function bringDocument(
  self: Self<unknown>,
  { cluster, clock }: { cluster: Cluster; clock: Clock },
  tenantId: string,
  asked: Omit<DocumentAsked, 'totalBytes'>,
  bytes: Uint8Array,
  isWanted: () => boolean,
): Promise<string | null> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  let why = 'document_not_taken';
  for (let attempt = 0; attempt < sweepDocumentTriesMax && isWanted(); attempt += 1) {
    if (attempt > 0) await new Promise<void>((resolve) => void clock.timer(sweepDocumentRetryMs, resolve));
    const scheduler = cluster.names.lookup<SchedulerProtocol>(schedulerKey(tenantId));
    const desk =
      scheduler === null ? null : cluster.names.lookup<DocumentDeskProtocol>(documentDeskKey(scheduler.node));
    if (desk === null) {
      why = 'tenant_unavailable: no core holds the tenant';
      continue;
    }
    try {
      await bring(self, desk, tenantId, { ...asked, totalBytes: bytes.length }, bytes, sha256);
      return null;
    } catch (error) {
      why = `${(error as { code?: unknown }).code ?? 'failed'}: ${messageOf(error)}`;
      // Under its id there is something else: it comes again under another, or not at all.
      if ((error as { code?: unknown }).code === 'document_conflict') break;
    }
  }
  return why;
}

async function bring(
  self: Self<unknown>,
  desk: Ref<DocumentDeskProtocol>,
  tenantId: string,
  asked: DocumentAsked,
  bytes: Uint8Array,
  sha256: string,
): Promise<void> {
  const { id, heldBytes } = await self.call(desk, sweepDocumentCallMs).open(tenantId, asked);
  try {
    for (let at = heldBytes; at < bytes.length; ) {
      const part = bytes.subarray(at, at + documentPartBytesMax);
      at = (await self.call(desk, sweepDocumentCallMs).part(tenantId, id, at, part)).heldBytes;
    }
    await self.call(desk, sweepDocumentEndMs).end(tenantId, id, bytes.length, sha256);
  } finally {
    self.cast(desk).left(tenantId, id);
  }
}

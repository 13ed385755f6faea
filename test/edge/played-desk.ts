/** The desk of a core for documents, with a store that is played, on the stage of a gateway. */
import { documentDesk } from '../../actors/document-desk.ts';
import type { Stage } from '../../edge/testing/stage.ts';
import { memoryDocuments } from '../contract/memory-documents.ts';

export function playDesk(stage: Stage) {
  const documents = memoryDocuments();
  const names = { ...stage.cluster.names, list: () => [{ node: 'poller_1', metadata: { epoch: 1 } }] };
  const cluster = { ...stage.cluster, names } as unknown as Stage['cluster'];
  const desk = stage.system.spawn(
    documentDesk({ cluster, documents, tenantOf: () => ({}) as never, received: () => {} }),
  );
  return { documents, desk };
}

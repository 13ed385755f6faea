/**
 * Removes the documents whose time is over: whole ones that were kept long enough, and what was begun and never finished. The
 * coordinator's work; two that do it at once do no harm.
 */
import type { Cluster } from '../cluster/index.ts';
import { coordinatedWork } from './coordinated-work.ts';
import { documentKeptMs, documentOpenKeptMs, documentsLookMs } from './limits.ts';
import type { DocumentShelf } from './ports/document-store.ts';

export interface DocumentEndsNeeds {
  cluster: Pick<Cluster, 'coordination'>;
  documents: Pick<DocumentShelf, 'purge'>;
}

export function documentEnds({ cluster, documents }: DocumentEndsNeeds) {
  return coordinatedWork({
    name: 'document_ends',
    cluster,
    everyMs: documentsLookMs,
    failure: 'documents could not be removed',
    run: () => documents.purge(documentKeptMs, documentOpenKeptMs),
    troubleOf: ({ failed }) => (failed.length === 0 ? null : `of ${failed.length} tenants: ${failed[0]}`),
    ended(log, { whole, unfinished }) {
      if (whole + unfinished > 0) log('info', 'documents were removed', { whole, unfinished });
    },
  });
}

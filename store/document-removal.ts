/**
 * The end of documents: first nobody sees one any more, then its parts go in bounded statements, then its row. A kill leaves
 * some parts of what nobody sees; the next call removes the rest.
 */
import type { DocumentsPurged } from '../actors/ports/document-store.ts';
import { isRun } from '../actors/ports/tenant-lifecycle.ts';
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import type { StoreLog } from './log.ts';
import { hasNothing } from './schema-versions.ts';
import { listTenants } from './tenant-rows.ts';
import type { Database } from './unit-of-work.ts';

const age = (kept: string) => `clock_timestamp() - ${kept}::float8 * interval '1 millisecond'`;

/** Null: something is left over of a call that was cut off. */
const over = `
WITH over AS (
  UPDATE documents SET state = 'gone'
  WHERE state = 'whole' AND received_at <= ${age('$1')} OR state = 'open' AND touched_at <= ${age('$2')}
  RETURNING received_at IS NOT NULL AS whole
)
SELECT whole FROM over UNION ALL SELECT NULL WHERE EXISTS (SELECT FROM documents WHERE state = 'gone')`;

const removeParts = `
DELETE FROM document_parts p USING (
  SELECT q.ordinal, q.at_byte FROM documents d JOIN document_parts q ON q.ordinal = d.ordinal
  WHERE d.state = 'gone' LIMIT ${limits.documentPartsRemovedMax}
) g WHERE p.ordinal = g.ordinal AND p.at_byte = g.at_byte RETURNING 1 AS one`;

/** One with parts left is another call's: two may be at it. */
const removeRows = `
WITH room AS MATERIALIZED (SELECT FROM document_gate FOR UPDATE),
gone AS (
  DELETE FROM documents d USING room
  WHERE d.state = 'gone' AND NOT EXISTS (SELECT FROM document_parts p WHERE p.ordinal = d.ordinal) RETURNING d.held_bytes
)
UPDATE document_gate SET held_bytes = held_bytes - (SELECT coalesce(sum(held_bytes), 0) FROM gone)`;

export function documentRemoval(db: Database, log: StoreLog) {
  async function removeGone(tenantId: string): Promise<void> {
    let removed: number = limits.documentPartsRemovedMax;
    while (removed === limits.documentPartsRemovedMax)
      removed = (await db.asTenant(tenantId, (unit) => unit.query(removeParts))).length;
    await db.asTenant(tenantId, (unit) => unit.query(removeRows));
  }

  return {
    removeGone,
    async purge(wholeKeptMs: number, openKeptMs: number): Promise<DocumentsPurged> {
      const purged: DocumentsPurged = { whole: 0, unfinished: 0, failed: [] };
      for (const { id, status, schemaFits } of await db.asPlatform(listTenants)) {
        if (!isRun(status) || !schemaFits) continue;
        try {
          const rows = await db.asTenant(id, (unit) =>
            unit.query<{ whole: boolean | null }>(over, [wholeKeptMs, openKeptMs]),
          );
          for (const { whole } of rows) if (whole !== null) purged[whole ? 'whole' : 'unfinished'] += 1;
          if (rows.length > 0) await removeGone(id);
        } catch (error) {
          // Of a tenant that was purged, or whose schema is one version behind, there is nothing to remove.
          if (hasNothing(error)) continue;
          if (!(error instanceof StoreError) || error.code === 'store_unavailable') throw error;
          purged.failed.push(id);
          log.warn({ tenant: id, error: error.message }, 'documents could not be removed');
        }
      }
      return purged;
    },
  };
}

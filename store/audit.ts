/**
 * Who changed what of a tenant's own rows, in the tenant's schema and in the statement of the change: one is not there
 * without the other. Never with what is private: a subject is an id or a name.
 */
import { limits } from './limits.ts';
import { hasNothing } from './schema-versions.ts';
import type { Database } from './unit-of-work.ts';

export interface AuditRow {
  atMs: number;
  who: string;
  event: string;
  subject: string;
  why: string | null;
}

/** A part of a statement: notes `event` for each row of `changed`, which has `subject` and `at`. `who`: a parameter. */
export function noteChange(event: string, changed: string, who: string): string {
  return `noted AS (INSERT INTO audit (at, who, event, subject) SELECT at, ${who}, '${event}', subject FROM ${changed})`;
}

/** What was done to checks is beside what was done to devices, which are asked for one by one. */
const read = `
SELECT at, who, event, subject, why FROM (
  SELECT at, id, who, event, subject, why FROM audit
  UNION ALL
  SELECT at, id, who, 'check_' || event, subject, why FROM lives_audit WHERE what = 'check'
) changes ORDER BY at DESC, id DESC LIMIT ${limits.listedRowsMax}`;

/** In order; of a tenant whose schema has no such table yet, none. */
export async function auditOf(db: Database, tenantId: string): Promise<AuditRow[]> {
  try {
    const rows = await db.asTenant(tenantId, (unit) =>
      unit.query<{ at: number; who: string; event: string; subject: string; why: string | null }>(read),
    );
    return rows.reverse().map(({ at, ...row }) => ({ atMs: at, ...row }));
  } catch (error) {
    if (hasNothing(error)) return [];
    throw error;
  }
}

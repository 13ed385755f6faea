/**
 * What is wrong with a database, by its catalog: who owns what, who may what, what row-level security is missing. Each
 * rule is one question to the catalog whose rows are the findings; it changes nothing. Run as the login role.
 */

import { StoreError } from './errors.ts';
import { lintRules } from './lint-rules.ts';
import { platformApplied } from './migration-records.ts';
import type { Database } from './unit-of-work.ts';

export interface LintFinding {
  rule: string;
  /** What it is about: a table, a function, a role, with its schema. */
  object: string;
  detail: string;
}

/** Empty when all is well; ordered by rule, then by object. */
export async function lint(db: Database): Promise<LintFinding[]> {
  return await db.asPlatform(async (unit) => {
    if ((await platformApplied(unit)) === null) {
      throw new StoreError('no_schema', 'nothing of Picket is in this database: picket db migrate makes it');
    }
    const findings: LintFinding[] = [];
    for (const { rule, detail, sql } of lintRules) {
      const rows = await unit.query<{ object: string; what: string | null }>(sql);
      for (const { object, what } of rows)
        findings.push({ rule, object, detail: what === null ? detail : `${detail}: ${what}` });
    }
    return findings;
  });
}

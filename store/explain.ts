/**
 * How the server would go about statements that this process asked before: `EXPLAIN` of each under the identity it was asked
 * under, without running it and without its parameters (a generic plan). Where hypopg is installed, an index that would
 * help is looked for too.
 */
import { type AskPlan, type Hypothesis, hypothesis, type PlanRow } from './hypothesis.ts';
import type { StatementSeen } from './statement-record.ts';
import type { Database, Unit } from './unit-of-work.ts';

export interface Explained {
  statement: StatementSeen;
  /** Lines of PostgreSQL; empty when it was refused. */
  plan: string[];
  refused: string | null;
  /** Null: none found, or hypopg is not there. */
  index: Hypothesis | null;
}

export async function explain(db: Database, statement: StatementSeen): Promise<Explained> {
  try {
    const { plan, index } = await as(db, statement, (unit) => planOf(unit, statement.text));
    return { statement, plan, refused: null, index };
  } catch (error) {
    const refused = error instanceof Error ? error.message : String(error);
    return { statement, plan: [], refused, index: null };
  }
}

function as<T>(
  db: Database,
  { as: who, tenantId }: StatementSeen,
  work: (unit: Unit) => Promise<T>,
): Promise<T> {
  if (who === 'tenant') return db.asTenant(tenantId, work);
  return who === 'writer' ? db.asWriter(work) : db.asPlatform(work);
}

async function planOf(unit: Unit, text: string): Promise<{ plan: string[]; index: Hypothesis | null }> {
  const ask: AskPlan = (options) => explainOnce(unit, text, options);
  await unit.query("SELECT set_config('plan_cache_mode', 'force_generic_plan', false)");
  try {
    const rows = await ask('COSTS true');
    return { plan: rows.map((row) => row['QUERY PLAN'] as string), index: await hypothesis(unit, ask) };
  } finally {
    await unit.query('RESET plan_cache_mode');
  }
}

/**
 * PostgreSQL 15 explains a statement with parameters only once it is prepared; prepared anew each time, for a plan that is
 * kept knows nothing of hypothetical indexes.
 */
async function explainOnce(unit: Unit, text: string, options: string): Promise<PlanRow[]> {
  const parameters = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])));
  const nulls = Array.from({ length: parameters }, () => 'NULL').join(', ');
  await unit.query(`PREPARE picket_explained AS ${text}`);
  try {
    const execute = `EXECUTE picket_explained${parameters === 0 ? '' : `(${nulls})`}`;
    return await unit.query<PlanRow>(`EXPLAIN (${options}) ${execute}`);
  } finally {
    await unit.query('DEALLOCATE picket_explained');
  }
}

/**
 * An index that is not there and would help: where a plan reads a whole table and keeps few rows of it, hypopg makes one in
 * memory of its session on a column of the filter, and the server says what the plan would cost with it. Does nothing
 * where hypopg is not installed; makes no real index ever.
 */
import type { Unit } from './unit-of-work.ts';

export interface Hypothesis {
  /** The statement that would make it. */
  ddl: string;
  /** Of the whole plan, in the planner's unit. */
  costBefore: number;
  costAfter: number;
}

export interface PlanRow extends Record<string, unknown> {
  /** A line, or with FORMAT JSON the whole. */
  'QUERY PLAN': unknown;
}

/** Explains the statement in question with these options. */
export type AskPlan = (options: string) => Promise<PlanRow[]>;

interface PlanNode {
  'Node Type': string;
  Schema?: string;
  'Relation Name'?: string;
  Alias?: string;
  Filter?: string;
  'Total Cost': number;
  Plans?: PlanNode[];
}

/** Tables read whole, with the words of their filter. */
export function scans(node: PlanNode): { schema: string; table: string; words: Set<string> }[] {
  const below = (node.Plans ?? []).flatMap(scans);
  const { Schema: schema, 'Relation Name': table, Filter: filter } = node;
  if (node['Node Type'] !== 'Seq Scan' || schema === undefined || table === undefined || filter === undefined)
    return below;
  const text = filter.replaceAll(/'(?:[^']|'')*'/g, '');
  return [{ schema, table, words: new Set(text.match(/[a-z_][a-z0-9_]*/g) ?? []) }, ...below];
}

const columns = `
SELECT a.attname::text AS name, format('%I.%I', n.nspname, c.relname) AS relation, format('%I', a.attname) AS quoted
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped
  AND EXISTS (SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod
    WHERE m.amname = 'btree' AND o.opcdefault AND (o.opcintype = t.oid OR t.typtype = 'e'))
ORDER BY a.attnum`;

const where = `
SELECT quote_ident(n.nspname) AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'hypopg'`;

/** Without any word of ANALYZE: at one, even at "false", hypopg leaves its indexes out. */
async function costed(ask: AskPlan): Promise<PlanNode> {
  const [row] = await ask('VERBOSE true, FORMAT JSON');
  return (row!['QUERY PLAN'] as { Plan: PlanNode }[])[0]!.Plan;
}

/** The best of one index on one column; null: hypopg is not there, or none makes the plan cheaper by a tenth. */
export async function hypothesis(unit: Unit, ask: AskPlan): Promise<Hypothesis | null> {
  const [found] = await unit.query<{ schema: string }>(where);
  if (found === undefined) return null;
  const { schema } = found;
  const before = await costed(ask);
  let best: Hypothesis | null = null;
  for (const scan of scans(before)) {
    const known = await unit.query<{ name: string; relation: string; quoted: string }>(columns, [
      scan.schema,
      scan.table,
    ]);
    for (const { name, relation, quoted } of known) {
      if (!scan.words.has(name)) continue;
      const ddl = `CREATE INDEX ON ${relation} (${quoted})`;
      try {
        await unit.query(`SELECT FROM ${schema}.hypopg_create_index($1)`, [ddl]);
        const costAfter = (await costed(ask))['Total Cost'];
        const limit = best?.costAfter ?? before['Total Cost'] * 0.9;
        if (costAfter < limit) best = { ddl, costBefore: before['Total Cost'], costAfter };
      } finally {
        await unit.query(`SELECT ${schema}.hypopg_reset()`);
      }
    }
  }
  return best;
}

/** What operators' commands ask of a core or web node about its own use of the database. */
import { type ClusterNode, ProcedureError } from '../cluster/index.ts';
import type { DatabaseLoad, Explained, Store } from '../store/index.ts';
import { explainedMax, statementsShownMax } from './limits.ts';

export interface PoolView {
  pool: string;
  connections: number;
  connections_max: number;
  in_use: number;
  waiting: number;
  turns: number;
  turns_waited: number;
  waited_ms: number;
  waited_ms_max: number;
}

export interface StatementView {
  name: string;
  pool: string;
  as: string;
  count: number;
  failed: number;
  total_ms: number;
  mean_ms: number;
  p50_ms: number;
  p99_ms: number;
  max_ms: number;
}

export interface LoadView {
  node: string;
  pools: PoolView[];
  statements: StatementView[];
}

export interface ExplainView extends Omit<StatementView, 'pool'> {
  statement: string;
  plan: string[];
  refused: string | null;
  /** An index that would help, by hypopg where it is installed; null: none was found. */
  index: { ddl: string; cost_before: number; cost_after: number } | null;
}

export function declareDatabase(node: ClusterNode, store: Pick<Store, 'load' | 'explain'>): void {
  node.declare('db_load', { access: 'read', run: () => loadView(node.node, store) });
  node.declare('db_explain', {
    access: 'read',
    async run({ top }: { top: number }) {
      if (!Number.isInteger(top) || top < 1 || top > explainedMax)
        throw new ProcedureError('invalid_input', `1 to ${explainedMax} statements`);
      return (await store.explain(top)).map(explainView);
    },
  });
}

function loadView(node: string, store: Pick<Store, 'load'>): LoadView {
  const pools = Object.entries(store.load()) as [string, DatabaseLoad][];
  const statements = pools.flatMap(([pool, load]) =>
    load.statements.map((seen) => ({ pool, ...statementView(seen) })),
  );
  statements.sort((a, b) => b.total_ms - a.total_ms);
  return {
    node,
    pools: pools.map(([pool, { connections, connectionsMax, turns }]) => ({
      pool,
      connections,
      connections_max: connectionsMax,
      in_use: turns.inUse,
      waiting: turns.waiting,
      turns: turns.taken,
      turns_waited: turns.waited,
      waited_ms: rounded(turns.waitedMs),
      waited_ms_max: rounded(turns.waitedMsMax),
    })),
    statements: statements.slice(0, statementsShownMax),
  };
}

function statementView(seen: Explained['statement']): Omit<StatementView, 'pool'> {
  const { name, as, count, failed, totalMs, p50Ms, p99Ms, maxMs } = seen;
  return {
    name,
    as,
    count,
    failed,
    total_ms: rounded(totalMs),
    mean_ms: rounded(totalMs / count),
    p50_ms: rounded(p50Ms),
    p99_ms: rounded(p99Ms),
    max_ms: rounded(maxMs),
  };
}

function explainView({ statement, plan, refused, index }: Explained): ExplainView {
  return {
    ...statementView(statement),
    statement: statement.text,
    plan,
    refused,
    index:
      index === null ? null : { ddl: index.ddl, cost_before: index.costBefore, cost_after: index.costAfter },
  };
}

function rounded(ms: number): number {
  return Number(ms.toPrecision(4));
}

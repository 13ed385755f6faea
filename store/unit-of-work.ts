/**
 * The only way to the database: a unit of work that is somebody. Taking a connection sets role, search path and tenant in
 * one round trip, whatever the last user left behind; then each statement stands alone (autocommit), so no round trip
 * ever happens inside a transaction and a paused process holds no lock. A connection in doubt is closed, not returned.
 */
import type pg from 'pg';
import type { StoreClock } from './clock.ts';
import { StoreError } from './errors.ts';
import { createGate, type GateTurns } from './gate.ts';
import { tenantRole } from './ids.ts';
import { limits } from './limits.ts';
import type { StoreLog } from './log.ts';
import { sqlStateOf, toStoreError } from './pg-errors.ts';
import {
  nameOf,
  type StatementRecord,
  type StatementSeen,
  type StatementTotals,
  statementRecord,
} from './statement-record.ts';
import type { StoreTracing } from './tracing.ts';

export type Parameter = string | number | boolean | null | readonly string[] | Uint8Array;

export interface Unit {
  /** One parameterised statement. `timeoutMs` shortens the wait for the answer. */
  query<Row extends pg.QueryResultRow>(
    text: string,
    values?: readonly Parameter[],
    timeoutMs?: number,
  ): Promise<Row[]>;
  /**
   * Several statements in one round trip and one implicit transaction: all or none. It takes no parameters, so only
   * texts of ours and validated ids go in; values are handed over by `settings` and read by `current_setting`.
   */
  script(text: string, settings?: Readonly<Record<`picket.${string}`, string>>): Promise<void>;
}

type Work<Answer> = (unit: Unit) => Promise<Answer>;

export interface Database {
  /** As the tenant's own role: sees its schema and its own rows of telemetry, nothing else. */
  asTenant<Answer>(tenantId: string, work: Work<Answer>): Promise<Answer>;
  /** As the result writer: telemetry of all tenants, and the leases that it is joined to. */
  asWriter<Answer>(work: Work<Answer>): Promise<Answer>;
  /** As the login role: the `platform` schema; row-level security shows it no telemetry. */
  asPlatform<Answer>(work: Work<Answer>): Promise<Answer>;
  load(): DatabaseLoad;
  close(): Promise<void>;
}

/** What was asked over one pool of connections. */
export interface DatabaseLoad {
  connectionsMax: number;
  connections: number;
  turns: GateTurns;
  statements: StatementSeen[];
  totals: StatementTotals;
}

interface Identity {
  as: StatementSeen['as'];
  role: string;
  searchPath: string;
  tenantId: string;
}

/** Errors after which the connection is as good as before. */
const soundAfter: ReadonlySet<string> = new Set([
  'query_failed',
  'no_such_tenant',
  'session_lost',
  'invalid_input',
]);

/** What explains a statement is none of the work. */
const unrecorded = /^(?:PREPARE|EXPLAIN|DEALLOCATE|RESET)/;
const setIdentity =
  "SELECT set_config('role', $1, false), set_config('search_path', $2, false), set_config('picket.tenant', $3, false)";
const setSetting =
  'SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS s(name, value)';

export function createDatabase(
  pool: pg.Pool,
  clock: StoreClock,
  log: StoreLog,
  tracing: StoreTracing | null = null,
): Database {
  const gate = createGate(pool.options.max, clock);
  const record = statementRecord(limits.statementsKeptMax);

  async function run<Answer>(identity: Identity, work: Work<Answer>): Promise<Answer> {
    await gate.enter();
    try {
      return await runAs(identity, work);
    } finally {
      gate.leave();
    }
  }

  async function runAs<Answer>(identity: Identity, work: Work<Answer>): Promise<Answer> {
    const client = await pool.connect().catch((error: unknown) => {
      throw toStoreError(error);
    });
    let lost = false;
    const onError = () => {
      lost = true;
    };
    client.on('error', onError);
    try {
      await become(client, identity);
      return await work(unitOf(client, identity, { clock, log, record, tracing }));
    } catch (error) {
      // A refused statement leaves the connection sound; anything less certain does not.
      lost ||= !(error instanceof StoreError && soundAfter.has(error.code));
      throw error;
    } finally {
      client.off('error', onError);
      client.release(lost || client.getTransactionStatus() !== 'I');
    }
  }
  return {
    asTenant: (tenantId, work) => {
      const role = tenantRole(tenantId);
      return run({ as: 'tenant', role, searchPath: role, tenantId }, work);
    },
    asWriter: (work) => run({ as: 'writer', role: 'picket_writer', searchPath: '', tenantId: '' }, work),
    asPlatform: (work) => run({ as: 'platform', role: 'none', searchPath: '', tenantId: '' }, work),
    load: () => ({
      connectionsMax: pool.options.max,
      connections: pool.totalCount,
      turns: gate.turns(),
      statements: record.seen(),
      totals: record.totals(),
    }),
    close: () => pool.end(),
  };
}

async function become(client: pg.PoolClient, identity: Identity): Promise<void> {
  try {
    await client.query(setIdentity, [identity.role, identity.searchPath, identity.tenantId]);
  } catch (error) {
    // 22023: there is no such role, so there is no such tenant (or the database was never migrated).
    if (sqlStateOf(error) !== '22023') throw toStoreError(error);
    const code = identity.tenantId === '' ? 'query_failed' : 'no_such_tenant';
    throw new StoreError(code, `the database has no role ${identity.role}`, { cause: error });
  }
}

interface Watch {
  clock: StoreClock;
  log: StoreLog;
  record: StatementRecord;
  tracing: StoreTracing | null;
}

function unitOf(client: pg.PoolClient, { as, tenantId }: Identity, watch: Watch): Unit {
  const { clock, log, record } = watch;

  /** Scripts are not recorded: each is written for one occasion. */
  async function timed<Result>(text: string, ask: () => Promise<Result>, recorded = false): Promise<Result> {
    const startMs = clock.monotonicMs();
    const span = stepOf(watch.tracing, text, as);
    let failed = true;
    try {
      const answer = await ask();
      failed = false;
      span?.end();
      return answer;
    } catch (error) {
      span?.end(error);
      throw toStoreError(error);
    } finally {
      const tookMs = clock.monotonicMs() - startMs;
      if (recorded) record.note({ text, as, tenantId, tookMs, failed });
      if (tookMs > limits.slowStatementMs)
        log.warn({ tookMs: Math.round(tookMs), statement: text }, 'slow statement');
    }
  }
  return {
    query: async (text, values = [], timeoutMs = limits.queryTimeoutMs) => {
      const statement = { text, values: [...values], query_timeout: timeoutMs };
      const answer = await timed(text, () => client.query(statement), !unrecorded.test(text));
      return answer.rows;
    },
    script: async (text, settings = {}) => {
      const names = Object.keys(settings);
      if (names.length > 0)
        await timed(setSetting, () => client.query(setSetting, [names, Object.values(settings)]));
      const statement = { text, query_timeout: limits.migrationTimeoutMs };
      await timed(text, () => client.query(statement));
    },
  };
}

/** A statement as a step of the work that asks it. Its text has no values in it. */
function stepOf(tracing: StoreTracing | null, text: string, as: StatementSeen['as']) {
  if (tracing === null || !tracing.isOn) return null;
  const facts = { 'db.system.name': 'postgresql', 'db.query.text': text, 'picket.db.as': as };
  return tracing.begin('client', `store ${nameOf(text)}`, facts);
}

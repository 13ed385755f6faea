/**
 * Connections to PostgreSQL: the driver's pool with our limits and our reading of values, between `unit-of-work.ts` and
 * the `pg` package. Timestamps come back as Unix milliseconds. An idle connection that dies is logged and replaced.
 */
import pg from 'pg';
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import type { StoreLog } from './log.ts';

const timestamptzOid = 1184;
const int8Oid = 20;

/** Instants leave the server as `2026-11-21 08:03:58.082+00` because every connection sets ISO dates and UTC. */
export function parseInstant(text: string): number {
  const ms = Date.parse(`${text.slice(0, 10)}T${text.slice(11).replace(/\+00$/, 'Z')}`);
  if (Number.isNaN(ms)) throw new StoreError('query_failed', `not an instant that we can read: ${text}`);
  return ms;
}

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw new StoreError('query_failed', `larger than a safe integer: ${text}`);
  return value;
}

const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === timestamptzOid) return parseInstant;
    if (oid === int8Oid) return parseInt8;
    return pg.types.getTypeParser(oid, format as 'text');
  }) as typeof pg.types.getTypeParser,
};

export function openPool(url: string, connectionsMax: number, log: StoreLog): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsMax,
    maxUses: limits.connectionUsesMax,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    idleTimeoutMillis: limits.idleConnectionMs,
    statement_timeout: limits.statementTimeoutMs,
    query_timeout: limits.queryTimeoutMs,
    lock_timeout: limits.lockTimeoutMs,
    idle_in_transaction_session_timeout: limits.idleInTransactionMs,
    application_name: 'picket',
    keepAlive: true,
    options: '-c TimeZone=UTC -c DateStyle=ISO',
    types,
  });
  pool.on('error', (error) => log.warn({ error: error.message }, 'an idle database connection was lost'));
  return pool;
}

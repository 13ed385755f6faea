/**
 * From the driver's errors to ours: which mean "the database is away for now", which mean "it will not let us in", and
 * which are our own fault. SQLSTATE classes are those of PostgreSQL's appendix A.
 */
import { StoreError } from './errors.ts';

const awayNetworkCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
]);

/**
 * 08 connection, 53 out of disk, memory or connections, 57P01-57P05 shutdown or starting, 57014 statement timeout,
 * 58 system error, 40001 and 40P01 lost to another transaction, 55P03 lock timeout, 25006 read-only (a standby that is
 * not promoted yet), 25P03 our transaction idled. All leave nothing written and may be tried again.
 */
const awaySqlState = /^(08|53|57P0|57014|58|40001|40P01|55P03|25006|25P0[34])/;
/** No such schema, table, column. */
const notThereSqlState = /^(3F000|42P01|42703)/;
const deniedSqlState = /^(28|3D000)/;
/** The driver gives these no code. */
const awayMessage =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|not queryable|after calling end on the pool/;

export function sqlStateOf(error: unknown): string | null {
  const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : null;
}

/** The name of the constraint that a statement ran against, when that is what it failed for. */
export function constraintOf(error: unknown): string | null {
  const name = error instanceof Error ? (error as Error & { constraint?: unknown }).constraint : undefined;
  return typeof name === 'string' ? name : null;
}

export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = sqlStateOf(error);
  if (code === '53100')
    return new StoreError('store_unavailable', `the database's disk is full: ${message}`, { cause: error });
  if (code !== null && deniedSqlState.test(code)) {
    return new StoreError('access_denied', `the database refused the login of DATABASE_URL: ${message}`, {
      cause: error,
    });
  }
  const away =
    code === null ? awayMessage.test(message) : awayNetworkCodes.has(code) || awaySqlState.test(code);
  if (away)
    return new StoreError('store_unavailable', `the database cannot be reached: ${message}`, {
      cause: error,
    });
  const hint =
    code !== null && notThereSqlState.test(code) ? ' (is its schema up to date? picket db status)' : '';
  return new StoreError('query_failed', `the database refused a statement: ${message}${hint}`, {
    cause: error,
  });
}

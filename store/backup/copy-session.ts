/**
 * One transaction on a connection of its own, with COPY in and out as streams: what backups work on beside the unit of
 * work, whose statements are short and stand alone. Whatever fails closes the connection, and the database undoes it all.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { StoreError } from '../errors.ts';
import { limits } from '../limits.ts';
import { toStoreError } from '../pg-errors.ts';
import type { Bytes } from './seal.ts';

export interface CopySession {
  /** One or more statements, without parameters: only texts of ours and judged names go in. */
  run(text: string): Promise<void>;
  rows<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** `COPY ... TO STDOUT`, piece by piece. Answers the number of rows when all were taken. */
  copyOut(
    text: string,
    take: (piece: Buffer) => AsyncIterable<Buffer> | Iterable<Buffer>,
  ): AsyncGenerator<Buffer, number>;
  /** `COPY ... FROM STDIN`. Answers the number of rows. */
  copyIn(text: string, rows: Bytes): Promise<number>;
}

/** Values are written as text in one way only, whatever the server's settings are: checksums are made of it. */
const settings = [
  'TimeZone=UTC',
  'DateStyle=ISO',
  'IntervalStyle=postgres',
  'extra_float_digits=1',
  'bytea_output=hex',
  'statement_timeout=0',
  `lock_timeout=${limits.migrationLockTimeoutMs}`,
  `idle_in_transaction_session_timeout=${limits.backupIdleMs}`,
  // A client that was killed is noticed in the middle of a long statement, too.
  `client_connection_check_interval=${limits.backupClientCheckMs}`,
];

export interface Begin {
  /** In front of the transaction, so that its snapshot comes after: locks to be waited for. */
  before?: string;
  mode: string;
  commit: boolean;
}

/** Commits what `work` did when `begin.commit` says so and nothing failed; else undoes it. Throws a StoreError. */
export async function inTransaction<Answer>(
  url: string,
  begin: Begin,
  work: (session: CopySession) => Promise<Answer>,
): Promise<Answer> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    application_name: 'picket backup',
    keepAlive: true,
    options: settings.map((setting) => `-c ${setting}`).join(' '),
  });
  let lost: Error | null = null;
  client.on('error', (error) => {
    lost = error;
  });
  try {
    await client.connect();
    if (begin.before !== undefined) await client.query(begin.before);
    await client.query(`BEGIN ${begin.mode}`);
    const answer = await work(sessionOf(client));
    if (begin.commit) await client.query('COMMIT');
    return answer;
  } catch (error) {
    throw lost === null || error instanceof StoreError ? toStoreError(error) : toStoreError(lost);
  } finally {
    // Without an answer to wait for: in the middle of a COPY none would come.
    await client.end().catch(() => {});
  }
}

function sessionOf(client: pg.Client): CopySession {
  return {
    async run(text) {
      await client.query(text);
    },
    async rows<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) {
      return (await client.query<Row>(text, [...values])).rows;
    },
    async *copyOut(text, take) {
      const stream = client.query(copyTo(text));
      for await (const piece of stream) yield* take(piece as Buffer);
      return stream.rowCount;
    },
    async copyIn(text, rows) {
      const stream = client.query(copyFrom(text));
      await pipeline(Readable.from(rows, { objectMode: true, highWaterMark: 1 }), stream);
      return stream.rowCount;
    },
  };
}

/**
 * The launcher's only statements as superuser, repeated at every start because a kill may come between them: the login
 * role with exactly its rights, and the database that it owns.
 */
import pg from 'pg';
import { limits } from '../limits.ts';
import { superuserName } from './initdb.ts';
import type { Passwords } from './secrets.ts';

export const loginName = 'picket';
export const databaseName = 'picket';

/** Connects to the server as its superuser and makes what is missing. Rejects while the server is still starting. */
export async function bootstrap(socket: string, passwords: Passwords): Promise<void> {
  const client = new pg.Client({
    host: socket,
    user: superuserName,
    password: passwords.superuser,
    database: 'postgres',
    connectionTimeoutMillis: limits.connectTimeoutMs,
    query_timeout: limits.queryTimeoutMs,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    // A failing statement would be logged with its text, and this one builds a password into its text.
    await client.query(
      "SELECT set_config('log_min_error_statement', 'panic', false), set_config('picket.login', $1, false)",
      [passwords.login],
    );
    await client.query(`DO $$ BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${loginName}') THEN
        EXECUTE format('CREATE ROLE ${loginName} LOGIN NOSUPERUSER NOBYPASSRLS CREATEROLE NOCREATEDB NOINHERIT NOREPLICATION PASSWORD %L',
          current_setting('picket.login'));
      END IF;
    END $$`);
    const { rowCount } = await client.query(`SELECT FROM pg_database WHERE datname = '${databaseName}'`);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${databaseName} OWNER ${loginName}`);
    await client.query(`REVOKE ALL ON DATABASE ${databaseName} FROM PUBLIC`);
    await client.query('REVOKE CONNECT, TEMPORARY ON DATABASE postgres FROM PUBLIC');
  } finally {
    await client.end().catch(() => {});
  }
}

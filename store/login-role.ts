/**
 * Whether the login role of the database is one that isolation can rest on: unable to see past row-level security, able to
 * make roles and schemas. Asked before the first migration.
 */
import { StoreError } from './errors.ts';
import type { Unit } from './unit-of-work.ts';

export interface Login extends Record<string, unknown> {
  name: string;
  superuser: boolean;
  bypass: boolean;
  createrole: boolean;
  inherit: boolean;
  may_create: boolean;
  server: number;
}

/** Throws `login_role_unfit` with every reason. */
export async function judgeLogin(unit: Unit): Promise<void> {
  const [login] = await unit.query<Login>(
    `SELECT rolname AS name, rolsuper AS superuser, rolbypassrls AS bypass, rolcreaterole AS createrole,
       rolinherit AS inherit, has_database_privilege(current_database(), 'CREATE') AS may_create,
       current_setting('server_version_num')::int AS server
     FROM pg_roles WHERE rolname = session_user`,
  );
  if (!login) throw new StoreError('login_role_unfit', 'the login role cannot see itself in pg_roles');
  const problems = loginProblems(login);
  if (problems.length > 0) {
    throw new StoreError('login_role_unfit', `the login role ${login.name} is unfit: ${problems.join('; ')}`);
  }
}

/** A stronger role than needed is refused, too. */
export function loginProblems(login: Login): string[] {
  const problems: string[] = [];
  if (login.server < 150_000) problems.push('the server is older than PostgreSQL 15');
  if (login.superuser) problems.push('it is a superuser (ALTER ROLE ... NOSUPERUSER)');
  if (login.bypass) problems.push('it bypasses row-level security (ALTER ROLE ... NOBYPASSRLS)');
  if (!login.createrole) problems.push('it may not create roles (ALTER ROLE ... CREATEROLE)');
  if (!login.may_create) problems.push('it may not create schemas (GRANT CREATE ON DATABASE ... TO ...)');
  if (login.inherit && login.server < 160_000) {
    problems.push('on PostgreSQL 15 it must not inherit (ALTER ROLE ... NOINHERIT)');
  }
  return problems;
}

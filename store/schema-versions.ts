/**
 * How this code speaks to a tenant whose schema is one version behind: what needs the newest is tried, and what the database
 * says when its tables are not there yet is understood. Nobody remembers which tenant is where, so a tenant may be
 * migrated, or taken back, while it is in use.
 */
import { StoreError } from './errors.ts';
import { sqlStateOf } from './pg-errors.ts';

/** No such table, column, function. */
const notThere: ReadonlySet<string | null> = new Set(['42P01', '42703', '42883']);

function isNotThere(error: unknown): boolean {
  return error instanceof StoreError && notThere.has(sqlStateOf(error.cause));
}

/** Of a tenant that is gone, or whose schema has no such table yet: there is nothing to look at. */
export function hasNothing(error: unknown): boolean {
  return isNotThere(error) || (error instanceof StoreError && error.code === 'no_such_tenant');
}

/** Work with what came with the newest version: `schema_behind` for a tenant that has not got it yet. */
export async function atNewest<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isNotThere(error)) throw error;
    const detail = `the tenant's schema has no ${what} yet: bring it up with picket db migrate`;
    throw new StoreError('schema_behind', detail, { cause: error });
  }
}

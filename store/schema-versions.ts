/**
 * How this code speaks to a tenant whose schema is one version behind: where the two versions need different statements,
 * the newest is tried, and the one before when the tables are not there yet. Nobody remembers which tenant is where, so
 * a tenant may be migrated, or taken back, while it is in use.
 */
import type pg from 'pg';
import { StoreError } from './errors.ts';
import { sqlStateOf } from './pg-errors.ts';
import type { Parameter, Unit } from './unit-of-work.ts';

/** Two statements with the same parameters and the same answer. */
export interface Versions {
  newest: string;
  before: string;
}

/** No such table, column, function. */
const notThere: ReadonlySet<string | null> = new Set(['42P01', '42703', '42883']);

export function isNotThere(error: unknown): boolean {
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

export async function queryEither<Row extends pg.QueryResultRow>(
  unit: Unit,
  { newest, before }: Versions,
  values: readonly Parameter[],
): Promise<Row[]> {
  try {
    return await unit.query<Row>(newest, values);
  } catch (error) {
    if (!isNotThere(error)) throw error;
    return await unit.query<Row>(before, values);
  }
}

/**
 * What a tenant is connected with: a name, a kind, an endpoint, and credentials, which are sealed and are told to nobody
 * who lists. In the tenant's schema under its role.
 */
import { noteChange } from './audit.ts';
import { plainText } from './audit-text.ts';
import { StoreError } from './errors.ts';
import { newIntegrationId } from './ids.ts';
import { limits } from './limits.ts';
import { moment } from './moment.ts';
import { constraintOf, sqlStateOf } from './pg-errors.ts';
import { atNewest } from './schema-versions.ts';
import type { Database } from './unit-of-work.ts';
import { badRow, shownText } from './user-fields.ts';
import type { Vault } from './vault/vault.ts';

export interface NewIntegration {
  name: string;
  /** `armis`, `netbox`, ...: a-z, 0-9, `_` and `-`. */
  kind: string;
  /** A URL without a name or password in it: it is shown. */
  endpoint: string;
  /** Whatever the other side takes, as it takes it; null: none. */
  credentials: string | null;
}

export interface Integration {
  id: string;
  name: string;
  kind: string;
  endpoint: string;
  hasCredentials: boolean;
  createdAtMs: number;
  updatedAtMs: number;
}

export interface Integrations {
  /** Throws `bad_row`, `too_large`, `integration_exists`. */
  add(tenantId: string, integration: NewIntegration, by: string): Promise<Integration>;
  /** By name. */
  list(tenantId: string): Promise<Integration[]>;
  /** For who connects. Throws `no_such_integration`, and why they do not open. */
  credentials(tenantId: string, idOrName: string): Promise<string | null>;
  /** With its credentials, for good. Throws `no_such_integration`. */
  remove(tenantId: string, idOrName: string, by: string): Promise<Integration>;
}

interface Columns extends Record<string, unknown> {
  id: string;
  name: string;
  kind: string;
  endpoint: string;
  credentials_sealed: string | null;
  created_at: number;
  updated_at: number;
}

const columns = 'i.id, i.name, i.kind, i.endpoint, i.credentials_sealed, i.created_at, i.updated_at';

const insert = `
WITH ${moment},
i AS (
  INSERT INTO integrations (id, name, kind, endpoint, credentials_sealed, created_at, updated_at)
  SELECT $1, $2, $3, $4, $5, at, at FROM moment RETURNING integrations.*, name AS subject, created_at AS at
),
${noteChange('integration_add', 'i', '$6')}
SELECT ${columns} FROM i`;

const remove = `
WITH ${moment},
i AS (
  DELETE FROM integrations USING moment WHERE id = $1 OR name = $1 RETURNING integrations.*, name AS subject, at
),
${noteChange('integration_remove', 'i', '$2')}
SELECT ${columns} FROM i`;

const list = `SELECT ${columns} FROM integrations i ORDER BY i.name LIMIT ${limits.listedRowsMax}`;
const one = `SELECT ${columns} FROM integrations i WHERE i.id = $1 OR i.name = $1`;

export function createIntegrations(db: Database, vault: Vault): Integrations {
  const place = (tenantId: string, rowId: string) => ({
    tenantId,
    table: 'integrations',
    column: 'credentials_sealed',
    rowId,
  });
  const ask = (tenantId: string, text: string, values: readonly (string | null)[] = []) =>
    atNewest('integrations', () => db.asTenant(tenantId, (unit) => unit.query<Columns>(text, values)));
  return {
    async add(tenantId, given, by) {
      const { name, kind, endpoint, credentials } = judgeIntegration(given);
      const id = newIntegrationId();
      if (credentials !== null) await vault.ready();
      const sealed = credentials === null ? null : vault.seal(place(tenantId, id), credentials);
      try {
        const [row] = await ask(tenantId, insert, [id, name, kind, endpoint, sealed, by]);
        return toIntegration(row!);
      } catch (error) {
        const cause = error instanceof StoreError ? error.cause : error;
        if (sqlStateOf(cause) !== '23505' || constraintOf(cause) !== 'integrations_name_key') throw error;
        throw new StoreError('integration_exists', `the tenant has an integration "${name}"`, {
          cause: error,
        });
      }
    },
    list: async (tenantId) => (await ask(tenantId, list)).map(toIntegration),
    async credentials(tenantId, idOrName) {
      const [row] = await ask(tenantId, one, [plainText(idOrName)]);
      if (row === undefined) return none(idOrName);
      const { id, credentials_sealed: sealed } = row;
      return sealed === null ? null : vault.open(place(tenantId, id), sealed);
    },
    async remove(tenantId, idOrName, by) {
      const [row] = await ask(tenantId, remove, [plainText(idOrName), by]);
      return row === undefined ? none(idOrName) : toIntegration(row);
    },
  };
}

/** What of it the table takes. Throws `bad_row`. */
export function judgeIntegration(given: NewIntegration): NewIntegration {
  const name = shownText(given.name, 'a name', limits.integrationNameCharsMax);
  if (name.startsWith('int_')) throw badRow('a name that begins with "int_" would read as an id');
  if (!/^[a-z][a-z0-9_-]{0,39}$/.test(given.kind))
    throw badRow('a kind is a-z, 0-9, "_" and "-", at most 40, first a letter');
  const endpoint = shownText(given.endpoint, 'an endpoint', limits.endpointCharsMax);
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url === null || url.host === '') throw badRow('an endpoint is a URL: https://HOST/PATH');
  if (url.username !== '' || url.password !== '')
    throw badRow('an endpoint is shown to whoever lists: give its name and password as credentials');
  if (given.credentials !== null && typeof given.credentials !== 'string')
    throw badRow('credentials are a text');
  return { name, kind: given.kind, endpoint, credentials: given.credentials };
}

function none(idOrName: string): never {
  throw new StoreError(
    'no_such_integration',
    `the tenant has no integration "${idOrName}": see picket integration list`,
  );
}

function toIntegration(row: Columns): Integration {
  const { id, name, kind, endpoint, credentials_sealed, created_at, updated_at } = row;
  const hasCredentials = credentials_sealed !== null;
  return { id, name, kind, endpoint, hasCredentials, createdAtMs: created_at, updatedAtMs: updated_at };
}

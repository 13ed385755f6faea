/**
 * Systems that are listed for a tenant, in its schema under its role: an integration with what is asked of it. What opens one is
 * sealed in the integration's place, and is opened for a run alone. How far a source has come is written under an epoch.
 */
import type { ListedSource, ListedSourceState, NewListedSource } from '../actors/ports/listed-source.ts';
import type { ListedSourceStore } from '../actors/ports/listed-source-store.ts';
import { plainText } from './audit-text.ts';
import { StoreError } from './errors.ts';
import { newIntegrationId } from './ids.ts';
import { judgeIntegration } from './integrations.ts';
import { packIds, unpackIds } from './known-ids.ts';
import { limits } from './limits.ts';
import * as sql from './listed-source-sql.ts';
import { constraintOf, sqlStateOf } from './pg-errors.ts';
import { atNewest, hasNothing } from './schema-versions.ts';
import type { Database, Parameter } from './unit-of-work.ts';
import type { Vault } from './vault/vault.ts';

/** What of a source is in `settings`; a member that this code does not know stays where it is only until the next change. */
type Settings = Pick<
  NewListedSource,
  'query' | 'partition' | 'blacklist' | 'caPem' | 'pageItems' | 'withInterfaces'
> &
  // Absent in what was written before there was another place than the core.
  Partial<Pick<NewListedSource, 'agent'>>;

interface Columns extends Record<string, unknown> {
  id: string;
  name: string;
  kind: ListedSource['kind'];
  endpoint: string;
  credentials_sealed: string | null;
  created_at: number;
  updated_at: number;
  settings: Settings;
  interval_ms: number | null;
  enabled: boolean;
  version: number;
  state?: ListedSourceState | null;
}

export function createListedSourceStore(db: Database, vault: Vault): ListedSourceStore {
  const place = (tenantId: string, rowId: string) => ({
    ...{ tenantId, table: 'integrations', column: 'credentials_sealed', rowId },
  });
  const ask = <Row extends Record<string, unknown> = Columns>(
    tenantId: string,
    text: string,
    values: readonly Parameter[],
  ) => atNewest('sources', () => db.asTenant(tenantId, (unit) => unit.query<Row>(text, values)));

  const seal = (tenantId: string, id: string, credentials: string | null) =>
    sealed(vault, place(tenantId, id), credentials);

  return {
    async add(tenantId, given, credentials, by) {
      const { name, kind, endpoint } = judgeIntegration({ ...given, credentials });
      const id = newIntegrationId();
      const secret = await seal(tenantId, id, credentials);
      const values = [id, by, name, kind, endpoint, secret, ...settingsOf(given)];
      const [row] = await ask(tenantId, sql.insert, values).catch((error: unknown) => taken(error, name));
      return row === undefined ? noRoom() : toSource(row);
    },
    async change(tenantId, idOrName, change, by) {
      for (let attempt = 0; attempt < limits.lifeAttemptsMax; attempt += 1) {
        const [before] = await ask(tenantId, sql.one, [plainText(idOrName)]);
        if (before === undefined) return none(idOrName);
        const { credentials, ...rest } = change;
        const wanted = { ...toSource(before), ...rest };
        const { name, endpoint } = judgeIntegration({ ...wanted, credentials: credentials ?? null });
        const secret = await seal(tenantId, before.id, credentials ?? null);
        const values = [before.id, by, name, endpoint, secret, ...settingsOf(wanted)];
        const version = [before.version, credentials !== undefined];
        const [row] = await ask(tenantId, sql.change, [...values, ...version]).catch((error: unknown) =>
          taken(error, name),
        );
        if (row !== undefined) return toSource(row);
      }
      throw new StoreError('store_unavailable', `source ${idOrName} keeps changing`);
    },
    async remove(tenantId, idOrName, by) {
      const [row] = await ask(tenantId, sql.remove, [plainText(idOrName), by]);
      return row === undefined ? none(idOrName) : toSource(row);
    },
    async list(tenantId) {
      try {
        const rows = await ask(tenantId, sql.list, []);
        return rows.map((row) => ({ source: toSource(row), state: row.state ?? null }));
      } catch (error) {
        if (error instanceof StoreError && (error.code === 'schema_behind' || hasNothing(error))) return [];
        throw error;
      }
    },
    async secrets(tenantId, id) {
      const [row] = await ask<{ id: string; credentials_sealed: string | null; known_ids: Buffer | null }>(
        tenantId,
        sql.secrets,
        [plainText(id)],
      );
      if (row === undefined) return none(id);
      const { credentials_sealed: secret } = row;
      const credentials = secret === null ? null : await vault.open(place(tenantId, row.id), secret);
      return { credentials, knownIds: await unpackIds(row.known_ids) };
    },
    async note(tenantId, epoch, id, state, knownIds) {
      const packed = knownIds === null ? null : await packIds(knownIds);
      return (await ask(tenantId, sql.note, [plainText(id), epoch, json(state), packed])).length > 0;
    },
  };
}

async function sealed(vault: Vault, at: Parameters<Vault['seal']>[0], credentials: string | null) {
  if (credentials === null) return null;
  await vault.ready();
  return vault.seal(at, credentials);
}

function settingsOf(given: NewListedSource): Parameter[] {
  const { query, partition, blacklist, caPem, pageItems, withInterfaces, agent } = given;
  const settings: Settings = { query, partition, blacklist, caPem, pageItems, withInterfaces, agent };
  return [json(settings), given.intervalMs, given.enabled];
}

/** PostgreSQL stores no U+0000 in a jsonb, and none that a string of it escapes. */
function json(value: unknown): string {
  return JSON.stringify(value).replaceAll('\\u0000', '\\ufffd');
}

function taken(error: unknown, name: string): never {
  const cause = error instanceof StoreError ? error.cause : error;
  if (sqlStateOf(cause) !== '23505' || constraintOf(cause) !== 'integrations_name_key') throw error;
  throw new StoreError('integration_exists', `the tenant has a source or an integration "${name}"`, {
    cause: error,
  });
}

function none(idOrName: string): never {
  throw new StoreError('no_such_source', `the tenant has no source "${idOrName}": see picket source list`);
}

function noRoom(): never {
  const most = limits.listedSourcesPerTenantMax;
  throw new StoreError('too_many_sources', `a tenant has at most ${most} sources: nothing was added`);
}

function toSource(row: Columns): ListedSource {
  const { id, name, kind, endpoint, settings, enabled, version } = row;
  return {
    ...{ id, name, kind, endpoint, enabled, version, agent: null },
    ...settings,
    intervalMs: row.interval_ms,
    hasCredentials: row.credentials_sealed !== null,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
  };
}

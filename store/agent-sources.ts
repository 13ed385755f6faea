/**
 * Agents that only listen, in their tenant's schema under its role: each change with its line in the audit, in one statement, and
 * the bound on living ones judged on one locked row. How far one has come is written under an epoch, never over a later one's.
 */
import type { AgentSource, NewAgentSource, PolledTarget, SourceState } from '../actors/ports/agent-source.ts';
import type { AgentSourceStore } from '../actors/ports/agent-source-store.ts';
import { auditText, plainText } from './audit-text.ts';
import { StoreError, type StoreErrorCode } from './errors.ts';
import { newSourceId } from './ids.ts';
import { limits } from './limits.ts';
import { sqlStateOf } from './pg-errors.ts';
import { atNewest, hasNothing } from './schema-versions.ts';
import type { Database, Parameter } from './unit-of-work.ts';

interface Columns extends Record<string, unknown> {
  id: string;
  address: string;
  partition: string;
  agent_id: string | null;
  tls_name: string | null;
  interval_ms: number;
  services: PolledTarget[];
  version: number;
  created_at: number;
  updated_at: number;
  archived_at: number | null;
  state?: SourceState | null;
}

const columns = `s.id, s.address, s."partition", s.agent_id, s.tls_name, s.interval_ms, s.services, s.version, s.created_at,
  s.updated_at, s.archived_at`;
const moment = "moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS at)";
const noted = (event: string, why: string) =>
  `noted AS (INSERT INTO audit (at, who, event, subject, why) SELECT s.updated_at, $2, ${event}, s.id, ${why} FROM s)`;

const insert = `
WITH ${moment},
room AS (UPDATE agent_source_usage SET live = live + 1 WHERE live < ${limits.agentSourcesPerTenantMax} RETURNING live),
s AS (
  INSERT INTO agent_sources
    (id, address, "partition", agent_id, tls_name, interval_ms, services, version, created_at, updated_at)
  SELECT $1, $3, $4, $5, $6, $7::integer, $8::jsonb, 1, at, at FROM moment, room RETURNING *
),
${noted("'agent_source_add'", 's.address')}
SELECT ${columns} FROM s`;

/** What was judged is what is replaced: the version must still be the one that the change was made to. */
const edit = `
WITH ${moment},
s AS (
  UPDATE agent_sources SET address = $3, "partition" = $4, agent_id = $5, tls_name = $6, interval_ms = $7::integer,
    services = $8::jsonb, version = version + 1, updated_at = at
  FROM moment WHERE id = $1 AND archived_at IS NULL AND version = $9::integer RETURNING agent_sources.*
),
${noted("'agent_source_edit'", 's.address')}
SELECT ${columns} FROM s`;

const remove = `
WITH ${moment},
s AS (
  UPDATE agent_sources SET archived_at = at, updated_at = at
  FROM moment WHERE id = $1 AND archived_at IS NULL RETURNING agent_sources.*
),
room AS (UPDATE agent_source_usage SET live = live - (SELECT count(*) FROM s)),
${noted("'agent_source_remove'", '$3')}
SELECT ${columns} FROM s`;

/** `is_there` tells one that is not there from one for which there is no room. */
const restore = `
WITH ${moment},
wanted AS MATERIALIZED (SELECT id FROM agent_sources WHERE id = $1 AND archived_at IS NOT NULL),
room AS (
  UPDATE agent_source_usage SET live = live + 1 FROM wanted WHERE live < ${limits.agentSourcesPerTenantMax} RETURNING live
),
s AS (
  UPDATE agent_sources SET archived_at = NULL, updated_at = at
  FROM moment, room WHERE id = $1 AND archived_at IS NOT NULL RETURNING agent_sources.*
),
${noted("'agent_source_restore'", '$3')}
SELECT EXISTS (SELECT FROM wanted) AS is_there, ${columns} FROM moment LEFT JOIN s ON true`;

const list = `
SELECT ${columns}, t.state FROM agent_sources s LEFT JOIN agent_source_states t ON t.id = s.id
WHERE (s.archived_at IS NOT NULL) = $1 ORDER BY s.address, s."partition", s.id LIMIT ${limits.listedRowsMax}`;
const one = `SELECT ${columns} FROM agent_sources s WHERE s.id = $1 AND s.archived_at IS NULL`;

const note = `
INSERT INTO agent_source_states AS t (id, epoch, state)
SELECT id, $2::bigint, $3::jsonb FROM agent_sources WHERE id = $1
ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, state = excluded.state WHERE t.epoch <= excluded.epoch
RETURNING id`;

export function createAgentSourceStore(db: Database): AgentSourceStore {
  const ask = <Row extends Columns>(tenantId: string, text: string, values: readonly Parameter[]) =>
    atNewest('agent sources', () => db.asTenant(tenantId, (unit) => unit.query<Row>(text, values)));

  async function find(tenantId: string, id: string): Promise<AgentSource> {
    const [row] = await ask(tenantId, one, [plainText(id)]);
    return row === undefined ? none(id) : toSource(row);
  }
  return {
    async add(tenantId, given, by) {
      const values = [newSourceId(), by, ...fieldsOf(given)];
      const [row] = await ask(tenantId, insert, values).catch((error: unknown) => taken(error, given));
      return row === undefined ? noRoom() : toSource(row);
    },
    async edit(tenantId, id, change, by) {
      for (let attempt = 0; attempt < limits.lifeAttemptsMax; attempt += 1) {
        const before = await find(tenantId, id);
        const wanted = { ...before, ...change };
        const values = [before.id, by, ...fieldsOf(wanted), before.version];
        const [row] = await ask(tenantId, edit, values).catch((error: unknown) => taken(error, wanted));
        if (row !== undefined) return toSource(row);
      }
      throw new StoreError('store_unavailable', `source ${id} keeps changing`);
    },
    async archive(tenantId, id, archived, by, why) {
      const values = [plainText(id), by, auditText(why)];
      if (archived) {
        const [row] = await ask(tenantId, remove, values);
        return row === undefined ? none(id) : toSource(row);
      }
      const [row] = await ask<Columns & { is_there: boolean }>(tenantId, restore, values).catch(
        (error: unknown) => taken(error, null),
      );
      if (row?.is_there !== true) none(id);
      return row!.id === null ? noRoom() : toSource(row!);
    },
    async list(tenantId, archived) {
      try {
        const rows = await ask(tenantId, list, [archived]);
        return rows.map((row) => ({ source: toSource(row), state: row.state ?? null }));
      } catch (error) {
        if (error instanceof StoreError && (error.code === 'schema_behind' || hasNothing(error))) return [];
        throw error;
      }
    },
    async note(tenantId, epoch, id, state) {
      const rows = await ask(tenantId, note, [plainText(id), epoch, json(state)]);
      return rows.length > 0;
    },
  };
}

function fieldsOf(given: NewAgentSource): Parameter[] {
  const { address, partition, agentId, tlsName, intervalMs, services } = given;
  return [address, partition, agentId, tlsName, intervalMs, json(services)];
}

/** PostgreSQL stores no U+0000 in a jsonb, and none that a string of it escapes. */
function json(value: unknown): string {
  return JSON.stringify(value).replaceAll('\\u0000', '\\ufffd');
}

function taken(error: unknown, given: NewAgentSource | null): never {
  const cause = error instanceof StoreError ? error.cause : error;
  if (sqlStateOf(cause) !== '23505') throw error;
  const where = given === null ? 'this address' : `${given.address} in partition ${given.partition}`;
  throw new StoreError('source_exists', `a living source of the tenant is at ${where}: edit that one`, {
    cause: error,
  });
}

function none(id: string): never {
  throw refused(
    'no_such_source',
    `the tenant has no agent source "${id}" of which this can be done: see picket agent-source list`,
  );
}

function noRoom(): never {
  const most = limits.agentSourcesPerTenantMax;
  throw refused('too_many_sources', `a tenant has at most ${most} living agent sources: nothing was added`);
}

function refused(code: StoreErrorCode, detail: string): StoreError {
  return new StoreError(code, detail);
}

function toSource(row: Columns): AgentSource {
  return {
    id: row.id,
    address: row.address,
    partition: row.partition,
    agentId: row.agent_id,
    tlsName: row.tls_name,
    intervalMs: row.interval_ms,
    services: row.services,
    version: row.version,
    createdAtMs: row.created_at,
    updatedAtMs: row.updated_at,
    archivedAtMs: row.archived_at,
  };
}

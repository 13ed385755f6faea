/** The statements of `listed-sources.ts`: each change of a source with its line in the audit, in one. */
import { noteChange } from './audit.ts';
import { limits } from './limits.ts';
import { moment } from './moment.ts';

const columns = `i.id, i.name, i.kind, i.endpoint, i.credentials_sealed, i.created_at, i.updated_at,
  s.settings, s.interval_ms, s.enabled, s.version`;

/**
 * `place` says who decides over it, which is always the core; at which agent it is listed is in its settings.
 *
 * $1 id, $2 who, $3 name, $4 kind, $5 endpoint, $6 sealed, $7 settings, $8 interval, $9 enabled.
 */
export const insert = `
WITH ${moment},
i AS (
  INSERT INTO integrations (id, name, kind, endpoint, credentials_sealed, created_at, updated_at)
  SELECT $1, $3, $4, $5, $6, at, at FROM moment
  WHERE (SELECT count(*) FROM listed_sources) < ${limits.listedSourcesPerTenantMax}
  RETURNING integrations.*, name AS subject, created_at AS at
),
s AS (
  INSERT INTO listed_sources (id, settings, place, interval_ms, enabled, version)
  SELECT id, $7::jsonb, 'core', $8::integer, $9::boolean, 1 FROM i RETURNING listed_sources.*
),
${noteChange('source_add', 'i', '$2')}
SELECT ${columns} FROM i JOIN s ON s.id = i.id`;

/** $1 id, $2 who, $3 name, $4 endpoint, $5 sealed, $6 settings, $7 interval, $8 enabled, $9 the version that was changed, $10 whether $5 is new. */
export const change = `
WITH ${moment},
s AS (
  UPDATE listed_sources SET settings = $6::jsonb, interval_ms = $7::integer, enabled = $8::boolean, version = version + 1
  WHERE id = $1 AND version = $9::integer RETURNING listed_sources.*
),
i AS (
  UPDATE integrations SET name = $3, endpoint = $4,
    credentials_sealed = CASE WHEN $10::boolean THEN $5 ELSE credentials_sealed END, updated_at = at
  FROM moment, s WHERE integrations.id = s.id RETURNING integrations.*, name AS subject, at
),
${noteChange('source_change', 'i', '$2')}
SELECT ${columns} FROM i JOIN s ON s.id = i.id`;

/** What hangs on it goes with it; seen once more here, as it was. */
export const remove = `
WITH ${moment},
s AS MATERIALIZED (SELECT s.* FROM listed_sources s JOIN integrations n ON n.id = s.id WHERE n.id = $1 OR n.name = $1),
i AS (
  DELETE FROM integrations USING moment, s WHERE integrations.id = s.id RETURNING integrations.*, integrations.name AS subject, at
),
${noteChange('source_remove', 'i', '$2')}
SELECT ${columns} FROM i JOIN s ON s.id = i.id`;

export const one = `
SELECT ${columns} FROM listed_sources s JOIN integrations i ON i.id = s.id WHERE i.id = $1 OR i.name = $1`;

export const list = `
SELECT ${columns}, t.state FROM listed_sources s JOIN integrations i ON i.id = s.id
LEFT JOIN listed_source_states t ON t.id = s.id ORDER BY i.name LIMIT ${limits.listedRowsMax}`;

export const secrets = `
SELECT i.id, i.credentials_sealed, t.known_ids FROM listed_sources s JOIN integrations i ON i.id = s.id
LEFT JOIN listed_source_states t ON t.id = s.id WHERE s.id = $1`;

export const note = `
INSERT INTO listed_source_states AS t (id, epoch, state, known_ids)
SELECT id, $2::bigint, $3::jsonb, $4::bytea FROM listed_sources WHERE id = $1
ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, state = excluded.state,
  known_ids = coalesce(excluded.known_ids, t.known_ids)
WHERE t.epoch <= excluded.epoch
RETURNING id`;

/**
 * Statements that change a check, take it out of the listing and bring it back. Its schedule ends with the one, has a new
 * version from the other on, or both at once, so that no instant is due twice and what was due before stays as it was.
 * Each is noted in the tenant's audit.
 */
import { moment } from './moment.ts';

/** $2 who, $3 why. */
const note = (event: string, from: string, to: string) => `noted AS (
  INSERT INTO lives_audit (at, what, subject, event, who, from_state, to_state, why)
  SELECT at, 'check', c.id, '${event}', $2, '${from}', '${to}', $3 FROM c, moment
)`;

/**
 * The version that is to end, locked: of two changes at once the second finds none, changes nothing and is made again, by
 * what the first one left. A statement that waited only at the check's row would end the version that it saw before.
 */
const open = `open AS MATERIALIZED (
  SELECT check_id, version FROM schedules WHERE check_id = $1 AND valid_to IS NULL FOR UPDATE
)`;

/** A clock set back never makes a version end before it began. */
const ended = `ended AS (
  UPDATE schedules s SET valid_to = greatest(s.valid_from, moment.at) FROM moment, open, c
  WHERE s.check_id = open.check_id AND s.version = open.version RETURNING s.*
)`;

const endedBefore = 'SELECT s.* FROM schedules s JOIN c ON c.id = s.check_id WHERE s.valid_to IS NOT NULL';

/** $1 the check. `c` is the row, `v` its schedule. */
export const archiveThen = (answer: string) => `
WITH ${moment},
${open},
c AS (
  UPDATE checks SET archived_at = moment.at FROM moment, open WHERE id = $1 AND archived_at IS NULL RETURNING checks.*
),
${ended},
v AS (SELECT * FROM ended UNION ALL ${endedBefore}),
${note('archive', 'live', 'archived')}
${answer}`;

/** $4 to $10: what is new, null what stays. $11: the phase of a new interval. */
export const editThen = (answer: string) => `
WITH ${moment},
${open},
c AS (
  UPDATE checks SET name = coalesce($4, name), target = coalesce($5, target), port = coalesce($6::int, port),
    interval_ms = coalesce($7::bigint, interval_ms), timeout_ms = coalesce($8::bigint, timeout_ms),
    retries = coalesce($9::int, retries), settings = coalesce($10::jsonb, settings)
  FROM open WHERE id = $1 AND archived_at IS NULL RETURNING checks.*
),
${ended},
begun AS (
  INSERT INTO schedules (check_id, version, interval_ms, phase_ms, valid_from)
  SELECT check_id, version + 1, coalesce($7::bigint, interval_ms), coalesce($11::bigint, phase_ms), valid_to FROM ended
  RETURNING schedules.*
),
v AS (SELECT * FROM begun UNION ALL SELECT * FROM ended UNION ALL ${endedBefore}),
${note('edit', 'live', 'live')}
${answer}`;

/** Whether there is a live check of the id $1. */
export const isLive = 'SELECT FROM checks WHERE id = $1 AND archived_at IS NULL';

/**
 * $4: live checks that the quota allows (null: as many as wanted), $5: milliseconds after which it is purged. The row that
 * counts checks is locked first, as by those who add; the phase stays, so that it runs at the instants it ran at.
 */
export const restoreThen = (answer: string) => `
WITH ${moment},
room AS MATERIALIZED (
  SELECT FROM usage WHERE what = 'checks' AND ($4::bigint IS NULL OR amount < $4::bigint) FOR UPDATE
),
c AS (
  UPDATE checks SET archived_at = NULL FROM moment, room
  WHERE id = $1 AND archived_at > moment.at - $5::float8 * interval '1 millisecond' RETURNING checks.*
),
begun AS (
  INSERT INTO schedules (check_id, version, interval_ms, phase_ms, valid_from)
  SELECT c.id, l.version + 1, l.interval_ms, l.phase_ms, greatest(moment.at, l.valid_to)
  FROM c, moment, LATERAL (SELECT * FROM schedules s WHERE s.check_id = c.id ORDER BY s.version DESC LIMIT 1) l
  RETURNING schedules.*
),
v AS (
  SELECT * FROM begun UNION ALL SELECT s.* FROM schedules s JOIN c ON c.id = s.check_id
),
${note('restore', 'archived', 'live')}
${answer}`;

/** Whether the check could be restored, were there room: $1 and $2 as $1 and $5 above. */
export const mayComeBack = `
SELECT FROM checks WHERE id = $1 AND archived_at > clock_timestamp() - $2::float8 * interval '1 millisecond'`;

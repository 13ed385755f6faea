/**
 * Statements that take a check out of the listing and bring it back. Its schedule ends with the one and has a new version
 * from the other on, so that nothing is due in between and no instant of before is due again. Both are noted in the
 * tenant's audit, where the schema has one.
 */
import type { Versions } from './schema-versions.ts';

const moment = "moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS at)";

const note = (event: string, from: string, to: string, who: string, why: string) => `,
noted AS (
  INSERT INTO lives_audit (at, what, subject, event, who, from_state, to_state, why)
  SELECT at, 'check', c.id, '${event}', ${who}, '${from}', '${to}', ${why} FROM c, moment
)`;

/** At the version before, the parameters for the audit are there and unused: PostgreSQL is told their type all the same. */
const unused = (...parameters: string[]) => `,
unused AS (SELECT ${parameters.map((parameter) => `${parameter}::text`).join(', ')})`;

/** $1 the check, $2 who, $3 why. `c` is the row, `v` its schedule. A clock set back never makes a version end before it began. */
const archiveWith = (noted: string, answer: string) => `
WITH ${moment},
c AS (
  UPDATE checks SET archived_at = moment.at FROM moment WHERE id = $1 AND archived_at IS NULL RETURNING checks.*
),
ended AS (
  UPDATE schedules SET valid_to = greatest(valid_from, moment.at) FROM moment, c
  WHERE check_id = c.id AND valid_to IS NULL RETURNING schedules.*
),
v AS (
  SELECT * FROM ended
  UNION ALL SELECT s.* FROM schedules s JOIN c ON c.id = s.check_id WHERE s.valid_to IS NOT NULL
)${noted}
${answer}`;

export function archiveVersions(answer: string): Versions {
  return {
    newest: archiveWith(note('archive', 'live', 'archived', '$2', '$3'), answer),
    before: archiveWith(unused('$2', '$3'), answer),
  };
}

/**
 * $4: live checks that the quota allows (null: as many as wanted), $5: milliseconds after which it is purged. The row that
 * counts checks is locked first, as by those who add; the phase stays, so that it runs at the instants it ran at.
 */
const restoreWith = (noted: string, answer: string) => `
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
)${noted}
${answer}`;

export function restoreVersions(answer: string): Versions {
  return {
    newest: restoreWith(note('restore', 'archived', 'live', '$2', '$3'), answer),
    before: restoreWith(unused('$2', '$3'), answer),
  };
}

/** Whether the check could be restored, were there room: $1 and $2 as $1 and $5 above. */
export const mayComeBack = `
SELECT FROM checks WHERE id = $1 AND archived_at > clock_timestamp() - $2::float8 * interval '1 millisecond'`;

/** The statements of groups of devices. Those that change one have the count of changes first that they were judged at. */
import { noteChange } from './audit.ts';
import { limits } from './limits.ts';
import { moment } from './moment.ts';

/** No row: somebody changed a group since, and nothing is written. */
const room = `room AS (
  UPDATE device_usage SET group_changes = group_changes + 1 WHERE group_changes = $1::bigint RETURNING 1
)`;

/** $1 the key. */
export const groupFacts = `
SELECT u.group_changes AS version, g.name, (SELECT count(*) FROM device_groups) AS groups
FROM device_usage u LEFT JOIN device_groups g ON g.key = $1`;

export const insert = `
WITH ${moment}, ${room},
g AS (
  INSERT INTO device_groups (key, name, description, created_at, who)
  SELECT $2, $3, $4, at, $5 FROM room, moment RETURNING device_groups.*, name AS subject, created_at AS at
),
${noteChange('device_group_add', 'g', '$5')}
SELECT name, description, created_at, who FROM g`;

/** Memberships go with it. */
export const remove = `
WITH ${moment}, ${room},
g AS (DELETE FROM device_groups USING room, moment WHERE key = $2 RETURNING name, at),
noted AS (INSERT INTO audit (at, who, event, subject, why) SELECT at, $3, 'device_group_remove', name, $4 FROM g)
SELECT 1 AS one FROM g`;

/** What is merged into a device is that device: it counts once. */
const counted = (which: string) => `
SELECT g.name, g.description, g.created_at, g.who,
  coalesce(c.devices, 0)::int AS devices, coalesce(c.archived, 0)::int AS archived
FROM device_groups g
LEFT JOIN (
  SELECT held.group_key, count(*) FILTER (WHERE o.archived_at IS NULL) AS devices,
    count(*) FILTER (WHERE o.archived_at IS NOT NULL) AS archived
  FROM (
    SELECT DISTINCT m.group_key, coalesce(d.merged_into, d.id) AS id
    FROM device_group_members m JOIN devices d ON d.id = m.device_id ${which === '' ? '' : `WHERE m.group_key = ${which}`}
  ) held JOIN devices o ON o.id = held.id GROUP BY held.group_key
) c ON c.group_key = g.key
${which === '' ? '' : `WHERE g.key = ${which}`}
ORDER BY g.key LIMIT ${limits.listedRowsMax}`;
export const countAll = counted('');
export const countOne = counted('$1');

/** $1 the key, $2 ids of devices: a row for each. */
export const memberFacts = `
SELECT u.group_changes AS version, g.name AS "group", (SELECT count(*) FROM device_group_members) AS members,
  x.id, d.id IS NOT NULL AS is_known, m.device_id IS NOT NULL AS is_in,
  EXISTS (
    SELECT FROM devices o JOIN device_group_members t ON t.device_id = o.id AND t.group_key = $1 WHERE o.merged_into = x.id
  ) AS is_in_by_merge,
  (SELECT count(*) FROM device_group_members t WHERE t.device_id = x.id) AS groups
FROM device_usage u CROSS JOIN unnest($2::text[]) WITH ORDINALITY AS x(id, n)
LEFT JOIN device_groups g ON g.key = $1
LEFT JOIN devices d ON d.id = x.id
LEFT JOIN device_group_members m ON m.group_key = $1 AND m.device_id = x.id
ORDER BY x.n`;

/** $2 the key, $3 ids that are not in it, $4 who asks, $5 the name, for the history of each device. */
export const put = `
WITH ${moment}, ${room},
made AS (
  INSERT INTO device_group_members (group_key, device_id, since, who)
  SELECT $2, x.id, at, $4 FROM room, moment, unnest($3::text[]) AS x(id) RETURNING device_id
),
noted AS (
  INSERT INTO lives_audit (at, what, subject, event, who, why)
  SELECT at, 'device', device_id, 'group_put', $4, $5 FROM made, moment
)
SELECT EXISTS (SELECT FROM room) AS is_ours, (SELECT count(*) FROM made)::int AS changed`;

/** The same of ids of which they, or what is merged into them, are in it. */
export const take = `
WITH ${moment}, ${room},
given AS (SELECT unnest($3::text[]) AS id),
held AS MATERIALIZED (
  SELECT id AS of_id, id FROM given UNION SELECT given.id, d.id FROM given JOIN devices d ON d.merged_into = given.id
),
gone AS (
  DELETE FROM device_group_members m USING room
  WHERE m.group_key = $2 AND m.device_id IN (SELECT id FROM held) RETURNING m.device_id
),
left_it AS MATERIALIZED (SELECT DISTINCT held.of_id, held.id FROM gone JOIN held ON held.id = gone.device_id),
noted AS (
  INSERT INTO lives_audit (at, what, subject, event, who, why)
  SELECT at, 'device', subject, 'group_take', $4, $5
  FROM moment, (SELECT of_id AS subject FROM left_it UNION SELECT id FROM left_it) all_of_them
)
SELECT EXISTS (SELECT FROM room) AS is_ours, (SELECT count(DISTINCT of_id) FROM left_it)::int AS changed`;

/** $1 ids of devices: of those that are in any group, the names. */
export const groupsOf = `
WITH given AS (SELECT DISTINCT unnest($1::text[]) AS id)
SELECT of_id AS id, array_agg(name ORDER BY key) AS groups
FROM (
  SELECT DISTINCT held.of_id, g.key, g.name
  FROM (
    SELECT id AS of_id, id FROM given
    UNION ALL SELECT given.id, d.id FROM given JOIN devices d ON d.merged_into = given.id
  ) held
  JOIN device_group_members m ON m.device_id = held.id
  JOIN device_groups g ON g.key = m.group_key
) of_all GROUP BY of_id`;

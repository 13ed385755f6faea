/**
 * The one statement that writes a batch into a tenant's inventory: rows of memory and what people read, each row only when it is
 * another one now, and all of it joined to the gate's row under the writer's epoch. The row that counts devices is locked before any of
 * them, as by all who change one.
 */
import { limits } from './limits.ts';
import { moment } from './moment.ts';

/** $1: the epoch. */
const gate = 'gate AS MATERIALIZED (SELECT FROM inventory_gate WHERE epoch = $1::bigint FOR UPDATE)';

export const claimInventory = `
INSERT INTO inventory_gate AS g (epoch) VALUES ($1::bigint)
ON CONFLICT (only_row) DO UPDATE SET epoch = excluded.epoch WHERE g.epoch <= excluded.epoch RETURNING 1 AS one`;

/** What was seen; of one that was merged into another it stays as it was. */
const seen = ['hostname', 'ip', 'mac', 'first_seen', 'last_seen', 'is_available', 'is_deleted', 'sources'];
/** What somebody wrote stands. */
const written = ['name', 'macs', 'serial', 'addresses'];
/** What the last word is, when it is one: of a better source, or 24 h later, or as good and no older. */
const described = ['vendor', 'model', 'os'];
const isWord = `excluded.described_at IS NOT NULL AND (d.described_at IS NULL
    OR excluded.described_confidence > d.described_confidence AND excluded.described_at > d.described_at - interval '24 hours'
    OR excluded.described_confidence = d.described_confidence AND excluded.described_at >= d.described_at
    OR excluded.described_at >= d.described_at + interval '24 hours')`;

const isLive = 'excluded.merged_into IS NULL';
const sets = [
  ...seen.map((name) => `${name} = CASE WHEN ${isLive} THEN excluded.${name} ELSE d.${name} END`),
  ...written.map(
    (name) => `${name} = CASE WHEN ${isLive} AND NOT d.by_hand THEN excluded.${name} ELSE d.${name} END`,
  ),
  ...described.map(
    (name) => `${name} = CASE WHEN ${isWord} THEN coalesce(excluded.${name}, d.${name}) ELSE d.${name} END`,
  ),
  `type = CASE WHEN ${isWord} AND NOT d.by_hand THEN coalesce(excluded.type, d.type) ELSE d.type END`,
  `described_at = CASE WHEN ${isWord} THEN excluded.described_at ELSE d.described_at END`,
  `described_confidence = CASE WHEN ${isWord} THEN excluded.described_confidence ELSE d.described_confidence END`,
  'merged_into = excluded.merged_into',
];
const row = (of: string, names: readonly string[]) => `(${names.map((name) => `${of}.${name}`).join(', ')})`;
const differs = (names: readonly string[]) => `${row('d', names)} IS DISTINCT FROM ${row('excluded', names)}`;
const isOther = `(d.merged_into IS DISTINCT FROM excluded.merged_into OR ${isLive} AND (${differs(seen)}
    OR NOT d.by_hand AND ${differs(written)}
    OR ${isWord} AND (d.described_at, d.described_confidence) IS DISTINCT FROM (excluded.described_at, excluded.described_confidence)
    OR ${isWord} AND (coalesce(excluded.vendor, d.vendor), coalesce(excluded.model, d.model), coalesce(excluded.os, d.os))
      IS DISTINCT FROM (d.vendor, d.model, d.os)))`;

/** Unix milliseconds as an instant that the column takes. */
const instant = (ms: string) => `to_timestamp(least(greatest(${ms}, 0), ${limits.instantMsMax}) / 1000.0)`;
const word = 'x.described';

/** Devices come as one text of JSON, in the form of the port. */
const devices = `
seen AS (
  INSERT INTO devices AS d (id, name, "partition", type, addresses, macs, serial, state, state_at, created_at, by_hand, hostname,
    ip, mac, vendor, model, os, described_at, described_confidence, first_seen, last_seen, is_available, is_deleted, sources,
    merged_into)
  SELECT x.id, x.name, $2, t.name, CASE WHEN x.ip IS NULL THEN '{}' ELSE ARRAY[x.ip] END, x.macs, x.serial, 'discovered', at, at,
    false, x.hostname, x.ip, x.mac, ${word}->>'vendor', ${word}->>'model', ${word}->>'os',
    ${instant(`(${word}->>'atMs')::float8`)}, (${word}->>'confidence')::smallint,
    ${instant('x."firstSeenMs"')}, ${instant('x."lastSeenMs"')}, x."isAvailable", x."isDeleted", x.sources, x."mergedInto"
  FROM gate, moment, room, json_to_recordset($8::json) AS x(id text, name text, "isService" boolean, ip text, mac text, macs text[],
    serial text, hostname text, described json, "firstSeenMs" float8, "lastSeenMs" float8, "isAvailable" boolean,
    "isDeleted" boolean, sources text[], "mergedInto" text)
  LEFT JOIN device_types t ON t.name = CASE WHEN x."isService" THEN 'service' ELSE ${word}->>'type' END
  ON CONFLICT (id) DO UPDATE SET ${sets.join(',\n    ')}
  WHERE d."partition" = excluded."partition" AND ${isOther}
  RETURNING 1
)`;

/** One column each: types, scopes, values, and of those that identify somebody whom and how. */
const keptIdentifiers = `
kept_ids AS (
  INSERT INTO device_identifiers AS i ("partition", type, scope, value, device_id, status)
  SELECT $2, x.* FROM gate, unnest($9::text[], $10::text[], $11::text[], $12::text[], $13::text[]) AS x
  ON CONFLICT ("partition", type, scope, value) DO UPDATE SET device_id = excluded.device_id, status = excluded.status
  WHERE (i.device_id, i.status) <> (excluded.device_id, excluded.status) RETURNING 1
)`;

const lostIdentifiers = `
lost_ids AS (
  DELETE FROM device_identifiers i USING gate, unnest($14::text[], $15::text[], $16::text[]) AS x(type, scope, value)
  WHERE i."partition" = $2 AND (i.type, i.scope, i.value) = (x.type, x.scope, x.value) RETURNING 1
)`;

const conflicts = `
given_conflicts AS MATERIALIZED (
  SELECT x.* FROM gate, json_to_recordset($17::json) AS x(type text, scope text, value text, reason text, devices text[])
),
over AS (
  DELETE FROM device_conflicts c USING given_conflicts x WHERE x.reason IS NULL AND c."partition" = $2
    AND (c.type, c.scope, c.value) = (x.type, x.scope, x.value) RETURNING 1
),
there AS (
  INSERT INTO device_conflicts AS c ("partition", type, scope, value, reason, devices, since)
  SELECT $2, type, scope, value, reason, devices, at FROM given_conflicts, moment WHERE reason IS NOT NULL
  ON CONFLICT ("partition", type, scope, value) DO UPDATE SET reason = excluded.reason, devices = excluded.devices
  WHERE (c.reason, c.devices) IS DISTINCT FROM (excluded.reason, excluded.devices) RETURNING 1
)`;

const sightings = `
given_sightings AS MATERIALIZED (
  SELECT x.* FROM gate, json_to_recordset($18::json)
    AS x(ip text, sources text[], first_seen timestamptz, last_seen timestamptz, expires_at timestamptz)
),
unseen AS (
  DELETE FROM device_sightings s USING given_sightings x WHERE cardinality(x.sources) = 0 AND s."partition" = $2 AND s.ip = x.ip
  RETURNING 1
),
sighted AS (
  INSERT INTO device_sightings AS s ("partition", ip, sources, first_seen, last_seen, expires_at)
  SELECT $2, ip, sources, first_seen, last_seen, expires_at FROM given_sightings WHERE cardinality(sources) > 0
  ON CONFLICT ("partition", ip) DO UPDATE
    SET sources = excluded.sources, first_seen = excluded.first_seen, last_seen = excluded.last_seen, expires_at = excluded.expires_at
  WHERE (s.sources, s.first_seen, s.last_seen, s.expires_at)
    IS DISTINCT FROM (excluded.sources, excluded.first_seen, excluded.last_seen, excluded.expires_at) RETURNING 1
)`;

const merges = `
merged AS (
  INSERT INTO device_merge_audit ("partition", n, what, from_id, to_id, reason, evidence, at, who, why, row)
  SELECT $2, x.n, x.what, x.from_id, x.to_id, x.reason, x.evidence, x.at, x.who, x.why, x.row
  FROM gate, ROWS FROM (
      json_to_recordset($19::json) AS (n bigint, what text, from_id text, to_id text, reason text, evidence text[],
        at timestamptz, who text, why text),
      json_array_elements($20::json)
    ) AS x(n, what, from_id, to_id, reason, evidence, at, who, why, row)
  ON CONFLICT ("partition", n) DO NOTHING RETURNING 1
)`;

/** All of a device's; rows that remember their tables come by themselves, as an older schema takes neither. */
const interfaces = `
tables AS (
  INSERT INTO inventory_rows AS r ("partition", kind, key, row)
  SELECT $2, 'interfaces', x.key, x.row FROM gate,
    ROWS FROM (unnest($23::text[]), json_array_elements($24::json)) AS x(key, row)
  ON CONFLICT ("partition", kind, key) DO UPDATE SET row = excluded.row WHERE r.row::text <> excluded.row::text
  RETURNING 1
),
given_devices AS MATERIALIZED (
  SELECT x.* FROM gate, json_to_recordset($25::json) AS x(device_id text, interfaces json)
),
given_interfaces AS MATERIALIZED (
  SELECT g.device_id, x.* FROM given_devices g, json_to_recordset(g.interfaces)
    AS x(name text, mac text, addresses text[], sources text[], first_seen timestamptz, last_seen timestamptz)
),
lost_interfaces AS (
  DELETE FROM device_interfaces i USING given_devices g WHERE i."partition" = $2 AND i.device_id = g.device_id
    AND (i.device_id, i.name, i.mac) NOT IN (SELECT device_id, name, mac FROM given_interfaces) RETURNING 1
),
kept_interfaces AS (
  INSERT INTO device_interfaces AS i ("partition", device_id, name, mac, addresses, sources, first_seen, last_seen)
  SELECT $2, x.* FROM given_interfaces x
  ON CONFLICT (device_id, name, mac) DO UPDATE
    SET addresses = excluded.addresses, sources = excluded.sources, first_seen = excluded.first_seen, last_seen = excluded.last_seen
  WHERE i."partition" = excluded."partition" AND (i.addresses, i.sources, i.first_seen, i.last_seen)
    IS DISTINCT FROM (excluded.addresses, excluded.sources, excluded.first_seen, excluded.last_seen) RETURNING 1
)`;

const documentEnd = `
done AS (
  UPDATE documents SET reconciled_at = at, reconciled = $22::json FROM gate, moment
  WHERE ordinal = $21::bigint AND reconciled_at IS NULL RETURNING 1
)`;

const writing = (parts: readonly string[], counted: readonly string[]) => `
WITH ${moment}, ${gate},
room AS MATERIALIZED (SELECT FROM gate, device_usage WHERE json_array_length($8::json) > 0 FOR UPDATE OF device_usage),
rows AS (
  INSERT INTO inventory_rows AS r ("partition", kind, key, row)
  SELECT $2, x.kind, x.key, x.row FROM gate,
    ROWS FROM (unnest($3::text[], $4::text[]), json_array_elements($5::json)) AS x(kind, key, row)
  ON CONFLICT ("partition", kind, key) DO UPDATE SET row = excluded.row WHERE r.row::text <> excluded.row::text
  RETURNING 1
),${parts.join(',')},
total AS MATERIALIZED (
  SELECT ${counted.map((name) => `(SELECT count(*) FROM ${name})`).join(' + ')} AS written
),
head AS (
  INSERT INTO inventory_rows AS r ("partition", kind, key, row)
  SELECT $2, 'partition', '', $6::json FROM gate, total WHERE (written > 0 OR $7::boolean) AND $6 IS NOT NULL
  ON CONFLICT ("partition", kind, key) DO UPDATE SET row = excluded.row
)
SELECT EXISTS (SELECT FROM gate) AS ours, written::int FROM total`;

/**
 * $2 the partition, $3 to $5 kinds, keys and rows (which are never decoded: they keep what no text may hold), $6 its own row and $7
 * whether that is another in any case, $8 devices, $9 to $13 identifiers. Most batches have no more, and the rest takes the database
 * milliseconds to plan.
 */
export const writeCommon = writing([devices, keptIdentifiers], ['rows', 'seen', 'kept_ids']);

/**
 * And $14 to $16 identifiers that are nobody's now, $17 conflicts, $18 sightings, $19 merges and $20 their rows, $21 the document and $22
 * what became of it.
 */
const allParts = [devices, keptIdentifiers, lostIdentifiers, conflicts, sightings, merges, documentEnd];
const allCounted = [
  ...['rows', 'seen', 'kept_ids', 'lost_ids', 'over', 'there', 'unseen', 'sighted', 'merged', 'done'],
];
export const writeAll = writing(allParts, allCounted);

/** And $23 and $24 keys and rows that remember interface tables, $25 devices with all interfaces that each has. */
export const writeInterfaces = writing(
  [...allParts, interfaces],
  [...allCounted, 'tables', 'lost_interfaces', 'kept_interfaces'],
);
export const parametersOfAll = 22;

export const partitionsOf = `
SELECT "partition", row FROM inventory_rows WHERE kind = 'partition' ORDER BY "partition"`;
export const rowsOf = `
SELECT key, row FROM inventory_rows WHERE "partition" = $1 AND kind = $2 AND key > $3 ORDER BY key LIMIT $4::int`;
export const mergesOf = `
SELECT n, row FROM device_merge_audit WHERE "partition" = $1 AND n > $2::bigint ORDER BY n LIMIT $3::int`;
/** One that was merged is another now, and one that was taken out of service is not looked for. */
export const unseenByHand = `
SELECT ordinal, id, "partition", addresses, macs, serial, created_at FROM devices
WHERE by_hand AND last_seen IS NULL AND archived_at IS NULL AND merged_into IS NULL AND ordinal > $1::bigint
ORDER BY ordinal LIMIT $2::int`;
export const nextDocument = `
SELECT ordinal, id, agent, "partition", kind, received_at FROM documents
WHERE state = 'whole' AND reconciled_at IS NULL ORDER BY ordinal LIMIT 1`;

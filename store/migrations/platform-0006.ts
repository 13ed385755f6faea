/**
 * Platform migration 6: how long each stream is kept, and roll-ups of results by minute, hour and day. Writers promise to
 * mark what they write below `promised_to`; `rolled_to` is how far the roll-ups go. Below `*_from` the rows that a
 * roll-up is made of are gone, so it stays as it is.
 */
const rollups = ['rollup_minute', 'rollup_hour', 'rollup_day'];

const tables = rollups
  .map(
    (table) => `
CREATE TABLE telemetry.${table} (
  tenant_id text NOT NULL,
  check_id text NOT NULL,
  at timestamptz(3) NOT NULL,
  success integer NOT NULL,
  warning integer NOT NULL,
  critical integer NOT NULL,
  unknown integer NOT NULL,
  timeout integer NOT NULL,
  skipped integer NOT NULL,
  latency_count integer NOT NULL,
  latency_sum double precision NOT NULL,
  latency_min double precision,
  latency_max double precision,
  PRIMARY KEY (tenant_id, check_id, at)
) PARTITION BY RANGE (at);
CREATE INDEX ${table}_by_time ON telemetry.${table} USING brin (at);
CREATE TABLE telemetry.${table}_default PARTITION OF telemetry.${table} DEFAULT;
ALTER TABLE telemetry.${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE telemetry.${table}_default ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY writer_writes ON telemetry.${table} FOR ALL TO picket_writer USING (true) WITH CHECK (true);
CREATE POLICY tenant_reads ON telemetry.${table} FOR SELECT TO picket_tenant
  USING (tenant_id = substring(current_user::text FROM 8));
GRANT SELECT, INSERT, UPDATE, DELETE ON telemetry.${table} TO picket_writer;
GRANT SELECT ON telemetry.${table} TO picket_tenant;`,
  )
  .join('\n');

/** Default partitions are looked into by themselves, for rows that a partition of their own is made for. */
const looks = ['results', ...rollups]
  .map(
    (table) => `
CREATE POLICY writer_looks ON telemetry.${table}_default FOR SELECT TO picket_writer USING (true);
GRANT SELECT ON telemetry.${table}_default TO picket_writer;`,
  )
  .join('\n');

export const platform0006 = {
  version: 6,
  name: 'retention and roll ups',
  sql: `
CREATE TABLE platform.retention (
  series text PRIMARY KEY CHECK (series IN ('results', 'rollup_minute', 'rollup_hour', 'rollup_day')),
  kept_days integer NOT NULL CHECK (kept_days BETWEEN 1 AND 36500)
);
INSERT INTO platform.retention (series, kept_days) VALUES
  ('results', 30), ('rollup_minute', 60), ('rollup_hour', 400), ('rollup_day', 3650);

-- Rows come in the order of time, so a few ranges of blocks hold any minute, and the index costs a write nothing.
CREATE INDEX results_by_time ON telemetry.results USING brin (due_at) WITH (pages_per_range = 32);
${tables}
${looks}

CREATE TABLE platform.rollup (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  rolled_to timestamptz(3) NOT NULL,
  results_from timestamptz(3) NOT NULL DEFAULT '-infinity',
  minutes_from timestamptz(3) NOT NULL DEFAULT '-infinity',
  hours_from timestamptz(3) NOT NULL DEFAULT '-infinity'
);
CREATE TABLE platform.rollup_promise (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  promised_to timestamptz(3) NOT NULL
);
-- What was stored before is rolled up too: from the first day that has a partition.
INSERT INTO platform.rollup (rolled_to)
  SELECT coalesce(min(to_date(substring(c.relname FROM 9), 'YYYYMMDD'))::timestamptz, date_trunc('day', now()))
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'telemetry.results'::regclass AND c.relname ~ '^results_[0-9]{8}$';
INSERT INTO platform.rollup_promise (promised_to) SELECT rolled_to FROM platform.rollup;

-- Only ever added and taken away, never shared: whoever takes a mark sees the rows of the statement that made it.
CREATE TABLE platform.rollup_marks (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  unit text NOT NULL CHECK (unit IN ('minute', 'hour', 'day')),
  tenant_id text NOT NULL,
  check_id text NOT NULL,
  at timestamptz(3) NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX rollup_marks_by_unit ON platform.rollup_marks (unit, id);
GRANT SELECT ON platform.rollup_promise TO picket_writer;
GRANT SELECT, UPDATE ON platform.rollup TO picket_writer;
GRANT SELECT, INSERT, DELETE ON platform.rollup_marks TO picket_writer;
`,
  down: `
DROP TABLE platform.rollup_marks, platform.rollup, platform.rollup_promise, platform.retention;
DROP TABLE telemetry.rollup_minute, telemetry.rollup_hour, telemetry.rollup_day;
DROP POLICY writer_looks ON telemetry.results_default;
REVOKE SELECT ON telemetry.results_default FROM picket_writer;
DROP INDEX telemetry.results_by_time;
`,
};

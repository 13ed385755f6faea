/**
 * Platform migration 1: tenants, sessions and leases; the shared telemetry tables with row-level security by role.
 * Applied texts are never edited: their checksum is in the database. No foreign keys out of telemetry: streams outlive
 * what they speak of, and a lease row outlives its tenant so that its epochs never start again.
 */

const telemetryTables = ['results', 'results_default', 'gaps', 'watermarks', 'check_states'];
const sharedTables = telemetryTables.filter((table) => table !== 'results_default');

/**
 * Partitions get row-level security too, without any policy: read directly they show nothing to anyone. The tenant is
 * derived from the role in force, so there is no filter to forget.
 */
const rowLevelSecurity = [
  ...telemetryTables.map(
    (table) => `ALTER TABLE telemetry.${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;`,
  ),
  ...sharedTables.map(
    (table) => `
CREATE POLICY writer_writes ON telemetry.${table} FOR ALL TO picket_writer USING (true) WITH CHECK (true);
CREATE POLICY tenant_reads ON telemetry.${table} FOR SELECT TO picket_tenant
  USING (tenant_id = substring(current_user::text FROM 8));
GRANT SELECT, INSERT, UPDATE, DELETE ON telemetry.${table} TO picket_writer;
GRANT SELECT ON telemetry.${table} TO picket_tenant;`,
  ),
].join('\n');

export const platform0001 = {
  version: 1,
  name: 'tenants leases telemetry',
  sql: `
CREATE TABLE platform.tenants (
  id text PRIMARY KEY CHECK (id ~ '^[a-z][a-z2-7]{11}$'),
  slug text NOT NULL CHECK (slug ~ '^[a-z][a-z0-9-]{1,39}$'),
  name text NOT NULL,
  status text NOT NULL CHECK (status IN ('provisioning', 'active', 'failed', 'suspended', 'cancelled')),
  database text,
  created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now())
);
CREATE UNIQUE INDEX tenants_live_slug ON platform.tenants (slug) WHERE status <> 'cancelled';

CREATE TABLE platform.sessions (
  node text PRIMARY KEY,
  boot bigint NOT NULL,
  expires_at timestamptz(3) NOT NULL
);

CREATE TABLE platform.leases (
  tenant_id text PRIMARY KEY,
  node text,
  boot bigint,
  epoch bigint NOT NULL,
  CHECK ((node IS NULL) = (boot IS NULL))
);
CREATE INDEX leases_by_holder ON platform.leases (node, boot);

DO $$
DECLARE
  role_name text;
  -- Before PostgreSQL 16 whether a membership is inherited is an attribute of the member (NOINHERIT, checked at start).
  terms text := CASE WHEN current_setting('server_version_num')::int >= 160000
    THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['picket_writer', 'picket_tenant'] LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
    END IF;
  END LOOP;
  EXECUTE format('GRANT picket_writer TO %I', current_user) || terms;
END
$$;

CREATE SCHEMA telemetry;

CREATE TABLE telemetry.results (
  tenant_id text NOT NULL,
  check_id text NOT NULL,
  due_at timestamptz(3) NOT NULL,
  started_at timestamptz(3),
  latency_ms double precision,
  status text NOT NULL CHECK (status IN ('success', 'warning', 'critical', 'unknown', 'timeout', 'skipped')),
  reason text,
  agent text,
  poller text,
  PRIMARY KEY (tenant_id, check_id, due_at)
) PARTITION BY RANGE (due_at);
CREATE INDEX results_newest ON telemetry.results (tenant_id, due_at);
-- A write never fails for lack of a partition: what no day covers goes here.
CREATE TABLE telemetry.results_default PARTITION OF telemetry.results DEFAULT;

CREATE TABLE telemetry.gaps (
  tenant_id text NOT NULL,
  check_id text NOT NULL,
  from_at timestamptz(3) NOT NULL,
  to_at timestamptz(3) NOT NULL,
  interval_ms bigint NOT NULL CHECK (interval_ms > 0),
  count bigint NOT NULL CHECK (count > 0),
  reason text NOT NULL,
  PRIMARY KEY (tenant_id, check_id, from_at),
  CHECK (to_at >= from_at)
);
CREATE INDEX gaps_newest ON telemetry.gaps (tenant_id, to_at);

-- Rewritten with every batch, so pages keep room for the new versions of their rows.
CREATE TABLE telemetry.watermarks (
  tenant_id text NOT NULL,
  check_id text NOT NULL,
  due_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, check_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE telemetry.check_states (
  tenant_id text NOT NULL,
  check_id text NOT NULL,
  state text NOT NULL CHECK (state IN ('up', 'degraded', 'down', 'unknown')),
  flapping boolean NOT NULL,
  since timestamptz(3) NOT NULL,
  because text NOT NULL,
  PRIMARY KEY (tenant_id, check_id)
) WITH (fillfactor = 70);

GRANT USAGE ON SCHEMA platform, telemetry TO picket_writer;
-- Locking a row FOR SHARE needs the right to update one of its columns.
GRANT SELECT, UPDATE (tenant_id) ON platform.leases TO picket_writer;
GRANT USAGE ON SCHEMA telemetry TO picket_tenant;
${rowLevelSecurity}
`,
  down: null,
};

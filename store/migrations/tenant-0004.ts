/**
 * Tenant migration 4: devices with their quota's count, the words that rows are described with, and what was done to
 * devices and checks over their lives. Needs nothing of the step before it, and touches nothing of it.
 */
export const tenant0004 = {
  version: 4,
  name: 'devices and lives',
  sql: `
CREATE TABLE device_types (
  name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,39}$'),
  title text NOT NULL
);
INSERT INTO device_types (name, title) VALUES
  ('access_point', 'Access point'), ('camera', 'Camera'), ('firewall', 'Firewall'), ('hypervisor', 'Hypervisor'),
  ('load_balancer', 'Load balancer'), ('phone', 'Phone'), ('power', 'Power supply'), ('printer', 'Printer'),
  ('router', 'Router'), ('sensor', 'Sensor'), ('server', 'Server'), ('service', 'Service component'),
  ('storage', 'Storage'), ('switch', 'Switch'), ('virtual_machine', 'Virtual machine'), ('workstation', 'Workstation');

-- The higher the rank, the sooner somebody has to come.
CREATE TABLE severities (
  name text PRIMARY KEY,
  rank smallint NOT NULL UNIQUE
);
INSERT INTO severities (name, rank) VALUES ('info', 1), ('warning', 2), ('critical', 3), ('emergency', 4);

-- How far a kind of source is believed, 10 the most.
CREATE TABLE device_sources (
  name text PRIMARY KEY,
  confidence smallint NOT NULL CHECK (confidence BETWEEN 1 AND 10)
);
INSERT INTO device_sources (name, confidence) VALUES
  ('manual', 10), ('snmp', 9), ('mapper', 8), ('self-reported', 8), ('agent', 8), ('integration', 7), ('armis', 7),
  ('netbox', 7), ('netflow', 6), ('sysmon', 6), ('sweep', 5), ('sighting', 5), ('unknown', 1);

CREATE TABLE devices (
  id text PRIMARY KEY,
  ordinal bigint GENERATED ALWAYS AS IDENTITY,
  name text NOT NULL,
  "partition" text NOT NULL,
  type text REFERENCES device_types (name),
  addresses text[] NOT NULL,
  macs text[] NOT NULL,
  serial text,
  state text NOT NULL CHECK (state IN ('discovered', 'identified', 'managed', 'decommissioned')),
  state_at timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL,
  archived_at timestamptz(3),
  CHECK ((state = 'decommissioned') = (archived_at IS NOT NULL))
);
CREATE INDEX devices_in_order ON devices (ordinal);
CREATE INDEX devices_by_type ON devices (type);
CREATE INDEX devices_archived ON devices (archived_at) WHERE archived_at IS NOT NULL;
CREATE INDEX checks_archived ON checks (archived_at) WHERE archived_at IS NOT NULL;

-- Live devices, counted by the database itself whoever writes, so that a quota is judged on one locked row.
CREATE TABLE device_usage (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  live bigint NOT NULL CHECK (live >= 0)
);
INSERT INTO device_usage (live) VALUES (0);
CREATE FUNCTION count_added_devices() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE device_usage SET live = live + (SELECT count(*) FROM fresh WHERE archived_at IS NULL);
  RETURN NULL;
END $$;
CREATE FUNCTION count_changed_devices() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE device_usage SET live = live + (SELECT count(*) FROM fresh WHERE archived_at IS NULL)
    - (SELECT count(*) FROM gone WHERE archived_at IS NULL);
  RETURN NULL;
END $$;
CREATE FUNCTION count_deleted_devices() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE device_usage SET live = live - (SELECT count(*) FROM gone WHERE archived_at IS NULL);
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION count_added_devices(), count_changed_devices(), count_deleted_devices() FROM PUBLIC;
CREATE TRIGGER devices_added AFTER INSERT ON devices REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION count_added_devices();
CREATE TRIGGER devices_changed AFTER UPDATE ON devices REFERENCING OLD TABLE AS gone NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION count_changed_devices();
CREATE TRIGGER devices_deleted AFTER DELETE ON devices REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_devices();

-- Outlives its subject: no key refers to it.
CREATE TABLE lives_audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
  what text NOT NULL CHECK (what IN ('device', 'check')),
  subject text NOT NULL,
  event text NOT NULL,
  who text NOT NULL,
  from_state text,
  to_state text,
  why text
);
CREATE INDEX lives_audit_of ON lives_audit (what, subject, id);
`,
  down: `
DROP TABLE lives_audit, devices, device_usage, device_types, severities, device_sources;
DROP FUNCTION count_added_devices(), count_changed_devices(), count_deleted_devices();
DROP INDEX checks_archived;
`,
};

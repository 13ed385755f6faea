/**
 * Tenant migration 1: checks and their schedule versions. Run as the tenant's own role with its schema as search path,
 * so everything made here belongs to that role.
 */
export const tenant0001 = {
  version: 1,
  name: 'checks and schedules',
  sql: `
CREATE TABLE checks (
  id text PRIMARY KEY,
  ordinal bigint GENERATED ALWAYS AS IDENTITY,
  name text NOT NULL,
  kind text NOT NULL,
  target text NOT NULL,
  port integer,
  "partition" text NOT NULL,
  interval_ms bigint NOT NULL CHECK (interval_ms > 0),
  timeout_ms bigint NOT NULL CHECK (timeout_ms > 0),
  retries integer NOT NULL CHECK (retries >= 0),
  settings jsonb NOT NULL,
  enabled boolean NOT NULL DEFAULT true,
  created_at timestamptz(3) NOT NULL,
  archived_at timestamptz(3)
);
CREATE INDEX checks_in_order ON checks (ordinal);

CREATE TABLE schedules (
  check_id text NOT NULL REFERENCES checks (id),
  version integer NOT NULL,
  interval_ms bigint NOT NULL CHECK (interval_ms > 0),
  phase_ms bigint NOT NULL CHECK (phase_ms >= 0 AND phase_ms < interval_ms),
  valid_from timestamptz(3) NOT NULL,
  valid_to timestamptz(3),
  PRIMARY KEY (check_id, version),
  CHECK (valid_to >= valid_from)
);
`,
  down: null,
};

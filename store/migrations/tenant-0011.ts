/**
 * Tenant migration 11: sweeps, their runs, and which slices of a run that is not over are done, so that whoever holds the
 * tenant next goes on where the one before was.
 */
export const tenant0011 = {
  version: 11,
  name: 'sweeps',
  sql: `
CREATE TABLE sweeps (
  id text PRIMARY KEY CHECK (id ~ '^swp_[a-z2-7]{16}$'),
  name text NOT NULL,
  "partition" text NOT NULL,
  -- Networks, exclusions, ports, icmp, rate and timeout: read and written together.
  terms jsonb NOT NULL CHECK (jsonb_typeof(terms) = 'object'),
  -- Null: by hand alone.
  interval_ms bigint CHECK (interval_ms > 0),
  enabled boolean NOT NULL,
  version integer NOT NULL,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);
CREATE UNIQUE INDEX sweeps_name ON sweeps (name);

-- A bound is judged on one locked row.
CREATE TABLE sweep_usage (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  live integer NOT NULL CHECK (live >= 0)
);
INSERT INTO sweep_usage (live) VALUES (0);

CREATE TABLE sweep_runs (
  id text PRIMARY KEY CHECK (id ~ '^run_[a-z2-7]{16}$'),
  sweep_id text NOT NULL REFERENCES sweeps (id) ON DELETE CASCADE,
  -- Of whoever holds the tenant: written by nobody of an earlier one.
  epoch bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'complete', 'stopped', 'failed')),
  -- As they were when it began.
  terms jsonb NOT NULL,
  addresses bigint NOT NULL CHECK (addresses > 0),
  slices integer NOT NULL CHECK (slices > 0),
  slice_addresses integer NOT NULL CHECK (slice_addresses > 0),
  asked_by text NOT NULL,
  done_slices integer NOT NULL DEFAULT 0,
  done bigint NOT NULL DEFAULT 0,
  live bigint NOT NULL DEFAULT 0,
  refused bigint NOT NULL DEFAULT 0,
  untold bigint NOT NULL DEFAULT 0,
  sent bigint NOT NULL DEFAULT 0,
  agents jsonb NOT NULL DEFAULT '[]',
  redone_count integer NOT NULL DEFAULT 0,
  redone jsonb NOT NULL DEFAULT '[]',
  why text,
  started_at timestamptz(3) NOT NULL,
  ended_at timestamptz(3),
  CHECK ((state = 'running') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX sweep_runs_running ON sweep_runs (sweep_id) WHERE state = 'running';
CREATE INDEX sweep_runs_of ON sweep_runs (sweep_id, started_at);

-- Of runs that are not over; a slice is there once.
CREATE TABLE sweep_slices (
  run_id text NOT NULL REFERENCES sweep_runs (id) ON DELETE CASCADE,
  slice integer NOT NULL CHECK (slice >= 0),
  agent text NOT NULL,
  done_at timestamptz(3) NOT NULL,
  PRIMARY KEY (run_id, slice)
);
`,
  down: 'DROP TABLE sweep_slices, sweep_runs, sweep_usage, sweeps;',
};

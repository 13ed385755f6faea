/**
 * Tenant migration 10: systems that are listed for the tenant. Name, kind, endpoint and what opens it are an integration's; here is
 * what is asked of it, and how far that has come.
 */
export const tenant0010 = {
  version: 10,
  name: 'listed sources',
  sql: `
CREATE TABLE listed_sources (
  id text PRIMARY KEY REFERENCES integrations (id) ON DELETE CASCADE,
  settings jsonb NOT NULL CHECK (jsonb_typeof(settings) = 'object'),
  place text NOT NULL CHECK (place = 'core'),
  -- Null: by hand only.
  interval_ms integer CHECK (interval_ms > 0),
  enabled boolean NOT NULL,
  version integer NOT NULL
);

-- Written under the epoch of whoever holds the tenant, never over a later one's.
CREATE TABLE listed_source_states (
  id text PRIMARY KEY REFERENCES listed_sources (id) ON DELETE CASCADE,
  epoch bigint NOT NULL,
  state jsonb NOT NULL,
  -- External ids of the last complete listing: a line each, deflated (RFC 1951); null before the first.
  known_ids bytea
);
`,
  down: 'DROP TABLE listed_source_states, listed_sources;',
};

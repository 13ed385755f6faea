/**
 * Tenant migration 8: agents that only listen, which a poller dials (what they are asked, and how far that has come), and the
 * authorities of an older installation that sign for this tenant's programs.
 */
export const tenant0008 = {
  version: 8,
  name: 'agent sources and imported authorities',
  sql: `
CREATE TABLE agent_sources (
  id text PRIMARY KEY CHECK (id ~ '^src_[a-z2-7]{16}$'),
  address text NOT NULL,
  "partition" text NOT NULL,
  -- Whose certificate it must be; null: any agent's of the tenant.
  agent_id text,
  tls_name text,
  interval_ms integer NOT NULL CHECK (interval_ms > 0),
  services jsonb NOT NULL CHECK (jsonb_typeof(services) = 'array'),
  version integer NOT NULL,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  archived_at timestamptz(3)
);
-- Two that live would be one agent, asked twice.
CREATE UNIQUE INDEX agent_sources_live ON agent_sources ("partition", address) WHERE archived_at IS NULL;
CREATE INDEX agent_sources_archived ON agent_sources (archived_at) WHERE archived_at IS NOT NULL;

-- Live ones: a bound is judged on one locked row.
CREATE TABLE agent_source_usage (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  live integer NOT NULL CHECK (live >= 0)
);
INSERT INTO agent_source_usage (live) VALUES (0);

-- How far a source has come: written under the epoch of whoever holds the tenant, never over a later one's.
CREATE TABLE agent_source_states (
  id text PRIMARY KEY,
  epoch bigint NOT NULL,
  state jsonb NOT NULL
);

CREATE TABLE imported_authorities (
  id text PRIMARY KEY CHECK (id ~ '^ca_[a-z2-7]{16}$'),
  slug text NOT NULL,
  trust_domain text NOT NULL,
  certificates text NOT NULL,
  fingerprint text NOT NULL CHECK (fingerprint ~ '^[0-9a-f]{64}$'),
  -- What we present to agents that this authority signed for; null: the poller's own certificate.
  client_certificate text,
  client_key_sealed text CHECK (client_key_sealed ~ '^v1:[a-z0-9_-]{1,32}:[A-Za-z0-9_-]{38,}$'),
  created_at timestamptz(3) NOT NULL,
  revoked_at timestamptz(3),
  CHECK (num_nulls(client_certificate, client_key_sealed) IN (0, 2))
);
CREATE UNIQUE INDEX imported_authorities_live ON imported_authorities (fingerprint) WHERE revoked_at IS NULL;
`,
  down: 'DROP TABLE imported_authorities, agent_source_states, agent_source_usage, agent_sources;',
};

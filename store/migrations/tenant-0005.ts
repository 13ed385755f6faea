/**
 * Tenant migration 5: the authority that signs for what a tenant has in its own networks, and the packages by which that
 * joins. Of a token there is the hash of its secret and the key that it was signed with; neither makes a token.
 */
export const tenant0005 = {
  version: 5,
  name: 'authority and packages',
  sql: `
CREATE TABLE authorities (
  -- One: its key stays when its certificate is renewed, so what was signed before stays good beside the new one.
  id text PRIMARY KEY CHECK (id = 'signing'),
  certificate text NOT NULL,
  key_sealed text NOT NULL CHECK (key_sealed ~ '^v1:[a-z0-9_-]{1,32}:[A-Za-z0-9_-]{38,}$'),
  made_at timestamptz(3) NOT NULL,
  renewed_at timestamptz(3)
);

CREATE TABLE packages (
  id text PRIMARY KEY CHECK (id ~ '^pkg_[a-z2-7]{16}$'),
  kind text NOT NULL CHECK (kind IN ('agent', 'poller', 'collector')),
  name text NOT NULL,
  partition text NOT NULL,
  state text NOT NULL CHECK (state IN ('issued', 'delivered', 'activated', 'revoked', 'expired', 'deleted')),
  state_at timestamptz(3) NOT NULL,
  secret_hash text NOT NULL CHECK (secret_hash ~ '^[0-9a-f]{64}$'),
  token_signer text NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL,
  delivered_at timestamptz(3),
  activated_at timestamptz(3),
  -- What it was delivered to, and what was delivered: the same key may fetch it again.
  key_fingerprint text CHECK (key_fingerprint ~ '^[0-9a-f]{64}$'),
  serial text UNIQUE,
  chain text,
  CHECK (num_nulls(delivered_at, key_fingerprint, serial, chain) IN (0, 4)),
  CHECK (state NOT IN ('delivered', 'activated') OR serial IS NOT NULL)
);
-- Two that live would have one identity.
CREATE UNIQUE INDEX packages_live ON packages (kind, name) WHERE state IN ('issued', 'delivered', 'activated');
`,
  down: 'DROP TABLE packages, authorities;',
};

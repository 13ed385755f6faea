/**
 * Tenant migration 9: the certificates that a package got after its first, by renewals over the connection of the one before.
 * Those that have ended are forgotten with the next.
 */
export const tenant0009 = {
  version: 9,
  name: 'renewed certificates',
  sql: `
CREATE TABLE certificates (
  serial text PRIMARY KEY CHECK (serial ~ '^[0-9a-f]{2,40}$'),
  package_id text NOT NULL REFERENCES packages (id),
  key_fingerprint text NOT NULL CHECK (key_fingerprint ~ '^[0-9a-f]{64}$'),
  chain text NOT NULL,
  issued_at timestamptz(3) NOT NULL,
  ends_at timestamptz(3) NOT NULL
);
-- The same key gets the same certificate again.
CREATE UNIQUE INDEX certificates_key ON certificates (package_id, key_fingerprint);
`,
  down: 'DROP TABLE certificates;',
};

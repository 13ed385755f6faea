/**
 * Tenant migration 7: the authorities that signed for the tenant before the one that does. The key is kept while leaves of it live,
 * then destroyed; the row stays, for whoever asks later what was signed by whom.
 */
export const tenant0007 = {
  version: 7,
  name: 'former authorities',
  sql: `
CREATE TABLE former_authorities (
  -- The serial of the certificate.
  id text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{2,40}$'),
  certificate text NOT NULL,
  key_sealed text CHECK (key_sealed ~ '^v1:[a-z0-9_-]{1,32}:[A-Za-z0-9_-]{38,}$'),
  made_at timestamptz(3) NOT NULL,
  replaced_at timestamptz(3) NOT NULL,
  retire_at timestamptz(3) NOT NULL,
  retired_at timestamptz(3),
  CHECK ((key_sealed IS NULL) = (retired_at IS NOT NULL))
);
`,
  // The one that signs stays as it is: that is the table of the step before.
  down: 'DROP TABLE former_authorities;',
};

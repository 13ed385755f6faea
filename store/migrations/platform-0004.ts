/**
 * Platform migration 4: what went wrong when a tenant's schema was last brought up, until it goes through. A record for
 * operators; nothing decides by it.
 */
export const platform0004 = {
  version: 4,
  name: 'migration failures',
  sql: `
CREATE TABLE platform.migration_failures (
  tenant_id text PRIMARY KEY,
  version integer NOT NULL,
  error text NOT NULL,
  failed_at timestamptz(3) NOT NULL DEFAULT now()
);
`,
  down: 'DROP TABLE platform.migration_failures;',
};

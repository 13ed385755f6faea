/**
 * Platform migration 12: when authorities of tenants that were replaced are to be retired, so that whoever does it looks at
 * one table and not at each tenant. A hint: whether one is due, its own row says.
 */
export const platform0012 = {
  version: 12,
  name: 'ends of authorities',
  sql: `
CREATE TABLE platform.authority_ends (
  tenant_id text NOT NULL,
  serial text NOT NULL,
  retire_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, serial)
);
CREATE INDEX authority_ends_due ON platform.authority_ends (retire_at);
`,
  down: 'DROP TABLE platform.authority_ends;',
};

/**
 * Platform migration 10: when packages of tenants end, so that whoever ends them looks at one table and not at each tenant.
 * A hint: whether a package is at its end, its own row says.
 */
export const platform0010 = {
  version: 10,
  name: 'ends of packages',
  sql: `
CREATE TABLE platform.package_ends (
  tenant_id text NOT NULL,
  package_id text NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, package_id)
);
CREATE INDEX package_ends_due ON platform.package_ends (expires_at);
`,
  down: 'DROP TABLE platform.package_ends;',
};

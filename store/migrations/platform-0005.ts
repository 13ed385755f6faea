/**
 * Platform migration 5: plans with their quotas, since when a tenant has its status, and who changed it. The row of a
 * purged tenant stays, so that its id is never drawn again.
 */
export const platform0005 = {
  version: 5,
  name: 'plans and lifecycle of tenants',
  sql: `
-- Null: no quota of its own.
CREATE TABLE platform.plans (
  name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9-]{1,39}$'),
  quota_devices bigint CHECK (quota_devices >= 0),
  quota_users bigint CHECK (quota_users >= 0),
  quota_checks bigint CHECK (quota_checks >= 0),
  quota_results_per_day bigint CHECK (quota_results_per_day >= 0)
);
INSERT INTO platform.plans (name, quota_devices, quota_users, quota_checks, quota_results_per_day) VALUES
  ('free', 25, 3, 50, 500000),
  ('pro', 2500, 25, 5000, 50000000),
  ('enterprise', NULL, NULL, NULL, NULL);

-- Those that are there keep what they have.
ALTER TABLE platform.tenants
  ADD COLUMN plan text NOT NULL DEFAULT 'enterprise' REFERENCES platform.plans (name),
  ADD COLUMN status_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now()),
  ADD COLUMN purged_at timestamptz(3);
CREATE INDEX tenants_by_plan ON platform.tenants (plan);

CREATE TABLE platform.tenant_audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id text NOT NULL,
  at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
  who text NOT NULL,
  event text NOT NULL,
  from_status text,
  to_status text NOT NULL,
  why text
);
CREATE INDEX tenant_audit_of ON platform.tenant_audit (tenant_id, id);
`,
  down: `
DROP TABLE platform.tenant_audit;
ALTER TABLE platform.tenants DROP COLUMN plan, DROP COLUMN status_at, DROP COLUMN purged_at;
DROP TABLE platform.plans;
`,
};

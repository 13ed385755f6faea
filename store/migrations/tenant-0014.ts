/** Tenant migration 14: groups of devices, and which ids of devices were put into them. */
export const tenant0014 = {
  version: 14,
  name: 'device groups',
  sql: `
CREATE TABLE device_groups (
  -- Its name as it is compared: composed, without case.
  key text PRIMARY KEY,
  name text NOT NULL,
  description text,
  created_at timestamptz(3) NOT NULL,
  who text NOT NULL
);

-- Of the id that was put in, whatever it is merged into: whose it is is read, and moves with merges by itself.
CREATE TABLE device_group_members (
  group_key text NOT NULL REFERENCES device_groups (key) ON DELETE CASCADE,
  device_id text NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
  since timestamptz(3) NOT NULL,
  who text NOT NULL,
  PRIMARY KEY (group_key, device_id)
);
CREATE INDEX device_group_members_device ON device_group_members (device_id);

-- On the row that all who change devices lock first: what was judged of groups is written while nobody changed any.
ALTER TABLE device_usage ADD group_changes bigint NOT NULL DEFAULT 0;
`,
  down: `
DROP TABLE device_group_members, device_groups;
ALTER TABLE device_usage DROP group_changes;
`,
};

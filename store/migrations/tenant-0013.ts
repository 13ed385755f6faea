/** Tenant migration 13: interfaces of devices, as the reconciler remembers the tables that it was told of, and as people read them. */
const kinds = "'partition', 'ban', 'evidence', 'device', 'address', 'separation', 'service'";
const kindsAre = (list: string) => `
ALTER TABLE inventory_rows DROP CONSTRAINT inventory_rows_kind_check,
  ADD CONSTRAINT inventory_rows_kind_check CHECK (kind IN (${list}));
`;

export const tenant0013 = {
  version: 13,
  name: 'device interfaces',
  sql: `
${kindsAre(`${kinds}, 'interfaces'`)}
-- All that one device has; of one that was merged into another there is none.
CREATE TABLE device_interfaces (
  "partition" text NOT NULL,
  device_id text NOT NULL,
  -- Empty: none. One of the two is there.
  name text NOT NULL,
  mac text NOT NULL CHECK (name <> '' OR mac <> ''),
  addresses text[] NOT NULL,
  sources text[] NOT NULL,
  -- By the hour.
  first_seen timestamptz(3) NOT NULL,
  last_seen timestamptz(3) NOT NULL,
  PRIMARY KEY (device_id, name, mac)
);
`,
  down: `
DROP TABLE device_interfaces;
DELETE FROM inventory_rows WHERE kind = 'interfaces';
${kindsAre(kinds)}
`,
};

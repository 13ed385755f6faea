/**
 * Tenant migration 12: the inventory. What the reconciler remembers, row by row as it writes it, and what people read of it: what was
 * seen of each device, its identifiers, merges, conflicts and bare sightings; and which documents are in it.
 */
const countOf = (rows: string, isLive: string) => `(SELECT count(*) FROM ${rows} WHERE ${isLive})`;

/** The functions of step 4, with what counts as a live device. */
const counting = (isLive: string) => `
CREATE OR REPLACE FUNCTION count_added_devices() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE device_usage SET live = live + ${countOf('fresh', isLive)} WHERE ${countOf('fresh', isLive)} <> 0;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION count_changed_devices() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE device_usage SET live = live + ${countOf('fresh', isLive)} - ${countOf('gone', isLive)}
  WHERE ${countOf('fresh', isLive)} <> ${countOf('gone', isLive)};
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION count_deleted_devices() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE device_usage SET live = live - ${countOf('gone', isLive)};
  RETURN NULL;
END $$;
`;

export const tenant0012 = {
  version: 12,
  name: 'inventory',
  sql: `
-- Who writes the inventory: an older epoch finds no row here, and writes nothing.
CREATE TABLE inventory_gate (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  epoch bigint NOT NULL
);

-- The reconciler's memory. Text of JSON as it was written: an identifier may hold what jsonb does not take.
CREATE TABLE inventory_rows (
  "partition" text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('partition', 'ban', 'evidence', 'device', 'address', 'separation', 'service')),
  key text COLLATE "C" NOT NULL,
  row json NOT NULL,
  PRIMARY KEY ("partition", kind, key)
);

-- Only ever added to; the reconciler reads it back too.
CREATE TABLE device_merge_audit (
  "partition" text NOT NULL,
  n bigint NOT NULL,
  what text NOT NULL CHECK (what IN ('merge', 'separation')),
  from_id text NOT NULL,
  to_id text NOT NULL,
  reason text NOT NULL,
  evidence text[] NOT NULL,
  at timestamptz(3) NOT NULL,
  -- An operator; null: the rules.
  who text,
  why text,
  row json NOT NULL,
  PRIMARY KEY ("partition", n)
);
CREATE INDEX device_merge_audit_from ON device_merge_audit (from_id);
CREATE INDEX device_merge_audit_to ON device_merge_audit (to_id);

CREATE TABLE device_identifiers (
  "partition" text NOT NULL,
  type text NOT NULL,
  scope text NOT NULL,
  value text NOT NULL,
  device_id text NOT NULL,
  status text NOT NULL CHECK (status IN ('live', 'history')),
  PRIMARY KEY ("partition", type, scope, value)
);
CREATE INDEX device_identifiers_device ON device_identifiers (device_id);

CREATE TABLE device_conflicts (
  "partition" text NOT NULL,
  type text NOT NULL,
  scope text NOT NULL,
  value text NOT NULL,
  reason text NOT NULL,
  devices text[] NOT NULL,
  since timestamptz(3) NOT NULL,
  PRIMARY KEY ("partition", type, scope, value)
);

CREATE TABLE device_sightings (
  "partition" text NOT NULL,
  ip text NOT NULL,
  sources text[] NOT NULL,
  first_seen timestamptz(3) NOT NULL,
  last_seen timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  PRIMARY KEY ("partition", ip)
);

-- Devices that somebody wrote down keep what he wrote; the rest is what was seen.
ALTER TABLE devices
  ADD by_hand boolean NOT NULL DEFAULT true,
  ADD hostname text,
  ADD ip text,
  ADD mac text,
  ADD vendor text,
  ADD model text,
  ADD os text,
  ADD described_at timestamptz(3),
  ADD described_confidence smallint,
  ADD first_seen timestamptz(3),
  ADD last_seen timestamptz(3),
  ADD is_available boolean,
  ADD is_deleted boolean NOT NULL DEFAULT false,
  ADD sources text[] NOT NULL DEFAULT '{}',
  ADD merged_into text;
CREATE INDEX devices_merged ON devices (merged_into) WHERE merged_into IS NOT NULL;
${counting('archived_at IS NULL AND merged_into IS NULL')}

ALTER TABLE documents ADD reconciled_at timestamptz(3), ADD reconciled json;
CREATE INDEX documents_to_reconcile ON documents (ordinal) WHERE state = 'whole' AND reconciled_at IS NULL;
`,
  down: `
${counting('archived_at IS NULL')}
DELETE FROM devices WHERE NOT by_hand;
ALTER TABLE devices DROP by_hand, DROP hostname, DROP ip, DROP mac, DROP vendor, DROP model, DROP os, DROP described_at,
  DROP described_confidence, DROP first_seen, DROP last_seen, DROP is_available, DROP is_deleted, DROP sources,
  DROP merged_into;
UPDATE device_usage SET live = (SELECT count(*) FROM devices WHERE archived_at IS NULL);
DROP TABLE device_sightings, device_conflicts, device_identifiers, device_merge_audit, inventory_rows, inventory_gate;
DROP INDEX documents_to_reconcile;
ALTER TABLE documents DROP reconciled_at, DROP reconciled;
`,
};

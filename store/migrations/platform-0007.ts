/**
 * Platform migration 7: when tenants are backed up by themselves, where to, what is kept, and how it went last. One row
 * at most; without it nothing is. A run belongs to the epoch of the coordinator that began it.
 */
export const platform0007 = {
  version: 7,
  name: 'backup schedule',
  sql: `
CREATE TABLE platform.backup_schedule (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  at_minute integer NOT NULL CHECK (at_minute BETWEEN 0 AND 1439),
  place text NOT NULL CHECK (length(place) <= 1000),
  keep integer CHECK (keep >= 0),
  days integer CHECK (days >= 0),
  set_at timestamptz(3) NOT NULL,
  started_at timestamptz(3),
  epoch bigint,
  ended_at timestamptz(3),
  copied integer,
  failed integer,
  error text
);
`,
  down: 'DROP TABLE platform.backup_schedule;',
};

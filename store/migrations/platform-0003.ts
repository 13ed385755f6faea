/**
 * Platform migration 3: which core coordinates. One row for ever, so that its epoch only rises; it is free at first. Its
 * holder is a session, as a tenant's lease is one's.
 */
export const platform0003 = {
  version: 3,
  name: 'coordinator',
  sql: `
CREATE TABLE platform.coordinator (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  node text,
  boot bigint,
  epoch bigint NOT NULL CHECK (epoch >= 0),
  CHECK ((node IS NULL) = (boot IS NULL))
);
INSERT INTO platform.coordinator (epoch) VALUES (0);
`,
  down: 'DROP TABLE platform.coordinator;',
};

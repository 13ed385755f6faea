/**
 * Platform migration 2: where the nodes that have the database are reached. Rows are hints, renewed while their node
 * lives, and let go of when they were not for a while; nobody's right to anything rests on them.
 */
export const platform0002 = {
  version: 2,
  name: 'discovery',
  sql: `
CREATE TABLE platform.discovery (
  address text PRIMARY KEY CHECK (length(address) <= 300),
  seen_at timestamptz(3) NOT NULL
);
CREATE INDEX discovery_newest ON platform.discovery (seen_at);
`,
  down: 'DROP TABLE platform.discovery;',
};

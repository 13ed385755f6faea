/**
 * Platform migration 8: which keys values of the database were ever sealed with, so that a node with another ring seals
 * nothing, and how far sealing anew with each of them has come. No key is in it: a proof tells two keys of one id apart.
 */
export const platform0008 = {
  version: 8,
  name: 'vault keys',
  sql: `
CREATE TABLE platform.vault_keys (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9_-]{0,31}$'),
  proof text NOT NULL,
  noted_at timestamptz(3) NOT NULL,
  -- Sealing anew with this key: the epoch of the coordinator that does it, and how it went.
  epoch bigint,
  resealed bigint NOT NULL DEFAULT 0,
  unreadable bigint NOT NULL DEFAULT 0,
  began_at timestamptz(3),
  ended_at timestamptz(3)
);
`,
  down: 'DROP TABLE platform.vault_keys;',
};

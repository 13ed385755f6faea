/**
 * Platform migration 11: who changed the keys that private columns and archives are sealed with. Kept for good, beside the
 * audits of tenants: a key is all tenants'.
 */
export const platform0011 = {
  version: 11,
  name: 'audit of the vault',
  sql: `
CREATE TABLE platform.vault_audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
  who text NOT NULL,
  event text NOT NULL CHECK (event IN ('prepare', 'rotate', 'retire')),
  key text NOT NULL
);
`,
  down: 'DROP TABLE platform.vault_audit;',
};

/**
 * Tenant migration 6: documents that agents send, with their parts. Needs nothing of the step before it, and touches nothing
 * of it.
 */
export const tenant0006 = {
  version: 6,
  name: 'documents',
  sql: `
-- Who may write documents, and how much they hold: locked by every statement that writes one, so that who has lost the
-- tenant's lease writes nothing once the next holder was here. Its row comes with the first of them.
CREATE TABLE document_gate (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  epoch bigint NOT NULL,
  held_bytes bigint NOT NULL CHECK (held_bytes >= 0)
);

CREATE TABLE documents (
  ordinal bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL,
  sender text NOT NULL,
  agent text NOT NULL,
  partition text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('sync', 'sweep')),
  service text NOT NULL,
  -- 'gone': nobody sees it, and its parts are being removed.
  state text NOT NULL CHECK (state IN ('open', 'whole', 'gone')),
  total_bytes bigint CHECK (total_bytes >= 0),
  held_bytes bigint NOT NULL CHECK (held_bytes >= 0),
  sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  items bigint,
  opened_at timestamptz(3) NOT NULL,
  -- The last time that something was added.
  touched_at timestamptz(3) NOT NULL,
  received_at timestamptz(3),
  CHECK (num_nulls(sha256, items, received_at) IN (0, 3)),
  CHECK (state <> 'whole' OR (sha256 IS NOT NULL AND total_bytes = held_bytes))
);
CREATE UNIQUE INDEX documents_here ON documents (id) WHERE state <> 'gone';
CREATE INDEX documents_unfinished ON documents (touched_at) WHERE state <> 'whole';
CREATE INDEX documents_received ON documents (received_at) WHERE state = 'whole';

CREATE TABLE document_parts (
  ordinal bigint NOT NULL REFERENCES documents,
  at_byte bigint NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (ordinal, at_byte)
);
`,
  down: 'DROP TABLE document_parts, documents, document_gate;',
};

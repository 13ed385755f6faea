/**
 * Platform migration 13: what operators did in remote shells, line by line, from the journals of all nodes. Rows are added and
 * never changed; none goes before it was kept for a year, and where a chain was shortened is noted for those who verify it.
 * The owner of a table can always take such a guard away: that the rows are those that were written, the chain of hashes says.
 */
export const platform0013 = {
  version: 13,
  name: 'record of sessions',
  sql: `
CREATE TABLE platform.session_record (
  node text NOT NULL CHECK (length(node) BETWEEN 1 AND 80),
  boot bigint NOT NULL CHECK (boot >= 0),
  seq bigint NOT NULL CHECK (seq > 0),
  at timestamptz(3) NOT NULL,
  session text NOT NULL,
  type text NOT NULL,
  operator text,
  hash text NOT NULL CHECK (length(hash) = 64),
  line text NOT NULL,
  kept_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
  PRIMARY KEY (node, boot, seq)
);
CREATE INDEX session_record_session ON platform.session_record (session, boot, seq);
CREATE INDEX session_record_opened ON platform.session_record (at) WHERE type = 'opened';

CREATE TABLE platform.session_record_removed (
  node text PRIMARY KEY,
  boot bigint NOT NULL,
  seq bigint NOT NULL,
  hash text NOT NULL,
  entries bigint NOT NULL,
  at timestamptz(3) NOT NULL,
  who text NOT NULL
);

CREATE FUNCTION platform.session_record_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.kept_at < clock_timestamp() - interval '365 days' THEN RETURN OLD; END IF;
    RAISE EXCEPTION 'a row of the record of sessions is kept for a year' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RAISE EXCEPTION 'the record of sessions cannot be changed' USING ERRCODE = 'insufficient_privilege';
END $$;
REVOKE ALL ON FUNCTION platform.session_record_kept() FROM PUBLIC;
CREATE TRIGGER session_record_kept BEFORE UPDATE OR DELETE ON platform.session_record
  FOR EACH ROW EXECUTE FUNCTION platform.session_record_kept();
CREATE TRIGGER session_record_whole BEFORE TRUNCATE ON platform.session_record
  FOR EACH STATEMENT EXECUTE FUNCTION platform.session_record_kept();
`,
  down: `
DROP TABLE platform.session_record_removed;
DROP TABLE platform.session_record;
DROP FUNCTION platform.session_record_kept();
`,
};

/**
 * Tenant migration 2: how many checks are live, counted by the database itself whoever writes, so that a quota is
 * judged on one locked row instead of a count that two writers could both pass.
 */
export const tenant0002 = {
  version: 2,
  name: 'usage',
  sql: `
-- Nobody adds a check between the first count and the triggers.
LOCK TABLE checks IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE usage (
  what text PRIMARY KEY CHECK (what IN ('checks')),
  amount bigint NOT NULL CHECK (amount >= 0)
);
INSERT INTO usage (what, amount) SELECT 'checks', count(*) FROM checks WHERE archived_at IS NULL;

CREATE FUNCTION count_added_checks() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE usage SET amount = amount + (SELECT count(*) FROM fresh WHERE archived_at IS NULL) WHERE what = 'checks';
  RETURN NULL;
END $$;
CREATE FUNCTION count_changed_checks() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE usage SET amount = amount + (SELECT count(*) FROM fresh WHERE archived_at IS NULL)
    - (SELECT count(*) FROM gone WHERE archived_at IS NULL) WHERE what = 'checks';
  RETURN NULL;
END $$;
CREATE FUNCTION count_deleted_checks() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE usage SET amount = amount - (SELECT count(*) FROM gone WHERE archived_at IS NULL) WHERE what = 'checks';
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION count_added_checks(), count_changed_checks(), count_deleted_checks() FROM PUBLIC;
CREATE TRIGGER checks_added AFTER INSERT ON checks REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION count_added_checks();
CREATE TRIGGER checks_changed AFTER UPDATE ON checks REFERENCING OLD TABLE AS gone NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION count_changed_checks();
CREATE TRIGGER checks_deleted AFTER DELETE ON checks REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_checks();
`,
  down: `
DROP TRIGGER checks_added ON checks;
DROP TRIGGER checks_changed ON checks;
DROP TRIGGER checks_deleted ON checks;
DROP FUNCTION count_added_checks(), count_changed_checks(), count_deleted_checks();
DROP TABLE usage;
`,
};

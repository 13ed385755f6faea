/**
 * Tenant migration 3: who works for the tenant, what it is connected with, and who changed either. What is private is
 * sealed by the application (`*_sealed`, store/vault/field.ts): the database takes nothing there that is not. Users are
 * counted as checks are.
 */
const sealed = (column: string) =>
  `${column} text CHECK (${column} ~ '^v1:[a-z0-9_-]{1,32}:[A-Za-z0-9_-]{38,}$')`;

export const tenant0003 = {
  version: 3,
  name: 'users and integrations',
  sql: `
CREATE TABLE users (
  id text PRIMARY KEY,
  role text NOT NULL CHECK (role IN ('admin', 'operator', 'viewer')),
  display_name text NOT NULL,
  ${sealed('email_sealed')} NOT NULL,
  ${sealed('contact_sealed')},
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  archived_at timestamptz(3)
);
-- One row for each key that the address of a live user is found by: no two users have one address, whichever keys who
-- adds them knows.
CREATE TABLE user_emails (
  lookup text PRIMARY KEY CHECK (lookup ~ '^[a-z0-9_-]{1,32}:[A-Za-z0-9_-]{43}$'),
  user_id text NOT NULL REFERENCES users (id)
);
CREATE INDEX user_emails_of ON user_emails (user_id);

CREATE TABLE integrations (
  id text PRIMARY KEY,
  name text NOT NULL UNIQUE,
  kind text NOT NULL,
  endpoint text NOT NULL,
  ${sealed('credentials_sealed')},
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);

CREATE TABLE audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz(3) NOT NULL,
  who text NOT NULL,
  event text NOT NULL,
  subject text NOT NULL,
  why text
);

ALTER TABLE usage DROP CONSTRAINT usage_what_check;
ALTER TABLE usage ADD CONSTRAINT usage_what_check CHECK (what IN ('checks', 'users'));
INSERT INTO usage (what, amount) VALUES ('users', 0);

CREATE FUNCTION count_added_users() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE usage SET amount = amount + (SELECT count(*) FROM fresh WHERE archived_at IS NULL) WHERE what = 'users';
  RETURN NULL;
END $$;
CREATE FUNCTION count_changed_users() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  change bigint := (SELECT count(*) FROM fresh WHERE archived_at IS NULL)
    - (SELECT count(*) FROM gone WHERE archived_at IS NULL);
BEGIN
  -- Rows that are sealed anew must not wait for those who add some.
  IF change <> 0 THEN UPDATE usage SET amount = amount + change WHERE what = 'users'; END IF;
  -- Here, and not in the statement that archives: what was added since that began is seen here.
  DELETE FROM user_emails e USING fresh f WHERE e.user_id = f.id AND f.archived_at IS NOT NULL;
  RETURN NULL;
END $$;
CREATE FUNCTION count_deleted_users() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE usage SET amount = amount - (SELECT count(*) FROM gone WHERE archived_at IS NULL) WHERE what = 'users';
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION count_added_users(), count_changed_users(), count_deleted_users() FROM PUBLIC;
CREATE TRIGGER users_added AFTER INSERT ON users REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION count_added_users();
CREATE TRIGGER users_changed AFTER UPDATE ON users REFERENCING OLD TABLE AS gone NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION count_changed_users();
CREATE TRIGGER users_deleted AFTER DELETE ON users REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_users();
`,
  down: `
DROP TABLE user_emails, users, integrations, audit;
DROP FUNCTION count_added_users(), count_changed_users(), count_deleted_users();
DELETE FROM usage WHERE what = 'users';
ALTER TABLE usage DROP CONSTRAINT usage_what_check;
ALTER TABLE usage ADD CONSTRAINT usage_what_check CHECK (what IN ('checks'));
`,
};

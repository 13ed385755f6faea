/**
 * Users of a tenant, in its schema under its role: rows without a way to sign in yet. Addresses and contact data are
 * sealed; a user is found by the blind index of the address. Who may ask is judged by those who call.
 */
import { type AuditRow, auditOf, noteChange } from './audit.ts';
import { plainText } from './audit-text.ts';
import { textColumn } from './columns.ts';
import { StoreError } from './errors.ts';
import { newUserId } from './ids.ts';
import { limits } from './limits.ts';
import { moment } from './moment.ts';
import { constraintOf, sqlStateOf } from './pg-errors.ts';
import { atNewest } from './schema-versions.ts';
import type { Database } from './unit-of-work.ts';
import { type Contact, judgeUser, type NewUser, parseContact, type UserRole } from './user-fields.ts';
import { normalEmail } from './vault/blind-index.ts';
import { emailLookup } from './vault/sealed-columns.ts';
import type { Vault } from './vault/vault.ts';

export interface User {
  id: string;
  role: UserRole;
  name: string;
  /** Null with `contact`: what is sealed does not open. */
  email: string | null;
  contact: Contact | null;
  /** Code of why it does not open. */
  unreadable: string | null;
  createdAtMs: number;
  updatedAtMs: number;
  archivedAtMs: number | null;
}

export interface UserChange {
  role?: UserRole;
  name?: string;
  contact?: Contact;
}

export interface Users {
  /** `liveMax`: as many as the plan allows, null: any number. Throws `bad_email`, `bad_row`, `email_taken`, `quota_users`. */
  add(tenantId: string, user: NewUser, by: string, liveMax: number | null): Promise<User>;
  /** By age, at most `limits.listedRowsMax`; `all`: the archived ones too. One that does not open hides no other. */
  list(tenantId: string, all: boolean): Promise<User[]>;
  /** The live one with this address; null: there is none. */
  find(tenantId: string, email: string): Promise<User | null>;
  /** Throws `no_such_user`, also of an archived one. */
  change(tenantId: string, id: string, change: UserChange, by: string): Promise<User>;
  /** The address is free from then on. Throws `no_such_user`. */
  archive(tenantId: string, id: string, by: string): Promise<User>;
  /** Changes of users, integrations, packages and checks, with who did it. */
  changes(tenantId: string): Promise<AuditRow[]>;
}

interface Columns extends Record<string, unknown> {
  id: string;
  role: UserRole;
  display_name: string;
  email_sealed: string;
  contact_sealed: string | null;
  created_at: number;
  updated_at: number;
  archived_at: number | null;
}

const columns =
  'u.id, u.role, u.display_name, u.email_sealed, u.contact_sealed, u.created_at, u.updated_at, u.archived_at';

/** The locked row of `usage` is what two that add at once wait at (see checks.ts). */
const insert = `
WITH ${moment},
room AS MATERIALIZED (SELECT FROM usage WHERE what = 'users' AND ($7::bigint IS NULL OR amount < $7::bigint) FOR UPDATE),
u AS (
  INSERT INTO users (id, role, display_name, email_sealed, contact_sealed, created_at, updated_at)
  SELECT $1, $2, $3, $4, $5, at, at FROM room, moment RETURNING users.*, id AS subject, created_at AS at
),
found AS (INSERT INTO user_emails (lookup, user_id) SELECT l, u.id FROM u, unnest($6::text[]) AS l),
${noteChange('user_add', 'u', '$8')}
SELECT ${columns} FROM u`;

/** Null: stays as it is. What was sealed anew meanwhile is written over all the same: it is the same text. */
const update = `
WITH ${moment},
u AS (
  UPDATE users SET role = coalesce($2, role), display_name = coalesce($3, display_name),
    contact_sealed = coalesce($4, contact_sealed), updated_at = at
  FROM moment WHERE id = $1 AND archived_at IS NULL RETURNING users.*, id AS subject, at
),
${noteChange('user_change', 'u', '$5')}
SELECT ${columns} FROM u`;

/** What the user was found by goes in the trigger. */
const archive = `
WITH ${moment},
u AS (
  UPDATE users SET archived_at = at, updated_at = at FROM moment WHERE id = $1 AND archived_at IS NULL
  RETURNING users.*, id AS subject, at
),
${noteChange('user_archive', 'u', '$2')}
SELECT ${columns} FROM u`;

/** The next ones by age after $2 and $3. */
const list = `
SELECT ${columns} FROM users u
WHERE ($1 OR u.archived_at IS NULL) AND (u.created_at, u.id) > (to_timestamp($2::float8 / 1000)::timestamptz(3), $3)
ORDER BY u.created_at, u.id LIMIT ${limits.openedRows}`;
const find = `
SELECT ${columns} FROM users u WHERE u.archived_at IS NULL AND u.id IN (
  SELECT user_id FROM user_emails WHERE lookup = ANY ($1::text[]))`;

export function createUsers(db: Database, vault: Vault): Users {
  async function ask(tenantId: string, text: string, values: readonly (string | number | boolean | null)[]) {
    const rows = await atNewest('users', () =>
      db.asTenant(tenantId, (unit) => unit.query<Columns>(text, values)),
    );
    return rows.map((row) => toUser(vault, tenantId, row));
  }

  const contactOf = (tenantId: string, id: string, contact: Contact | undefined) =>
    contact === undefined ? null : vault.seal(place(tenantId, id, 'contact_sealed'), JSON.stringify(contact));

  return {
    async add(tenantId, user, by, liveMax) {
      const { role, name, email, contact } = judgeUser(user);
      await vault.ready();
      const id = newUserId();
      const sealed = vault.seal(place(tenantId, id, 'email_sealed'), email);
      const lookups = textColumn(vault.lookups(tenantId, emailLookup, normalEmail(email)!));
      const values = [id, role, name, sealed, contactOf(tenantId, id, contact), lookups, liveMax, by];
      const [added] = await ask(tenantId, insert, values).catch((error: unknown) => {
        throw isTaken(error)
          ? new StoreError('email_taken', 'another user of the tenant has this address', { cause: error })
          : error;
      });
      if (added !== undefined) return added;
      throw new StoreError('quota_users', `the tenant's plan allows ${liveMax} users: nobody was added`);
    },
    async list(tenantId, all) {
      const users: User[] = [];
      while (users.length < limits.listedRowsMax) {
        const last = users.at(-1);
        const found = await ask(tenantId, list, [all, last?.createdAtMs ?? -1, last?.id ?? '']);
        users.push(...found);
        if (found.length < limits.openedRows) break;
      }
      return users;
    },
    async find(tenantId, email) {
      const normal = normalEmail(email);
      if (normal === null) return null;
      const lookups = textColumn(vault.lookups(tenantId, emailLookup, normal));
      return (await ask(tenantId, find, [lookups]))[0] ?? null;
    },
    async change(tenantId, id, change, by) {
      const { role = null, name = null, contact } = judgeUser(change);
      if (contact !== undefined) await vault.ready();
      const values = [plainText(id), role, name, contactOf(tenantId, id, contact), by];
      return (await ask(tenantId, update, values))[0] ?? noUser(id);
    },
    async archive(tenantId, id, by) {
      return (await ask(tenantId, archive, [plainText(id), by]))[0] ?? noUser(id);
    },
    changes: (tenantId) => auditOf(db, tenantId),
  };
}

const place = (tenantId: string, rowId: string, column: string) => ({
  tenantId,
  table: 'users',
  column,
  rowId,
});

function toUser(vault: Vault, tenantId: string, row: Columns): User {
  const { id, role, display_name, contact_sealed, created_at, updated_at, archived_at } = row;
  const common = { id, role, name: display_name, createdAtMs: created_at, updatedAtMs: updated_at };
  const rest = { ...common, archivedAtMs: archived_at };
  const opened = (column: string, sealed: string) => vault.open(place(tenantId, id, column), sealed);
  try {
    const email = opened('email_sealed', row.email_sealed);
    const contact = contact_sealed === null ? {} : parseContact(opened('contact_sealed', contact_sealed));
    return { ...rest, email, contact, unreadable: null };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { ...rest, email: null, contact: null, unreadable: error.code };
  }
}

function noUser(id: string): never {
  throw new StoreError('no_such_user', `the tenant has no user "${id}": see picket user list`);
}

function isTaken(error: unknown): boolean {
  const cause = error instanceof StoreError ? error.cause : error;
  return sqlStateOf(cause) === '23505' && constraintOf(cause) === 'user_emails_pkey';
}

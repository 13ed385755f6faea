/**
 * Which columns of a tenant's tables are sealed: what is sealed anew, counted by key, and bound to another tenant when an
 * archive becomes one. A test holds the list against the catalog: every column whose name ends in `_sealed` is here.
 */
export interface SealedTable {
  table: string;
  columns: readonly string[];
}

export const sealedTables: readonly SealedTable[] = [
  { table: 'users', columns: ['email_sealed', 'contact_sealed'] },
  { table: 'integrations', columns: ['credentials_sealed'] },
  { table: 'authorities', columns: ['key_sealed'] },
  { table: 'former_authorities', columns: ['key_sealed'] },
  { table: 'imported_authorities', columns: ['client_key_sealed'] },
];

/** The column that users are found by: what it is hashed with, and where the hashes lie (`user_emails`). */
export const emailLookup = 'users.email';

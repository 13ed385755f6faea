/**
 * What can go wrong in this room, as a closed set of codes. The text says what to do; `cause` keeps the driver's error.
 */
export const storeErrorCodes = [
  /** The database is away, restarting, full or too busy: nothing was written, or doing the same again changes nothing. */
  'store_unavailable',
  /** The database is there but does not let us in: wrong password, no such role or database. */
  'access_denied',
  /** The login role of DATABASE_URL is too strong or too weak for the isolation that we promise. */
  'login_role_unfit',
  /** The schema was written by a newer Picket than this one. */
  'database_newer_than_code',
  /** A migration that was applied is not the one that this Picket has under that number. */
  'migration_changed',
  /** A migration did not go through; nothing of it was kept. */
  'migration_failed',
  /** Nothing of ours is in the database yet: picket db migrate makes it. */
  'no_schema',
  /** The last step of the schema cannot be taken back: there is none, or nothing lies under it. */
  'no_rollback',
  /** There is no tenant of this id or slug. */
  'no_such_tenant',
  /** The tenant's plan allows no more checks; nothing was added. */
  'quota_checks',
  /** The tenant's plan is not in this database: picket plan set makes it. */
  'no_such_plan',
  /** Another living tenant has the slug: restore with --as under another. */
  'slug_taken',
  /** No slug: 2 to 40 of a-z, 0-9 and "-", first a letter. */
  'bad_slug',
  /** The tenant is there: restore with --replace over it, or with --as beside it. */
  'tenant_exists',
  /** The tenant has no data to be backed up: it is being made, failed, or was purged. */
  'tenant_not_there',
  /** A file of keys is no key ring: lines of an id, a colon and 32 bytes in base64. */
  'bad_key_ring',
  /** The key ring has no key of the id that the data were sealed with. */
  'no_such_key',
  /** The key of a field is retired: it opens archives, and fields no more. */
  'key_retired',
  /** The key seals, or something is still sealed with it: it cannot be retired; the sentence says what. */
  'key_in_use',
  /** This ring is another one than that which the database's values were sealed with: copy that one here. */
  'ring_foreign',
  /** A sealed value is none: cut, of an unknown version, or written by something else. */
  'sealed_malformed',
  /** A sealed value does not open in its place: changed, moved from another row or tenant, or of another key. */
  'sealed_refused',
  /** A text that is to be sealed is too long. */
  'too_large',
  /** No address of mail: NAME@HOST, without spaces, at most 254 characters. */
  'bad_email',
  /** Another user of the tenant has this address. */
  'email_taken',
  /** The tenant's plan allows no more users; nobody was added. */
  'quota_users',
  /** The tenant has no user of this id. */
  'no_such_user',
  /** Name, kind, role or endpoint is none; the sentence says which and why. */
  'bad_row',
  /** The tenant has an integration of this name. */
  'integration_exists',
  /** The tenant has no integration of this id or name. */
  'no_such_integration',
  /** A living package of the tenant has this kind and name: revoke it first. */
  'package_exists',
  /** The tenant has no package of this id. */
  'no_such_package',
  /** The tenant has no document of this id, or has it no more. */
  'no_such_document',
  /** A living source of the tenant has this address in this partition: edit that one. */
  'source_exists',
  /** The tenant has no agent source of this id that is there (or, to restore one, archived). */
  'no_such_source',
  /** The tenant has as many living agent sources as one may have; nothing was added. */
  'too_many_sources',
  /** A sweep of the tenant has this name: remove that one, or take another name. */
  'sweep_exists',
  /** The tenant has no sweep of this id: picket sweep list tells which there are. */
  'no_such_sweep',
  /** The tenant has as many sweeps as one may have; nothing was added. */
  'too_many_sweeps',
  /** This certificate is imported for the tenant already: revoke it first. */
  'authority_exists',
  /** The tenant has no living imported authority of this id. */
  'no_such_authority',
  /** The tenant has as many living imported authorities as one may have: revoke one first. */
  'too_many_authorities',
  /** The tenant's schema is one version behind and has no place for it: picket db migrate. */
  'schema_behind',
  /** There is no archive of this name: picket backup list tells which there are. */
  'no_such_archive',
  /** Somebody restores this tenant, or any, at this moment: ask again when that has ended; the sentence says what waits. */
  'restore_running',
  /** An archive was changed, cut or mixed up; the sentence says where. Nothing of it was kept. */
  'archive_damaged',
  /** An archive is of another format, or holds what this Picket has no place for: use the version that wrote it. */
  'archive_unfit',
  /** A folder or bucket for archives cannot be read or written; the sentence says why. */
  'place_unusable',
  /** The caller's session ended, expired, or belongs to an earlier boot: renew it (with a later boot) first. */
  'session_lost',
  /** Another entry of the record of sessions has that place: one of the two was changed. */
  'record_forked',
  /** A programmer's error: the arguments cannot be stored as they are. */
  'invalid_input',
  /** The database refused a statement of ours: a bug on our side. */
  'query_failed',
  /** There is no embedded PostgreSQL for this platform, or its files are not complete: set DATABASE_URL. */
  'embedded_unsupported',
  /** The data directory was written by another major version of PostgreSQL. */
  'embedded_data_version',
  /** The embedded database's disk is full. */
  'embedded_disk_full',
  /** Started as root, and there is no unprivileged user to run the server under. */
  'embedded_no_user',
  /** Another living launcher holds the data directory. */
  'embedded_in_use',
  /** A path that must be ours alone is someone else's, or open to others. */
  'embedded_unsafe_path',
  /** The data is there but the passwords that open it are not. */
  'embedded_secrets_missing',
  /** The embedded database did not start; its log says why. */
  'embedded_start_failed',
] as const;

export type StoreErrorCode = (typeof storeErrorCodes)[number];

export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}

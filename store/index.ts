/**
 * What survives a restart: PostgreSQL behind the ports that the monitor states, and the launcher of the embedded server.
 * Loaded by core and web nodes and by the launcher only.
 */

export type { AuditRow } from './audit.ts';
export type { Archive } from './backup/archive-name.ts';
export type { ArchivePlace, StoredArchive } from './backup/archive-place.ts';
export type { BackupProgress, OnProgress } from './backup/dump.ts';
export { folderPlace } from './backup/folder-place.ts';
export { type ArchiveKey, archiveKeys, listArchives, pruneArchives } from './backup/kept-archives.ts';
export { type Backups, type BackupsOptions, openBackups, type Verified } from './backup/open-backups.ts';
export type { RestoreOptions } from './backup/restore.ts';
export type { Retention } from './backup/retention.ts';
export { backupRunner } from './backup/run-due.ts';
export { type S3Credentials, s3Place } from './backup/s3-place.ts';
export {
  type BackupSchedule,
  type LastRun,
  openBackupSchedule,
  type ScheduleTerms,
} from './backup/schedule.ts';
export type { PhaseOf } from './checks.ts';
export type { StoreClock } from './clock.ts';
export { type PostgresSourceSettings, postgresSource } from './discovery.ts';
export { embeddedDataExist, runningEmbedded } from './embedded/running-server.ts';
export { type EmbeddedOptions, type EmbeddedServer, startEmbedded } from './embedded/start-embedded.ts';
export { type StopMode, stopOrphan } from './embedded/stop-server.ts';
export { StoreError, type StoreErrorCode, storeErrorCodes } from './errors.ts';
export type { Explained } from './explain.ts';
export { newPackageId } from './ids.ts';
export type { Integration, Integrations, NewIntegration } from './integrations.ts';
export type { LintFinding } from './lint.ts';
export type { StoreLog } from './log.ts';
export type { MigrateOptions, MigrationProgress, TenantFailure } from './migrate.ts';
export { openSchema, type Schema } from './open-schema.ts';
export { openStore, type Store, type StoreHealth, type StoreLoad, type StoreOptions } from './open-store.ts';
export type { SeriesName } from './partition-plan.ts';
export type { RollbackTarget, RolledBack } from './rollback.ts';
export type { SchemaPart, SchemaState, SchemaStatus, TenantPart } from './schema-status.ts';
export { openSeeds, type Seeds, type SeedsOptions } from './seed/open-seeds.ts';
export type {
  Planted,
  SeedCheck,
  SeedDevice,
  SeedHistory,
  SeedTenant,
  SeedWindow,
} from './seed/seed-tenant.ts';
export { type StreamsView, seriesNames } from './streams.ts';
export type { DatabaseLoad } from './unit-of-work.ts';
export type { Contact, NewUser, UserRole } from './user-fields.ts';
export type { User, UserChange, Users } from './users.ts';
export {
  type KeyRing,
  type KeyState,
  type VaultKey,
  withActive,
  withKey,
  withRetired,
} from './vault/key-ring.ts';
export { type LiveRing, liveRing } from './vault/live-ring.ts';
export { openVaultDesk, type TenantSealed, type VaultDesk } from './vault/open-desk.ts';
export { newKey, openKeyRing, readKeyRing, readRingText, replaceRing, ringStamp } from './vault/ring-file.ts';
export type { NotedKey } from './vault/rotation-plan.ts';
export { proofOf } from './vault/vault.ts';
export type { RingChange, RingEvent } from './vault/vault-audit.ts';

/**
 * Opens the store on a database by its URL: two pools, one for leases and the writer, one for everything else, and the
 * ports on top. Wired in `bin/` on core and web nodes only. Nothing is connected until the first use.
 */
import type { AgentSourceStore } from '../actors/ports/agent-source-store.ts';
import type { ArchiveStore } from '../actors/ports/archive-store.ts';
import type { AuthorityStore } from '../actors/ports/authority-store.ts';
import type { CheckStore } from '../actors/ports/check-store.ts';
import type { CoordinatorStore } from '../actors/ports/coordinator-store.ts';
import type { DeviceGroupStore } from '../actors/ports/device-group-store.ts';
import type { DeviceStore } from '../actors/ports/device-store.ts';
import type { DocumentShelf, DocumentStore } from '../actors/ports/document-store.ts';
import type { ImportedAuthorityStore } from '../actors/ports/imported-authority-store.ts';
import type { InventoryShelf, InventoryStore } from '../actors/ports/inventory-store.ts';
import type { KeyRotation } from '../actors/ports/key-rotation.ts';
import type { LeaseStore } from '../actors/ports/lease-store.ts';
import type { ListedSourceStore } from '../actors/ports/listed-source-store.ts';
import type { PackageStore } from '../actors/ports/package-store.ts';
import type { PlanStore } from '../actors/ports/plan-store.ts';
import type { RenewalStore } from '../actors/ports/renewal-store.ts';
import type { ResultStore } from '../actors/ports/result-store.ts';
import type { SweepRunStore, SweepStore } from '../actors/ports/sweep-store.ts';
import type { TelemetryStore } from '../actors/ports/telemetry-store.ts';
import type { TenantLives } from '../actors/ports/tenant-lives.ts';
import type { TenantStore } from '../actors/ports/tenant-store.ts';
import type { SessionArchive } from '../shell/ports/session-archive.ts';
import { createAgentSourceStore } from './agent-sources.ts';
import { createArchiveStore } from './archive.ts';
import { createAuthorityStore } from './authorities.ts';
import { type BackupSchedule, createBackupSchedule } from './backup/schedule.ts';
import { createCheckStore, type PhaseOf } from './checks.ts';
import type { StoreClock } from './clock.ts';
import { assertWhole } from './columns.ts';
import { createCoordinatorStore } from './coordinator.ts';
import { createDeviceGroups } from './device-groups.ts';
import { createDeviceStore } from './devices.ts';
import { createDocuments } from './documents.ts';
import { type Explained, explain } from './explain.ts';
import { createImportedAuthorityStore } from './imported-authorities.ts';
import { createIntegrations, type Integrations } from './integrations.ts';
import { createInventory } from './inventory.ts';
import { createInventoryShelf } from './inventory-shelf.ts';
import { createLeaseStore } from './leases.ts';
import { limits } from './limits.ts';
import { createListedSourceStore } from './listed-sources.ts';
import { type StoreLog, silentLog } from './log.ts';
import { type MigrateOptions, migrate } from './migrate.ts';
import { tenantMigrations } from './migrations/all.ts';
import { createPackageStore } from './packages.ts';
import { createPartitions } from './partitions.ts';
import { createPlanStore } from './plans.ts';
import { openPool } from './pool.ts';
import type { StepSeam } from './provisioning.ts';
import { createRenewalStore } from './renewals.ts';
import { createResultStore } from './results.ts';
import { createTelemetryStore } from './rollups.ts';
import { createSessionArchive } from './session-archive.ts';
import { createSweepRunStore } from './sweep-runs.ts';
import { createSweepStore } from './sweeps.ts';
import { createTenantLives } from './tenant-lives.ts';
import { createTenantStore } from './tenants.ts';
import type { StoreTracing } from './tracing.ts';
import { createDatabase, type Database, type DatabaseLoad } from './unit-of-work.ts';
import { createUsers, type Users } from './users.ts';
import type { LiveRing } from './vault/live-ring.ts';
import { createRotation } from './vault/rotation.ts';
import { createVault, ringless } from './vault/vault.ts';

export interface StoreHealth {
  databaseNowMs: number;
  /** As the server says it: `18.4`. */
  serverVersion: string;
  /** Round trip of the question, milliseconds. */
  tookMs: number;
}

export interface StoreLoad {
  /** Leases and the result writer. */
  control: DatabaseLoad;
  /** Everything else. */
  queries: DatabaseLoad;
}

export interface Store {
  tenants: TenantStore;
  lives: TenantLives;
  plans: PlanStore;
  checks: CheckStore;
  devices: DeviceStore;
  deviceGroups: DeviceGroupStore;
  archive: ArchiveStore;
  leases: LeaseStore;
  coordinator: CoordinatorStore;
  results: ResultStore;
  telemetry: TelemetryStore;
  backupSchedule: BackupSchedule;
  users: Users;
  integrations: Integrations;
  authorities: AuthorityStore;
  packages: PackageStore;
  /** What agents send: built on a core, read anywhere. */
  documents: DocumentStore & DocumentShelf;
  /** What the reconciler remembers of a tenant's devices, and what people read of it. */
  inventory: InventoryStore;
  inventoryShelf: InventoryShelf;
  agentSources: AgentSourceStore;
  importedAuthorities: ImportedAuthorityStore;
  sweeps: SweepStore;
  sweepRuns: SweepRunStore;
  /** Systems that are listed. */
  listedSources: ListedSourceStore;
  renewals: RenewalStore;
  /** What operators did in remote shells, of all nodes. */
  sessionArchive: SessionArchive;
  /** What is sealed in rows, brought under the key that seals now. */
  rotation: KeyRotation;
  /** Brings platform and tenants to this code's schema. Safe from several processes at once. */
  migrate(options?: MigrateOptions): Promise<void>;
  /** What this process asked of the database, by pool. */
  load(): StoreLoad;
  /** How the server goes about the statements seen here that are slowest on average. */
  explain(top: number): Promise<Explained[]>;
  /** Fails with a `StoreError` when the database is away. */
  health(): Promise<StoreHealth>;
  close(): Promise<void>;
}

export interface StoreOptions {
  /** `postgresql://...`, also with a percent-encoded socket directory as its host. */
  url: string;
  phaseOf: PhaseOf;
  clock: StoreClock;
  log?: StoreLog;
  /** What fields are sealed with. Absent: whoever seals or opens one is refused with `bad_key_ring`. */
  keys?: LiveRing;
  /** Follows what is asked as a part of some work. */
  tracing?: StoreTracing | null;
  /** For tests: see `StepSeam`. */
  provisioningSeam?: StepSeam;
}

function devicesOf(db: Database): Pick<Store, 'devices' | 'deviceGroups' | 'inventory' | 'inventoryShelf'> {
  return {
    ...{ devices: createDeviceStore(db), deviceGroups: createDeviceGroups(db) },
    ...{ inventory: createInventory(db), inventoryShelf: createInventoryShelf(db) },
  };
}

export function openStore(options: StoreOptions): Store {
  const {
    url,
    phaseOf,
    clock,
    log = silentLog,
    keys = ringless,
    tracing = null,
    provisioningSeam: seam = () => {},
  } = options;
  const control = createDatabase(openPool(url, limits.controlConnectionsMax, log), clock, log, tracing);
  const queries = createDatabase(openPool(url, limits.queryConnectionsMax, log), clock, log, tracing);
  const partitions = createPartitions(queries, log);
  const vault = createVault(queries, keys);
  const provisioning = { db: queries, partitions, migrations: tenantMigrations, seam };
  return {
    tenants: createTenantStore(provisioning),
    lives: createTenantLives(provisioning),
    plans: createPlanStore(queries),
    checks: createCheckStore(queries, phaseOf),
    ...devicesOf(queries),
    archive: createArchiveStore(queries, log),
    leases: createLeaseStore(control),
    coordinator: createCoordinatorStore(control),
    results: createResultStore({
      writer: control,
      reader: queries,
      partitions,
    }),
    telemetry: createTelemetryStore(queries, clock, log),
    backupSchedule: createBackupSchedule(queries),
    users: createUsers(queries, vault),
    integrations: createIntegrations(queries, vault),
    authorities: createAuthorityStore(queries, vault),
    packages: createPackageStore(queries),
    documents: createDocuments(queries, log),
    agentSources: createAgentSourceStore(queries),
    importedAuthorities: createImportedAuthorityStore(queries, vault),
    sweeps: createSweepStore(queries),
    sweepRuns: createSweepRunStore(queries),
    listedSources: createListedSourceStore(queries, vault),
    renewals: createRenewalStore(queries),
    sessionArchive: createSessionArchive(queries),
    rotation: createRotation(queries, keys, clock),
    migrate: (options) => migrate(queries, log, undefined, options),
    load: () => ({ control: control.load(), queries: queries.load() }),
    async explain(top) {
      assertWhole(top, 'statements to explain', 1, limits.explainedMax);
      const seen = [...control.load().statements, ...queries.load().statements];
      seen.sort((a, b) => b.totalMs / b.count - a.totalMs / a.count);
      const explained: Explained[] = [];
      for (const statement of seen.slice(0, top)) explained.push(await explain(queries, statement));
      return explained;
    },
    async health() {
      const startMs = clock.monotonicMs();
      const [row] = await queries.asPlatform((unit) =>
        unit.query<{ now: number; version: string }>(
          "SELECT clock_timestamp() AS now, split_part(current_setting('server_version'), ' ', 1) AS version",
        ),
      );
      return { databaseNowMs: row!.now, serverVersion: row!.version, tookMs: clock.monotonicMs() - startMs };
    },
    async close() {
      await Promise.all([control.close(), queries.close()]);
    },
  };
}

/** The monitor's door: what `bin/` starts, and what other rooms say to its actors. */
export { agent } from './agent.ts';
export { type CoreTree, startCore } from './core.ts';
export { announceDevice, type DeviceNews, devicesTopic } from './device-news.ts';
export { foldHealth, type Health, newHealth } from './health.ts';
export type { FinalState } from './identity/final-state.ts';
export { finalPieces, finalState } from './identity/final-state.ts';
export type { LineAnswer, LinesOptions } from './identity/lines.ts';
export { LineReader } from './identity/lines.ts';
export type { Observation } from './identity/read-update.ts';
export { readUpdate } from './identity/read-update.ts';
export { reconcileLines } from './identity/reconcile-lines.ts';
export { Reconciler } from './identity/reconciler.ts';
export { restore, snapshot } from './identity/snapshot.ts';
export { InventoryCounts, type InventoryTotals } from './inventory-counts.ts';
export { type InventoryNews, inventoryTopic } from './inventory-news.ts';
export {
  archivedKeptMs,
  documentKeptMs,
  documentPartBytesMax,
  listingIntervalMsDefault,
  listingsOfCoreMax,
  pollIntervalMsDefault,
  pollIntervalMsMax,
  pollIntervalMsMin,
  pollMsMax,
  sourceTestMsMax,
} from './limits.ts';
export { type AgentAt, judgePlace, partitionOfAgent } from './listing-place.ts';
export { type ListingTotals, ListingTurns } from './listing-turns.ts';
export {
  type AgentProtocol,
  type AgentTotals,
  agentKey,
  type CheckView,
  type DocumentDeskProtocol,
  type DurationsSeen,
  defaultPartition,
  documentDeskKey,
  type Explanation,
  edgeCandidateOf,
  type FeedProtocol,
  type HealthProtocol,
  healthKey,
  type ListingKeeperProtocol,
  type ListingStatus,
  listingKeeperKey,
  nameKinds,
  type PollerProtocol,
  type PollerTotals,
  type PollReport,
  pollerKey,
  type ReconcilerProtocol,
  reconcilerKey,
  type SchedulerProtocol,
  type ServiceOutcome,
  type SourceKeeperProtocol,
  type SourcePollerProtocol,
  type SweepKeeperProtocol,
  type SweepProgress,
  type SweepRunnerProtocol,
  type SweepRunnerTotals,
  schedulerKey,
  sourceKeeperKey,
  sourcePollerKey,
  sweepKeeperKey,
  sweepRunnerKey,
  type TenantProtocol,
  type TenantTotals,
  tenantAccess,
  tenantKey,
  type UpdateOutcome,
  type WriterProtocol,
  type WriterTotals,
  writerKey,
} from './messages.ts';
export { judgeNewCheck } from './new-check.ts';
export { type DeviceSaid, judgeNewDevice } from './new-device.ts';
export { type DeviceGroupSaid, judgeNewGroup } from './new-device-group.ts';
export {
  judgeListedChange,
  judgeListedSource,
  judgeSaidCredentials,
  type ListedSourceSaid,
} from './new-listed-source.ts';
export { judgeNewSource, type SourceSaid } from './new-source.ts';
export { judgeNewSweep, type SweepSaid } from './new-sweep.ts';
export { poller } from './poller.ts';
export type {
  AgentSource,
  NewAgentSource,
  PolledTarget,
  SourceState,
  StatedSource,
} from './ports/agent-source.ts';
export type { AgentSourceStore } from './ports/agent-source-store.ts';
export type {
  AuthorityChange,
  AuthorityStore,
  FormerAuthority,
  TenantAuthority,
} from './ports/authority-store.ts';
export {
  type Check,
  type CheckEdit,
  type CheckKind,
  type CheckState,
  checkKinds,
  type GapRow,
  type NewCheck,
  type ResultRow,
  type ResultStatus,
  resultStatuses,
} from './ports/check.ts';
export type { Device, NewDevice } from './ports/device.ts';
export type { CountedDeviceGroup, DeviceGroup } from './ports/device-group.ts';
export type { DeviceGroupStore, MembersChanged } from './ports/device-group-store.ts';
export { deviceId, idOf, seedsOf } from './ports/device-id.ts';
export { type DeviceEvent, type DeviceState, deviceEvents, deviceLife } from './ports/device-lifecycle.ts';
export type { DeviceChange, DeviceStore } from './ports/device-store.ts';
export type { StoredDocument } from './ports/document-store.ts';
export type { ImportedAuthority, ImportedAuthorityStore } from './ports/imported-authority-store.ts';
export type {
  IdentifiedBy,
  IdentifierPlace,
  InventoryShelf,
  ListedConflict,
  ListedDevice,
  ListedMerge,
  SeenInterface,
} from './ports/inventory-store.ts';
export type {
  ListedSource,
  ListedSourceState,
  ListingRecord,
  NewListedSource,
  StatedListedSource,
} from './ports/listed-source.ts';
export type { ListedSourceStore } from './ports/listed-source-store.ts';
export {
  type NewPackage,
  type Package,
  type PackageKind,
  packageKinds,
} from './ports/package-store.ts';
export type { Plan, PlanStore } from './ports/plan-store.ts';
export { livingCertificatesMax, type RenewalStore, type RenewedCertificate } from './ports/renewal-store.ts';
export type { ResultQuery } from './ports/result-store.ts';
export type { StatedSweep, Sweep, SweepCounts, SweepRun } from './ports/sweep.ts';
export type { SweepRunStore, SweepStore } from './ports/sweep-store.ts';
export type {
  RollupCounts,
  RollupQuery,
  RollupRow,
  RollupUnit,
  TelemetryStore,
} from './ports/telemetry-store.ts';
export { isRun, type TenantEvent, tenantLife } from './ports/tenant-lifecycle.ts';
export type { TenantChange, TenantLives } from './ports/tenant-lives.ts';
export type { Quotas, Tenant } from './ports/tenant-store.ts';
export { reconciler } from './reconciler.ts';
export { dueRuns, phaseOf, uncovered } from './schedule.ts';
export { sourcePoller } from './source-poller.ts';
export { sweepRunner } from './sweep-runner.ts';
export { announceTenant, type TenantNews, tenantsTopic, tenantTopic } from './tenant-news.ts';

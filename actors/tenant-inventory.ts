/**
 * A tenant's devices in memory with what of them is to be written: takes updates and what people decide, and says what became of each.
 * Between the reconciler actor (`reconciler.ts`), which writes, and the rules of identity. No input, no output, no clock.
 */
import { type CommandRefusal, mergeByHand, unmerge } from './identity/commands.ts';
import type { NumberedObservation, PartitionDevices } from './identity/partition.ts';
import { Reconciler } from './identity/reconciler.ts';
import { type Withdrawn, withdrawSource } from './identity/withdrawal.ts';
import { changesOf, type DecidedChanges, newPending, type Pending } from './inventory-changes.ts';
import { judgeUpdate } from './judge-update.ts';
import type { DeviceDescription, DocumentReconciled } from './ports/inventory-store.ts';
import type { ReconcileRefusalCode } from './reconcile-codes.ts';
import { reconcileBatchMax } from './reconcile-limits.ts';
import type { ChangedDevice, UpdateOutcome } from './reconciler-messages.ts';
import { TenantRefusal } from './tenant-refusal.ts';
import { Told } from './told.ts';

export interface ByHand {
  readonly who: string;
  readonly why: string | null;
}

export class TenantInventory {
  readonly reconciler: Reconciler;
  readonly told = new Map<string, Told>();

  constructor(randomId: () => string) {
    this.reconciler = new Reconciler(randomId);
  }

  /** Updates of one partition, one answer each in order. What they changed is added to `pending`. */
  take(partition: string, updates: readonly unknown[], atMs: number, pending: Pending): UpdateOutcome[] {
    const outcomes: UpdateOutcome[] = new Array(updates.length);
    const batch: NumberedObservation[] = [];
    for (const [line, said] of updates.entries()) {
      const judged = judgeUpdate(this.reconciler, said, { partition, atMs });
      if ('error' in judged) outcomes[line] = judged;
      else batch.push({ line, observation: judged.observation });
    }
    if (batch.length === 0) return outcomes;
    const devices = this.reconciler.partition(partition);
    for (const { line, deviceId, action, reason } of devices.apply(batch, pending.touched))
      outcomes[line] = { device_id: deviceId, action, reason };
    for (const { line, observation } of batch) {
      const { ip, tableIps, service } = observation;
      if (ip !== null) addAddress(devices, ip, pending);
      for (const one of tableIps) addAddress(devices, one, pending);
      if (service !== null) pending.services.add(service);
      const outcome = outcomes[line]!;
      if ('device_id' in outcome && outcome.device_id !== null)
        describe(pending, outcome.device_id, observation);
    }
    return outcomes;
  }

  merge(
    into: string,
    from: string,
    byHand: ByHand,
  ): { partition: string; pending: Pending; answer: ChangedDevice } {
    const devices = this.holding(into);
    if (this.holding(from) !== devices)
      throw refused(
        'other_partition',
        `${from} is in another partition than ${into}: nothing is compared across`,
      );
    const pending = newPending(byHand.who, byHand.why);
    return answered(devices, pending, mergeByHand(devices, into, from, pending.touched, null), from);
  }

  unmerge(id: string, byHand: ByHand): { partition: string; pending: Pending; answer: ChangedDevice } {
    const devices = this.holding(id);
    const pending = newPending(byHand.who, byHand.why);
    return answered(devices, pending, unmerge(devices, id, pending.touched, null), id);
  }

  /** A part of it at a time. */
  withdraw(
    partition: string,
    source: string,
    byHand: ByHand,
  ): { partition: string; pending: Pending; answer: Withdrawn } {
    const pending = newPending(byHand.who, byHand.why);
    const devices = this.reconciler.partitions.get(partition);
    const answer =
      devices === undefined
        ? { count: 0, isMore: false }
        : withdrawSource(devices, source, reconcileBatchMax, pending.touched, null);
    return { partition, pending, answer };
  }

  private holding(id: string): PartitionDevices {
    const devices = this.reconciler.holding(id);
    if (devices !== null) return devices;
    throw refused('unknown_device', `nothing has seen a device "${id}": see picket device list`);
  }

  /** What is to be written of a partition, once: it is taken as told. */
  changes(partition: string, pending: Pending, document: DocumentReconciled | null): DecidedChanges {
    let told = this.told.get(partition);
    if (told === undefined) {
      told = new Told();
      this.told.set(partition, told);
    }
    return changesOf(this.reconciler.partition(partition), pending, told, document);
  }
}

const refused = (code: ReconcileRefusalCode, detail: string) => new TenantRefusal(code, detail);

const refusals: Record<CommandRefusal, (id: string) => string> = {
  unknown_device: (id) => `nothing has seen a device "${id}": see picket device list`,
  no_merge_audit_found: (id) => `${id} is merged into nothing: there is no merge to undo`,
  same_device: (id) => `${id} is that device already`,
  service_component: (id) => `${id} is a service component, which is never grouped`,
};

function answered(
  { name: partition }: PartitionDevices,
  pending: Pending,
  answer: ReturnType<typeof unmerge>,
  id: string,
) {
  if ('refused' in answer) throw refused(answer.refused, refusals[answer.refused](id));
  return { partition, pending, answer: { device_id: (answer.mergedInto ?? answer).id } };
}

function addAddress({ addressBook }: PartitionDevices, ip: string, { addresses }: Pending): void {
  const record = addressBook.all.get(ip);
  if (record !== undefined) addresses.add(record);
}

/** Of several words in a batch the one of the best source, then the latest. */
function describe(
  { described }: Pending,
  deviceId: string,
  { metadata, atMs, confidence }: NumberedObservation['observation'],
): void {
  const vendor = metadata.vendor ?? metadata.manufacturer ?? null;
  const type = (metadata.device_type ?? metadata.type)?.toLowerCase() ?? null;
  const os = metadata.os ?? metadata.os_name ?? null;
  const { model = null } = metadata;
  if (type === null && vendor === null && model === null && os === null) return;
  const word: DeviceDescription = { type, vendor, model, os, atMs, confidence };
  const known = described.get(deviceId);
  const isBetter =
    known === undefined ||
    confidence > known.confidence ||
    (confidence === known.confidence && atMs >= known.atMs);
  if (isBetter) described.set(deviceId, word);
}

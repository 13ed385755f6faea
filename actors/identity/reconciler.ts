/**
 * The reconciler of one tenant: its partitions, each by itself, and what is common to all of them. Batches of updates in, outcomes out;
 * nothing of one partition is ever compared with anything of another.
 */

import type { AddressRecord } from './addresses.ts';
import type { Evidence, Identifier } from './evidence.ts';
import type { Group } from './groups.ts';
import type { LineOutcome } from './outcomes.ts';
import { type NumberedObservation, PartitionDevices, type Touched } from './partition.ts';
import type { SourceTable } from './source-tables.ts';

export class Reconciler {
  readonly partitions = new Map<string, PartitionDevices>();
  private readonly randomId: () => string;

  constructor(randomId: () => string) {
    this.randomId = randomId;
  }

  partition(name: string): PartitionDevices {
    let found = this.partitions.get(name);
    if (found === undefined) {
      found = new PartitionDevices(name, this.randomId);
      this.partitions.set(name, found);
    }
    return found;
  }

  /** Outcomes in the order of the lines; what has to be kept is added to `touched` by partition. */
  apply(
    batch: readonly NumberedObservation[],
    touched: (partition: string) => Touched = noTouch,
  ): LineOutcome[] {
    const parts = new Map<string, NumberedObservation[]>();
    for (const one of batch) {
      const part = parts.get(one.observation.partition);
      if (part === undefined) parts.set(one.observation.partition, [one]);
      else part.push(one);
    }
    const outcomes: LineOutcome[] = [];
    for (const [name, part] of parts)
      for (const one of this.partition(name).apply(part, touched(name))) outcomes.push(one);
    return parts.size === 1 ? outcomes : outcomes.sort((a, b) => a.line - b.line);
  }

  /** Where a device is, whichever partition it is in. */
  holding(deviceId: string): PartitionDevices | null {
    for (const partition of this.partitions.values())
      if (partition.inventory.records.has(deviceId) || partition.services.has(deviceId)) return partition;
    return null;
  }
}

export function newTouched(): Touched {
  return {
    ...{ evidence: new Set<Evidence>(), addresses: new Set<AddressRecord>(), groups: new Set<Group>() },
    ...{ tables: new Set<SourceTable>(), identifiers: new Set<Identifier>() },
  };
}

function noTouch(): Touched {
  return newTouched();
}

/** What one device costs our reconciler in memory, and one update more in time, when many devices are there. */

import { type Observation, Reconciler, readUpdate } from '../../actors/index.ts';
import { type Figures, quantile } from '../bench.ts';
import { heapBytes } from '../heap.ts';
import { type SteadyPlan, singleUpdates, steadyBatches } from '../identity/steady.ts';
import type { DeviceUpdate } from '../identity/update.ts';
import { perSecond } from './callers.ts';

export function identityCost(plan: SteadyPlan): Figures {
  const before = heapBytes();
  const reconciler = new Reconciler(() => 'random');
  let line = 0;
  let fillMs = 0;
  for (const batch of steadyBatches(plan)) {
    const messages = batch.map(messageOf);
    const startMs = performance.now();
    reconciler.apply(messages.map((message) => ({ line: ++line, observation: observationOf(message) })));
    fillMs += performance.now() - startMs;
  }
  const updates = line;
  const filled = heapBytes();
  const index = indexOf(reconciler);
  const indexed = heapBytes();
  const samples: number[] = [];
  for (const update of singleUpdates(plan)) {
    const message = messageOf(update);
    const startMs = performance.now();
    reconciler.apply([{ line: ++line, observation: observationOf(message) }]);
    samples.push(performance.now() - startMs);
  }
  // Held until here, so that it is not collected before it is measured.
  if (index.partitions.size !== reconciler.partitions.size) throw new Error('a partition is missing');
  return {
    bytes_per_device: (filled - before) / plan.devices,
    index_bytes_per_device: (indexed - filled) / plan.devices,
    steady_updates_per_s: perSecond(updates, fillMs),
    update_p50_ms: quantile(samples, 0.5),
    update_p99_ms: quantile(samples, 0.99),
    update_worst_ms: quantile(samples, 1),
  };
}

/** As it comes in a message, where every text is its own. */
function messageOf(update: DeviceUpdate): unknown {
  return JSON.parse(JSON.stringify(update));
}

function observationOf(message: unknown): Observation {
  const read = readUpdate(message, 0);
  if ('error' in read) throw new Error(read.error);
  return read.observation;
}

/**
 * The index alone once more, with texts and lists of its own: by which identifier, name, address and id what is found. It refers to the
 * evidence, addresses and devices that are there.
 */
function indexOf(reconciler: Reconciler): Reconciler {
  const index = new Reconciler(() => 'random');
  for (const { name, book, addressBook, inventory } of reconciler.partitions.values()) {
    const copy = index.partition(name);
    // Lists that are one are one here too.
    const lists = new Map<object, object>();
    const listOf = <T extends object>(list: readonly T[]): readonly T[] => {
      let own = lists.get(list);
      if (own === undefined) {
        own = list.slice();
        lists.set(list, own);
      }
      return own as readonly T[];
    };
    for (const { kind, scope, value, holders } of book.identifiers())
      copy.book.identifier(kind, scope, textOf(value)).holders = listOf(holders);
    for (const [key, carriers] of book.names) copy.book.names.set(textOf(key), listOf(carriers));
    for (const [ip, record] of addressBook.all) copy.addressBook.all.set(textOf(ip), record);
    for (const [id, record] of inventory.records) copy.inventory.records.set(textOf(id), record);
  }
  return index;
}

function textOf(text: string): string {
  return Buffer.from(text).toString();
}

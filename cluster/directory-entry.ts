/**
 * A name as the registry has it and as whoever asks is told, and whether a row of a peer is one. Between the directory
 * and the pure registry, which knows nothing of refs.
 */
import { Ref } from '../runtime/index.ts';
import type { Metadata, NameEntry } from './cluster-view.ts';
import { keyOf } from './registry-index.ts';
import type { Entry } from './registry-shard.ts';
import type { PutRow } from './registry-wire.ts';

/** A name leads to an actor of the node and boot that wrote it, and its metadata is a plain object. */
export function isOwnRow(row: PutRow, origin: string, boot: number): boolean {
  const [, , , ref, metadata] = row;
  if (!(ref instanceof Ref) || ref.node !== origin || ref.boot !== boot) return false;
  return typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
}

export function entryOf(entry: Entry): NameEntry {
  return {
    key: keyOf(entry),
    ref: entry.ref as Ref,
    node: entry.shard.origin.name,
    metadata: entry.metadata as Metadata,
  };
}

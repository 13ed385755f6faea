/**
 * What a tenant's node may put inside: refs in its payloads, names and metadata in its deltas. Pure; asked once the
 * frame around it has passed fence.ts.
 */
import {
  fencedMetadataKeysMax,
  fencedMetadataTextMax,
  fencedMetadataTextsMax,
  fencedNamesMax,
} from './limits.ts';
import { tenantOfNode } from './names.ts';
import type { RegistryDelta } from './registry-wire.ts';

export interface RefQuestion {
  readonly tenant: string;
  readonly near: { readonly node: string; readonly boot: number };
  readonly far: { readonly node: string; readonly boot: number };
  /** Whether an actor of this node may be addressed by it. */
  mayAddress(id: number): boolean;
  /** Whether a ref to another node of the platform was sent to it. */
  isExported(node: string, boot: number, id: number): boolean;
}

/** A ref that a tenant's node sends: its own life's actors, its tenant's other nodes', and what it was given. */
export function mayNameRef(question: RefQuestion, node: string, boot: number, id: number): boolean {
  const { tenant, near, far } = question;
  if (node === far.node) return boot === far.boot;
  if (node === near.node) return boot === near.boot && question.mayAddress(id);
  const tenantOfRef = tenantOfNode(node);
  return tenantOfRef === null ? question.isExported(node, boot, id) : tenantOfRef === tenant;
}

/**
 * A ref that is to be sent to a tenant's node: none of another tenant. `label`: the tenant of an actor of this node.
 */
export function mayExportRef(tenant: string, node: string, label: string | null): boolean {
  const tenantOfRef = tenantOfNode(node) ?? label;
  return tenantOfRef === null || tenantOfRef === tenant;
}

/** A delta of a tenant's node, after its header was judged; `held`: names that its shard has here beside those of the delta. */
export function mayTakeNames(delta: RegistryDelta, holds: readonly string[], held: number): boolean {
  // A shard of so few names is told at once; a longer telling would have to be remembered while it lasts.
  if (delta.whole > 0 && (delta.from !== 0 || delta.to !== delta.whole)) return false;
  if (delta.puts.length + (delta.whole > 0 ? 0 : held) > fencedNamesMax) return false;
  return delta.puts.every(([, kind, , , metadata]) => holds.includes(kind) && isSmallMetadata(metadata));
}

/** Flat, and bounded in everything: it is kept by every node that the tenant's node has a link to. */
export function isSmallMetadata(metadata: unknown): boolean {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return false;
  const entries = Object.entries(metadata);
  return (
    entries.length <= fencedMetadataKeysMax &&
    entries.every(([key, value]) => key.length <= fencedMetadataTextMax && isSmallValue(value))
  );
}

function isSmallValue(value: unknown): boolean {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return true;
  if (typeof value === 'string') return value.length <= fencedMetadataTextMax;
  return (
    Array.isArray(value) &&
    value.length <= fencedMetadataTextsMax &&
    value.every((one) => typeof one === 'string' && one.length <= fencedMetadataTextMax)
  );
}

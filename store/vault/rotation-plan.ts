/**
 * What a coordinator does about the keys: nothing, a pass through all rows, or a word that its ring is behind. Pure, from
 * the ring here and what the database has noted; `rotation.ts` performs it.
 */
import { limits } from '../limits.ts';
import type { KeyRing } from './key-ring.ts';

/** A row of `platform.vault_keys`. */
export interface NotedKey {
  id: string;
  proof: string;
  notedAtMs: number;
  beganAtMs: number | null;
  endedAtMs: number | null;
  resealed: number;
  unreadable: number;
}

export type RotationPlan =
  | { type: 'nothing' }
  /** Through all rows: to begin or go on (`sweep` false), or to see whether anything came after the end. */
  | { type: 'pass'; key: string; sweep: boolean }
  /** Others seal with a key that this ring does not have, or not yet to seal with: nothing is taken back. */
  | { type: 'behind'; key: string };

export function planRotation(ring: KeyRing, noted: readonly NotedKey[], nowMs: number): RotationPlan {
  const newest = noted.reduce<NotedKey | null>(
    (last, one) => (last === null || one.notedAtMs > last.notedAtMs ? one : last),
    null,
  );
  // Nothing was ever sealed.
  if (newest === null) return { type: 'nothing' };
  const known = ring.keys.find(({ id }) => id === newest.id);
  if (known === undefined || known.state === 'next') return { type: 'behind', key: newest.id };
  const key = ring.current().id;
  const row = noted.find(({ id }) => id === key);
  if (row === undefined || row.endedAtMs === null) return { type: 'pass', key, sweep: false };
  const several = ring.keys.filter(({ state }) => state !== 'retired').length > 1;
  if (several && nowMs - row.endedAtMs >= limits.resealSweepMs) return { type: 'pass', key, sweep: true };
  return { type: 'nothing' };
}

/** A pass that found nothing proves something only when every node had its new ring before it began. */
export function isDone(beganAtMs: number, passFromMs: number, resealed: number): boolean {
  return resealed === 0 && passFromMs - beganAtMs >= limits.resealSettleMs;
}

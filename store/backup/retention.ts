/**
 * Which archives have had their time. Pure. What either rule keeps is kept, and of each tenant always the newest: a
 * tenant that is backed up no more does not lose its last backup to the calendar.
 */
import { type Archive, inOrderOfTime } from './archive-name.ts';

export interface Retention {
  /** So many newest of each tenant; null: no such rule. */
  keep: number | null;
  /** As old as this at most; null: no such rule. */
  days: number | null;
}

const dayMs = 86_400_000;

/** Without any rule nothing expires. */
export function expired(archives: readonly Archive[], { keep, days }: Retention, nowMs: number): Archive[] {
  if (keep === null && days === null) return [];
  const places = new Map<string, number>();
  return inOrderOfTime(archives).filter(({ tenantId, takenAtMs }) => {
    const place = places.get(tenantId) ?? 0;
    places.set(tenantId, place + 1);
    const isKept = (keep !== null && place < keep) || (days !== null && nowMs - takenAtMs <= days * dayMs);
    return place > 0 && !isKept;
  });
}

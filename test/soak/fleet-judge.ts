/**
 * What the sights of a fleet's nodes say together: who was called down when, where each name lives, and what lived twice for
 * how long. Pure; asks nobody.
 */
import { hashOfNames } from './fleet-names.ts';
import type { FleetSight, Life, Line } from './fleet-node.ts';

type Sights = ReadonlyMap<string, FleetSight>;

export interface Told {
  readonly by: string;
  readonly of: string;
  readonly atMs: number;
  readonly because: string;
}

/** Who called whom down since an instant of the wall clock. */
export function downsSince(sights: Sights, sinceMs: number): Told[] {
  return [...sights].flatMap(([by, { log }]) =>
    log
      .filter(({ atMs, message }) => atMs >= sinceMs && / is down$/.test(message))
      .map(({ atMs, fields }) => ({
        by,
        of: String(fields.member),
        atMs,
        because: String(fields.because),
      })),
  );
}

export function saidSince({ log }: FleetSight, message: string, sinceMs: number): Line[] {
  return log.filter((line) => line.atMs >= sinceMs && line.message === message);
}

/** Every id is held by one living actor, all nodes see it where that lives, and they see nothing else; else what is wrong. */
export function isExact(sights: Sights, ids: readonly string[]): string | null {
  const at = new Map<string, string>();
  for (const [name, { lives }] of sights) {
    for (const { id, toMs } of lives) {
      if (toMs !== null) continue;
      if (at.has(id)) return `${id} lives on ${at.get(id)} and on ${name}`;
      at.set(id, name);
    }
  }
  const lost = ids.filter((id) => !at.has(id));
  if (lost.length > 0) return `${lost.length} are lost: ${lost.slice(0, 3).join(', ')}`;
  if (at.size !== ids.length) return `${at.size - ids.length} live that nobody asked for`;
  const hash = hashOfNames([...at]);
  for (const [name, { namesCount, namesHash }] of sights) {
    if (namesCount !== ids.length) return `${name} sees ${namesCount} of ${ids.length} names`;
    if (namesHash !== hash) return `${name} sees a name where it does not live`;
  }
  return null;
}

/**
 * For how long after `sinceMs` anything lived on two nodes at once. What stands still before that (a process that is stopped)
 * runs nothing, so it is not counted.
 */
export function twiceMs(sights: Sights, sinceMs: number): number {
  const byId = new Map<string, (Life & { at: string })[]>();
  for (const [at, { lives }] of sights) {
    for (const life of lives) byId.set(life.id, [...(byId.get(life.id) ?? []), { ...life, at }]);
  }
  let longestMs = 0;
  for (const all of byId.values()) {
    for (const [index, one] of all.entries()) {
      for (const other of all.slice(index + 1)) {
        if (one.at === other.at) continue;
        const fromMs = Math.max(one.fromMs, other.fromMs, sinceMs);
        const toMs = Math.min(one.toMs ?? Number.POSITIVE_INFINITY, other.toMs ?? Number.POSITIVE_INFINITY);
        longestMs = Math.max(longestMs, toMs - fromMs);
      }
    }
  }
  return longestMs;
}

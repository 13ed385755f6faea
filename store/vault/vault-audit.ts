/** Who changed the key ring, and how: a line for each command that did, in the platform's own tables. */
import { limits } from '../limits.ts';
import type { Database } from '../unit-of-work.ts';

export type RingEvent = 'prepare' | 'rotate' | 'retire';

export interface RingChange {
  atMs: number;
  who: string;
  event: RingEvent;
  /** Id of the key. */
  key: string;
}

export async function noteRingChange(
  db: Database,
  who: string,
  event: RingEvent,
  key: string,
): Promise<void> {
  const insert = 'INSERT INTO platform.vault_audit (who, event, key) VALUES ($1, $2, $3)';
  await db.asPlatform((unit) => unit.query(insert, [who.replaceAll('\u0000', ''), event, key]));
}

/** The latest, in order. */
export async function ringChanges(db: Database): Promise<RingChange[]> {
  const read = `SELECT at, who, event, key FROM platform.vault_audit ORDER BY id DESC LIMIT ${limits.ringChangesShownMax}`;
  const rows = await db.asPlatform((unit) =>
    unit.query<{ at: number; who: string; event: RingEvent; key: string }>(read),
  );
  return rows.reverse().map(({ at, ...row }) => ({ atMs: at, ...row }));
}

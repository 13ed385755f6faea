/**
 * Rotation of keys as the coordinator runs it: a pass through all tenants, in batches with a pause between them, noted
 * under its epoch, so that of two that think they coordinate the earlier one stops at its next batch. What a kill leaves is
 * a row of `platform.vault_keys` without an end, and rows under either key: the next pass goes on.
 */
import type { KeyRotation, RotationTurn } from '../../actors/ports/key-rotation.ts';
import type { StoreClock } from '../clock.ts';
import { limits } from '../limits.ts';
import type { Database } from '../unit-of-work.ts';
import type { LiveRing } from './live-ring.ts';
import { type ResealWork, resealBatch } from './reseal.ts';
import { isDone, planRotation } from './rotation-plan.ts';
import { sealedTables } from './sealed-columns.ts';
import { noteKey } from './vault.ts';
import { notedKeys, tenantsWithData } from './vault-records.ts';

const now = "date_trunc('milliseconds', clock_timestamp())";

/** A sweep leaves the end that was; a key that is begun or gone on with has none. */
const claim = `
UPDATE platform.vault_keys SET epoch = $2::bigint, began_at = coalesce(began_at, ${now}),
  ended_at = CASE WHEN $3 THEN ended_at END
WHERE id = $1 AND coalesce(epoch, 0) <= $2::bigint
RETURNING began_at, ${now} AS now`;

const progress = `
UPDATE platform.vault_keys SET resealed = resealed + $3::bigint WHERE id = $1 AND epoch = $2::bigint RETURNING id`;

const finish = `
UPDATE platform.vault_keys SET unreadable = $3::bigint, ended_at = CASE WHEN $4 THEN ${now} ELSE ended_at END
WHERE id = $1 AND epoch = $2::bigint`;

export function createRotation(db: Database, live: LiveRing, clock: StoreClock): KeyRotation {
  const pause = () => new Promise<void>((resolve) => void clock.timer(limits.resealPauseMs, resolve));

  return {
    async runDue(epoch, isStill) {
      const { keys, nowMs } = await notedKeys(db);
      // Before the ring is looked at: where nothing is sealed, a node need not have one.
      if (keys.length === 0) return null;
      const ring = live.ring();
      const plan = planRotation(ring, keys, nowMs);
      if (plan.type === 'nothing') return null;
      if (plan.type === 'behind') {
        const error = `the newest key "${plan.key}" does not seal in ${ring.file}: copy the ring of the other nodes there`;
        return { key: plan.key, resealed: 0, unreadable: 0, error, done: false };
      }
      const key = ring.current();
      await noteKey(db, ring.keys, key, ring.file);
      const claimed = await db.asPlatform((unit) =>
        unit.query<{ began_at: number; now: number }>(claim, [key.id, epoch, plan.sweep]),
      );
      if (claimed.length === 0) return null;
      const { began_at: beganAtMs, now: passFromMs } = claimed[0]!;
      const stillMine = () => isStill() && live.ring().current().id === key.id;
      const turn = await pass({ db, key, keyOf: live.forFields }, epoch, stillMine);
      if (turn === null) return null;
      const done = isDone(beganAtMs, passFromMs, turn.resealed);
      await db.asPlatform((unit) => unit.query(finish, [key.id, epoch, turn.unreadable, done]));
      return { ...turn, done };
    },
  };

  /** Null: it is another's now. */
  async function pass(work: ResealWork, epoch: number, isStill: () => boolean): Promise<RotationTurn | null> {
    const turn: RotationTurn = { key: work.key.id, resealed: 0, unreadable: 0, error: null, done: false };
    for (const tenantId of await tenantsWithData(db)) {
      for (const table of sealedTables) {
        for (let after: string | null = ''; after !== null; ) {
          if (!isStill()) return null;
          const batch = await resealBatch(work, tenantId, table, after);
          after = batch.after;
          turn.unreadable += batch.unreadable;
          turn.error ??= batch.error;
          if (batch.resealed === 0) continue;
          turn.resealed += batch.resealed;
          const noted = await db.asPlatform((unit) =>
            unit.query(progress, [work.key.id, epoch, batch.resealed]),
          );
          if (noted.length === 0) return null;
          await pause();
        }
      }
    }
    return turn;
  }
}

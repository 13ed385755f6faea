/**
 * The lease of the cluster's coordinator, on the sessions of `leases.ts`. Each method is one statement on the database's
 * clock. A takeover locks the lapsed session of the former holder, so that a renewal under way is either seen or comes
 * after; whatever is written by right of the lease must be joined to its row and epoch all the same.
 */
import type { CoordinatorAnswer, CoordinatorStore } from '../actors/ports/coordinator-store.ts';
import { assertWhole } from './columns.ts';
import { StoreError } from './errors.ts';
import { assertBoot } from './leases.ts';
import { limits } from './limits.ts';
import { moment } from './moment.ts';
import type { Database, Parameter } from './unit-of-work.ts';

const take = `
WITH ${moment},
me AS MATERIALIZED (
  SELECT s.expires_at FROM platform.sessions s, moment
  WHERE s.node = $1 AND s.boot = $2::bigint AND s.expires_at > moment.at
),
lapsed AS MATERIALIZED (
  SELECT s.node, s.boot FROM platform.sessions s, platform.coordinator c, moment
  WHERE s.node = c.node AND s.boot = c.boot AND s.expires_at <= moment.at
  FOR UPDATE OF s
),
taken AS (
  UPDATE platform.coordinator c
  SET node = $1, boot = $2::bigint, epoch = greatest(c.epoch, $3::bigint) + 1
  FROM me
  WHERE c.node IS NULL
    OR (c.node = $1 AND c.boot < $2::bigint)
    OR (c.node = $1 AND c.boot = $2::bigint AND c.epoch < $3::bigint)
    OR EXISTS (SELECT FROM lapsed l WHERE l.node = c.node AND l.boot = c.boot)
    OR NOT EXISTS (SELECT FROM platform.sessions s WHERE s.node = c.node AND s.boot = c.boot)
  RETURNING c.epoch
)
SELECT moment.at AS now, me.expires_at AS mine_until, c.node AS holder, c.epoch, s.expires_at,
  coalesce(taken.epoch, CASE WHEN c.node = $1 AND c.boot = $2::bigint THEN c.epoch END) AS mine
FROM moment
LEFT JOIN me ON true
LEFT JOIN taken ON true
LEFT JOIN platform.coordinator c ON true
LEFT JOIN platform.sessions s ON s.node = c.node AND s.boot = c.boot`;

const release = `
UPDATE platform.coordinator SET node = NULL, boot = NULL
WHERE node = $1 AND boot = $2::bigint AND epoch = $3::bigint`;

interface TakeColumns extends Record<string, unknown> {
  now: number;
  mine_until: number | null;
  mine: number | null;
  holder: string | null;
  epoch: number | null;
  expires_at: number | null;
}

export function createCoordinatorStore(db: Database): CoordinatorStore {
  const ask = <Row extends Record<string, unknown>>(text: string, values: readonly Parameter[]) =>
    db.asPlatform((unit) => unit.query<Row>(text, values, limits.leaseQueryTimeoutMs));

  async function tryTake(node: string, boot: number, known: number): Promise<CoordinatorAnswer | null> {
    const [row] = await ask<TakeColumns>(take, [node, boot, known]);
    if (!row) throw new StoreError('query_failed', 'the question for the coordinator had no answer');
    const { now: databaseNowMs, mine, mine_until: mineUntilMs, holder, epoch, expires_at: expiresAtMs } = row;
    if (mineUntilMs === null)
      throw new StoreError('session_lost', `node ${node} boot ${boot} has no live session: renew it first`);
    if (mine !== null) return { granted: true, epoch: mine, databaseNowMs, expiresAtMs: mineUntilMs };
    // The row changed hands while we asked, and who holds it now is not in this answer.
    if (holder === null || epoch === null || expiresAtMs === null || expiresAtMs <= databaseNowMs)
      return null;
    return { granted: false, holder, epoch, expiresAtMs, databaseNowMs };
  }

  return {
    async take(node, boot, knownEpoch) {
      assertBoot(boot);
      assertWhole(knownEpoch, 'epoch', 0, 2 ** 48 - 1);
      for (let attempt = 0; attempt < limits.acquireAttemptsMax; attempt += 1) {
        const answer = await tryTake(node, boot, knownEpoch);
        if (answer) return answer;
      }
      throw new StoreError('store_unavailable', 'the lease of the coordinator keeps changing hands');
    },
    async release(node, boot, epoch) {
      assertBoot(boot);
      await ask(release, [node, boot, epoch]);
    },
  };
}

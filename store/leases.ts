/**
 * Sessions of cores and leases of tenants (docs/ARCHITECTURE.md, One writer). Each method is one statement on the
 * database's clock. A lease row is never deleted: its epoch only rises, for ever, so an old holder is always told apart.
 */
import type { LeaseAnswer, LeaseStore } from '../actors/ports/lease-store.ts';
import { assertWhole } from './columns.ts';
import { StoreError } from './errors.ts';
import { assertTenantId } from './ids.ts';
import { limits } from './limits.ts';
import { moment } from './moment.ts';
import type { Database, Parameter } from './unit-of-work.ts';

/** An earlier boot of the node never takes the row back from a later one. */
const renew = `
WITH ${moment}
INSERT INTO platform.sessions AS s (node, boot, expires_at)
SELECT $1, $2::bigint, at + $3::int * interval '1 millisecond' FROM moment
ON CONFLICT (node) DO UPDATE SET boot = excluded.boot, expires_at = excluded.expires_at
  WHERE s.boot <= excluded.boot
RETURNING expires_at, (SELECT at FROM moment) AS now`;

/** Lease rows are locked in the order of their tenants, as the result writer does: no deadlock between them. */
const end = `
WITH gone AS (DELETE FROM platform.sessions WHERE node = $1 AND boot = $2::bigint),
duty AS (UPDATE platform.coordinator SET node = NULL, boot = NULL WHERE node = $1 AND boot = $2::bigint),
mine AS MATERIALIZED (
  SELECT tenant_id FROM platform.leases WHERE node = $1 AND boot = $2::bigint ORDER BY tenant_id FOR UPDATE
)
UPDATE platform.leases l SET node = NULL, boot = NULL FROM mine WHERE l.tenant_id = mine.tenant_id`;

/**
 * The row's lock waits for a write in progress that was joined to it, so the new holder sees all that the old one wrote.
 * The last SELECT tells who holds it otherwise, as of the statement's start.
 */
const acquire = `
WITH ${moment},
me AS MATERIALIZED (
  SELECT 1 FROM platform.sessions s, moment WHERE s.node = $2 AND s.boot = $3::bigint AND s.expires_at > moment.at
),
taken AS (
  INSERT INTO platform.leases AS l (tenant_id, node, boot, epoch)
  SELECT $1, $2, $3::bigint, 1 FROM me
  ON CONFLICT (tenant_id) DO UPDATE SET node = excluded.node, boot = excluded.boot,
    epoch = l.epoch + CASE WHEN l.node = excluded.node AND l.boot = excluded.boot THEN 0 ELSE 1 END
    WHERE l.node IS NULL
      OR (l.node = excluded.node AND l.boot <= excluded.boot)
      OR NOT EXISTS (
        SELECT FROM platform.sessions s
        WHERE s.node = l.node AND s.boot = l.boot AND s.expires_at > clock_timestamp()
      )
  RETURNING epoch
)
SELECT moment.at AS now, taken.epoch, EXISTS (SELECT FROM me) AS alive, l.node AS holder, l.boot AS holder_boot,
  s.expires_at
FROM moment
LEFT JOIN taken ON true
LEFT JOIN platform.leases l ON l.tenant_id = $1
LEFT JOIN platform.sessions s ON s.node = l.node AND s.boot = l.boot`;

const release = `
UPDATE platform.leases SET node = NULL, boot = NULL
WHERE tenant_id = $1 AND node = $2 AND boot = $3::bigint AND epoch = coalesce($4::bigint, epoch)`;

interface AcquireColumns extends Record<string, unknown> {
  now: number;
  epoch: number | null;
  alive: boolean;
  holder: string | null;
  holder_boot: number | null;
  expires_at: number | null;
}

export function createLeaseStore(db: Database): LeaseStore {
  const ask = <Row extends Record<string, unknown>>(text: string, values: readonly Parameter[]) =>
    db.asPlatform((unit) => unit.query<Row>(text, values, limits.leaseQueryTimeoutMs));

  async function tryAcquire(tenantId: string, node: string, boot: number): Promise<LeaseAnswer | null> {
    const [row] = await ask<AcquireColumns>(acquire, [tenantId, node, boot]);
    if (!row) throw new StoreError('query_failed', 'acquire answered nothing');
    if (!row.alive)
      throw new StoreError('session_lost', `node ${node} boot ${boot} has no live session: renew it first`);
    if (row.epoch !== null) return { granted: true, epoch: row.epoch, databaseNowMs: row.now };
    // The row changed hands while we asked, and who holds it now is not in this answer.
    if (
      row.holder === null ||
      row.holder_boot === null ||
      row.expires_at === null ||
      row.expires_at <= row.now
    )
      return null;
    return {
      granted: false,
      holder: row.holder,
      holderBoot: row.holder_boot,
      expiresAtMs: row.expires_at,
      databaseNowMs: row.now,
    };
  }

  return {
    async renewSession(node, boot) {
      assertBoot(boot);
      const [row] = await ask<{ now: number; expires_at: number }>(renew, [node, boot, limits.sessionLifeMs]);
      if (!row)
        throw new StoreError(
          'session_lost',
          `a later boot of node ${node} has the session; ${boot} is an earlier one`,
        );
      return { databaseNowMs: row.now, expiresAtMs: row.expires_at };
    },
    async endSession(node, boot) {
      assertBoot(boot);
      await ask(end, [node, boot]);
    },
    async acquire(tenantId, node, boot) {
      assertTenantId(tenantId);
      assertBoot(boot);
      for (let attempt = 0; attempt < limits.acquireAttemptsMax; attempt += 1) {
        const answer = await tryAcquire(tenantId, node, boot);
        if (answer) return answer;
      }
      throw new StoreError('store_unavailable', `the lease of tenant ${tenantId} keeps changing hands`);
    },
    async release(tenantId, node, boot, epoch) {
      assertTenantId(tenantId);
      assertBoot(boot);
      await ask(release, [tenantId, node, boot, epoch]);
    },
  };
}

export function assertBoot(boot: number): void {
  assertWhole(boot, 'boot', 0, 2 ** 48 - 1);
}

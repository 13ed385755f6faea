/**
 * Holds a tenant while it is replaced, by the same right as a core would: a session and the tenant's lease under a higher
 * epoch. Whoever wrote for it is fenced and waits in standby. A restore that is killed loses its session within 4 s, and
 * a core goes on with what the tenant had.
 */
import type { WallClock } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { randomId } from '../ids.ts';
import { createLeaseStore } from '../leases.ts';
import { limits } from '../limits.ts';
import type { Database } from '../unit-of-work.ts';
import type { CopySession } from './copy-session.ts';

export interface TenantHold {
  /** The last statement of the restore's transaction: fails with `session_lost` when another holds the tenant by now. */
  giveBack(session: CopySession): Promise<void>;
  /** In any case. */
  end(): Promise<void>;
}

/** Of a row of leases: a restore holds it that lives. Each restore is a node of its own. */
export function isBeingRestored(lease: string): string {
  return `EXISTS (SELECT FROM platform.sessions s WHERE s.node = ${lease}.node AND s.boot = ${lease}.boot
    AND starts_with(s.node, 'restore-' || ${lease}.tenant_id) AND s.expires_at > clock_timestamp())`;
}

/** From a core, and from nobody who restores it already. */
const take = `
INSERT INTO platform.leases AS l (tenant_id, node, boot, epoch) VALUES ($1, $2, $3::bigint, 1)
ON CONFLICT (tenant_id) DO UPDATE SET node = excluded.node, boot = excluded.boot, epoch = l.epoch + 1
  WHERE NOT ${isBeingRestored('l')}
RETURNING epoch`;

const free = `
UPDATE platform.leases SET node = NULL, boot = NULL
WHERE tenant_id = $1 AND node = $2 AND boot = $3::bigint AND epoch = $4::bigint RETURNING epoch`;

/** Throws `restore_running`. */
export async function holdTenant(db: Database, clock: WallClock, tenantId: string): Promise<TenantHold> {
  const leases = createLeaseStore(db);
  const node = `restore-${tenantId}-${Buffer.from(randomId()).toString('hex')}`;
  const boot = clock.wallMs();
  await leases.renewSession(node, boot);
  let ended = false;
  let cancel = () => {};
  const renewLater = () => {
    if (ended) return;
    // One renewal that fails is made up for by the next; whether the lease was kept is asked in the end.
    const renew = () =>
      leases
        .renewSession(node, boot)
        .catch(() => {})
        .then(renewLater);
    cancel = clock.timer(limits.holdRenewMs, () => void renew());
  };
  renewLater();
  const end = async () => {
    if (ended) return;
    ended = true;
    cancel();
    await leases.endSession(node, boot).catch(() => {});
  };
  try {
    const [row] = await db.asPlatform((unit) => unit.query<{ epoch: number }>(take, [tenantId, node, boot]));
    if (row === undefined)
      throw new StoreError(
        'restore_running',
        'another restores this tenant at this moment, or was killed some seconds ago: try again in 5 s',
      );
    const { epoch } = row;
    return {
      async giveBack(session) {
        const freed = await session.rows(free, [tenantId, node, boot, epoch]);
        if (freed.length > 0) return;
        throw new StoreError(
          'session_lost',
          'another took the tenant meanwhile: nothing was changed; try again',
        );
      },
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

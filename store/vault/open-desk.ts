/**
 * What `picket vault` asks the database, on connections of its own: keys that were noted, what is sealed with which of
 * them, and the hashes of a key that goes. Nothing is connected until the first use; no key is needed.
 */
import type { StoreClock } from '../clock.ts';
import { limits } from '../limits.ts';
import { silentLog } from '../log.ts';
import { openPool } from '../pool.ts';
import { listTenants } from '../tenant-rows.ts';
import { createDatabase } from '../unit-of-work.ts';
import type { NotedKey } from './rotation-plan.ts';
import { noteRingChange, type RingChange, type RingEvent, ringChanges } from './vault-audit.ts';
import {
  countSealed,
  countUnfound,
  dropLookups,
  notedKeys,
  type SealedCount,
  tenantsWithData,
  withoutRestores,
} from './vault-records.ts';

export interface TenantSealed {
  tenant: string;
  tenantId: string;
  counts: SealedCount[];
}

export interface VaultDesk {
  noted(): Promise<NotedKey[]>;
  noteChange(who: string, event: RingEvent, key: string): Promise<void>;
  /** The latest changes of the ring by commands, in order. */
  changes(): Promise<RingChange[]>;
  /** Of each tenant that has anything sealed. */
  census(): Promise<TenantSealed[]>;
  /** Live users of all tenants that this key does not find. */
  unfound(keyId: string): Promise<number>;
  /** Nothing is restored while `work` runs. Throws `restore_running`. */
  withoutRestores<T>(work: () => Promise<T>): Promise<T>;
  /** Hashes of this key, in all tenants. */
  dropLookups(keyId: string): Promise<void>;
  close(): Promise<void>;
}

export function openVaultDesk(url: string, clock: StoreClock): VaultDesk {
  const db = createDatabase(openPool(url, limits.schemaConnectionsMax, silentLog), clock, silentLog);
  return {
    noted: async () => (await notedKeys(db)).keys,
    noteChange: (who, event, key) => noteRingChange(db, who, event, key),
    changes: () => ringChanges(db),
    async census() {
      const rows = await db.asPlatform(listTenants);
      const found: TenantSealed[] = [];
      for (const tenantId of await tenantsWithData(db)) {
        const counts = await countSealed(db, tenantId);
        const tenant = rows.find(({ id }) => id === tenantId)?.slug ?? tenantId;
        if (counts.length > 0) found.push({ tenant, tenantId, counts });
      }
      return found;
    },
    async unfound(keyId) {
      let all = 0;
      for (const tenantId of await tenantsWithData(db)) all += await countUnfound(db, tenantId, keyId);
      return all;
    },
    withoutRestores: (work) => withoutRestores(db, work),
    async dropLookups(keyId) {
      for (const tenantId of await tenantsWithData(db)) await dropLookups(db, tenantId, keyId);
    },
    close: () => db.close(),
  };
}

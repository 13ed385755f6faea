/** Retires authorities of tenants that were replaced, when what they signed is over: twice a minute. What is due, the store knows. */
import type { Cluster } from '../cluster/index.ts';
import { coordinatedWork } from './coordinated-work.ts';
import { authorityEndsLookMs } from './limits.ts';

export interface AuthorityEndsNeeds {
  cluster: Pick<Cluster, 'coordination'>;
  /** Retires some of those that are due, and answers which. */
  retire(isStill: () => boolean): Promise<readonly { tenantId: string; serial: string }[]>;
}

export function authorityEnds({ cluster, retire }: AuthorityEndsNeeds) {
  return coordinatedWork({
    name: 'authority_ends',
    cluster,
    everyMs: authorityEndsLookMs,
    failure: 'authorities of tenants could not be retired',
    run: (_epoch, isStill) => retire(isStill),
    ended(log, retired) {
      for (const { tenantId: tenant, serial } of retired)
        log('info', 'an authority of a tenant is retired', { tenant, serial });
    },
  });
}

/**
 * Ends the packages whose time is over, twice a minute. That a token is not taken past its time, the store sees to by itself;
 * two cores that end the same do no harm: each package ends once.
 */
import type { Cluster } from '../cluster/index.ts';
import { coordinatedWork } from './coordinated-work.ts';
import { packageEndsLookMs } from './limits.ts';
import type { Package, PackageStore } from './ports/package-store.ts';

export interface PackageEndsNeeds {
  cluster: Pick<Cluster, 'coordination'>;
  packages: Pick<PackageStore, 'expireDue'>;
  /** Told of each that ended. */
  ended(tenantId: string, row: Package): void;
}

export function packageEnds({ cluster, packages, ended }: PackageEndsNeeds) {
  return coordinatedWork({
    name: 'package_ends',
    cluster,
    everyMs: packageEndsLookMs,
    failure: 'packages could not be ended',
    run: () => packages.expireDue(),
    ended(log, rows) {
      for (const { tenantId, package: row } of rows) {
        log('info', 'a package is over', { tenant: tenantId, package: row.id });
        ended(tenantId, row);
      }
    },
  });
}

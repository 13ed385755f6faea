/**
 * Ends the packages whose time is over, on the core that coordinates, twice a minute. What is due, the store knows; that a
 * token is not taken past its time, the store sees to by itself.
 */
import type { Cluster } from '../cluster/index.ts';
import { defineActor, messageOf, type Self } from '../runtime/index.ts';
import { packageEndsLookMs } from './limits.ts';
import type { Package, PackageStore } from './ports/package-store.ts';

export interface PackageEndsNeeds {
  cluster: Pick<Cluster, 'coordination'>;
  packages: Pick<PackageStore, 'expireDue'>;
  /** Told of each that ended. */
  ended(tenantId: string, row: Package): void;
}

export interface PackageEndsProtocol {
  start: [];
  call: Record<never, never>;
  cast: Record<never, never>;
}

interface PackageEndsState {
  /** What was logged last, so that it is logged once. */
  told: string | null;
}

export function packageEnds(needs: PackageEndsNeeds) {
  return defineActor<PackageEndsState, PackageEndsProtocol>({
    name: 'package_ends',
    init(self) {
      self.after(packageEndsLookMs, 'look');
      return { told: null };
    },
    call: {},
    cast: {},
    info(self, info) {
      if (info.type === 'timeout') look(self, needs);
      else if (info.type === 'done') {
        ended(self, needs, info.value as Awaited<ReturnType<PackageStore['expireDue']>> | null, info.error);
        self.after(packageEndsLookMs, 'look');
      }
    },
  });
}

function look(self: Self<PackageEndsState>, { cluster, packages }: PackageEndsNeeds): void {
  // Two that end the same do no harm: each package ends once.
  if (cluster.coordination.mine() === null) self.after(packageEndsLookMs, 'look');
  else self.pipe(packages.expireDue(), 'ended');
}

function ended(
  self: Self<PackageEndsState>,
  needs: PackageEndsNeeds,
  rows: readonly { tenantId: string; package: Package }[] | null,
  error: unknown,
): void {
  const why = error === null ? null : messageOf(error);
  if (why !== null && self.state.told !== why)
    self.log('warn', 'packages could not be ended', { error: why });
  self.state.told = why;
  for (const { tenantId, package: row } of rows ?? []) {
    self.log('info', 'a package is over', { tenant: tenantId, package: row.id });
    needs.ended(tenantId, row);
  }
}

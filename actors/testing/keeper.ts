/**
 * The keeper of tenants (`tenants.ts`) over rows that a test changes, and a store that grants every lease and has no checks
 * unless the test says otherwise; what its trees write and tell can be looked at.
 */
import type { Cluster } from '../../cluster/index.ts';
import { noCoordination } from '../../cluster/testing/no-coordination.ts';
import { ActorSystem, defineActor, manualClock } from '../../runtime/index.ts';
import type { WriterProtocol, WriterRows, WriterTotals } from '../messages.ts';
import type { CheckStore } from '../ports/check-store.ts';
import type { LeaseStore } from '../ports/lease-store.ts';
import type { Tenant } from '../ports/tenant-store.ts';
import { tenants } from '../tenants.ts';

export function clusterOf(cores: () => string[], watch: (onChange: () => void) => void): Cluster {
  const nothing = () => {};
  return {
    node: 'core_1',
    boot: 1,
    tenant: null,
    names: {
      register: nothing,
      update: nothing,
      unregister: nothing,
      lookup: () => null,
      list: () => [],
      watch: nothing,
    },
    members: { list: () => [], live: cores, split: () => null, watch },
    topics: { publish: nothing, subscribe: nothing } as unknown as Cluster['topics'],
    ...noCoordination(cores),
    declare: nothing,
  };
}

interface Played {
  leases: Partial<LeaseStore>;
  checks: Partial<CheckStore>;
  lookup: Cluster['names']['lookup'];
  /** Changed by the test, which then tells the keeper to look. */
  cores: { now: string[] };
}

/** A keeper whose rows are changed by the test, over a store that grants every lease and has no checks, unless told. */
export function keeperOf(rows: { now: Tenant[] }, played: Partial<Played> = {}) {
  const clock = manualClock();
  const actors = new ActorSystem({ clock, node: 'core_1', boot: 1 });
  const asked: string[] = [];
  const told: unknown[] = [];
  const written: WriterRows[] = [];
  let reads = 0;
  const cluster = clusterOf(
    () => played.cores?.now ?? ['core_1'],
    () => {},
  );
  const update = (_key: unknown, metadata: unknown) => void told.push(metadata);
  const names = { ...cluster.names, update, ...(played.lookup && { lookup: played.lookup }) };
  const list = async () => {
    reads += 1;
    return rows.now;
  };
  const write = actors.spawn(
    defineActor<null, WriterProtocol>({
      name: 'writer',
      init: () => null,
      call: { flush: () => null as unknown as Promise<void>, totals: () => null as unknown as WriterTotals },
      cast: { write: (_self, _tenantId, _epoch, rows) => void written.push(rows) },
    }),
  );
  const keeper = actors.spawn(
    tenants({
      cluster: { ...cluster, names },
      ownMachineTenant: null,
      usable: () => true,
      writer: () => write,
      tenants: { create: () => Promise.reject(new Error('none')), list, find: async () => null },
      checks: {
        add: async () => [],
        list: async () => [],
        edit: async () => null,
        remove: async () => null,
        restore: async () => null,
        ...played.checks,
      },
      leases: {
        renewSession: async () => ({ databaseNowMs: 0, expiresAtMs: 4_000 }),
        endSession: async () => {},
        acquire: async (id) => {
          asked.push(id);
          return { granted: true, epoch: 1, databaseNowMs: 0 };
        },
        release: async () => {},
        ...played.leases,
      },
      results: {
        write: async () => ({ fenced: [] }),
        accounted: async () => [],
        gapInstants: async () => 0,
        results: async () => [],
        gaps: async () => [],
      },
    }),
  );
  return { clock, actors, keeper, asked, told, written, reads: () => reads };
}

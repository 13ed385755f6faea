/**
 * Tenants on their cores: when the world has settled each is active on exactly one living core, the one that has its
 * lease, and every node knows that name once. That an older epoch writes nothing is judged by the store as it writes.
 */
import { tenantKey } from '../../../actors/messages.ts';
import { simTenants } from '../sim-store.ts';
import type { Check } from './check.ts';

export const tenants: Check = {
  name: 'tenants',
  settled(world) {
    const { store } = world;
    const living = world.living();
    if (store === null || !living.some(({ site }) => site.role === 'core')) return;
    for (const { id } of simTenants) {
      const lease = store.leases.get(id);
      for (const life of living) {
        const listed = life.node.names.list(tenantKey(id));
        const [first] = listed;
        if (listed.length !== 1 || first === undefined) {
          world.fail(`${life.name} knows ${listed.length} holders of ${id}`);
          continue;
        }
        if (first.node !== lease?.node || first.ref.boot !== lease.boot)
          world.fail(`${life.name} says that ${first.node} holds ${id}, the lease is ${lease?.node}'s`);
        if (first.metadata.epoch !== lease?.epoch)
          world.fail(`${life.name} says epoch ${first.metadata.epoch} of ${id}, it is ${lease?.epoch}`);
      }
    }
  },
};

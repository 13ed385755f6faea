/**
 * The coordinator: at no moment two nodes may do its work, and no epoch is ever two nodes'; when the world has settled
 * every living node, with the database or without, tells the one that has the lease, and its epoch.
 */
import type { Check } from './check.ts';

export const coordinator: Check = {
  name: 'coordinator',
  begin(world) {
    holders.set(world, new Map());
  },
  always(world) {
    if (world.store === null) return;
    const seen = holders.get(world)!;
    const acting = [];
    for (const life of world.living()) {
      const epoch = life.node.coordination.mine();
      if (epoch === null) continue;
      acting.push(`${life.name} by epoch ${epoch}`);
      const holder = `${life.name} ${life.boot}`;
      const before = seen.get(epoch);
      if (before !== undefined && before !== holder)
        world.fail(`epoch ${epoch} of the coordinator is of ${before} and of ${holder}`);
      seen.set(epoch, holder);
    }
    if (acting.length > 1) world.fail(`two coordinate: ${acting.join(', ')}`);
  },
  settled(world) {
    const living = world.living();
    if (world.store === null || !living.some(({ site }) => site.role === 'core')) return;
    const { node, epoch } = world.store.coordinator;
    for (const life of living) {
      const told = life.node.coordinator();
      if (told.by !== 'lease' || told.node !== node || told.epoch !== epoch)
        world.fail(`${life.name} tells ${JSON.stringify(told)}, the lease is ${node}'s with epoch ${epoch}`);
    }
  },
};

/** Who was seen to act by which epoch. */
const holders = new WeakMap<object, Map<number, string>>();

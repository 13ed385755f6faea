/**
 * Nodes of a tenant, in the histories that take them: what they say of others counts nowhere, they write their own names of
 * their own tenant alone, and one that keeps to the rules is seen and sees. What reaches them is judged as it comes.
 */
import { tenantOfNode } from '../../../cluster/index.ts';
import { guestAccess, otherTenant, ownTenant } from '../guests.ts';
import { insidesOf } from '../insides.ts';
import type { Life } from '../life.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

export const guests: Check = {
  name: 'guests',
  begin(world) {
    if (world.guests.length === 0) return;
    world.watches.push({
      started(life) {
        if (life.site.tenant === null) noVotes(world, life);
      },
    });
  },
  always(world) {
    if (world.guests.length === 0) return;
    for (const life of world.living()) ownNamesOnly(world, life);
    for (const { life } of world.guests) if (life !== null) seesOwnOnly(world, life);
  },
  settled(world) {
    const guest = world.guests[0]?.life ?? null;
    if (guest === null) return;
    const held = guest.node.names.list({ node: guest.name, tenant: ownTenant, kind: 'poller' }).length;
    for (const life of world.living()) {
      const seen = life.node.names.list({ node: guest.name, kind: 'poller' }).length;
      if (seen !== held) world.fail(`${life.name} lists ${seen} names of ${guest.name}, which holds ${held}`);
      const doors = guest.node.names.list({ node: life.name, tenant: ownTenant, kind: 'scheduler' }).length;
      if (doors !== 1) world.fail(`${guest.name} sees ${doors} doors of ${life.name}`);
    }
  },
};

function noVotes(world: World, life: Life): void {
  const { members } = insidesOf(life.node);
  const apply = members.apply.bind(members);
  members.apply = (event) => {
    if ((event.type === 'gossip' || event.type === 'indirect_alive') && isGuest(event))
      world.fail(`${life.name} believes what a tenant's node says of others: ${event.type}`);
    apply(event);
  };
}

/** The sender of what is said of others, where the event names it. */
function isGuest(event: object): boolean {
  const { from, by } = event as { from?: string; by?: string };
  return tenantOfNode(from ?? by ?? '') !== null;
}

function ownNamesOnly(world: World, life: Life): void {
  for (const { name } of world.guests) {
    for (const { key } of life.node.names.list({ node: name }))
      if (key.tenant !== ownTenant || !(guestAccess.holds as readonly string[]).includes(key.kind))
        world.fail(`${life.name} lists ${key.tenant}/${key.kind}/${key.id} of ${name}`);
  }
}

function seesOwnOnly(world: World, guest: Life): void {
  for (const { key, node } of guest.node.names.list({ tenant: otherTenant }))
    if (node !== guest.name) world.fail(`${guest.name} sees ${key.id} of another tenant`);
  for (const { name, tenant } of guest.node.members.list())
    if (tenant !== null && tenant !== ownTenant) world.fail(`${guest.name} sees ${name} of another tenant`);
}

/**
 * Nodes of a tenant, in the histories that take them: nothing is taken of them that is not theirs to say, nothing of what
 * was forged is known to anybody, they write their own names of their own tenant alone, and one that keeps to the rules is
 * seen and sees. What reaches them is judged as it comes (`guests.ts`).
 */
import { nodeOf } from '../../../cluster/fence.ts';
import type { Frame } from '../../../cluster/frame.ts';
import { forgedWord } from '../guest-forgeries.ts';
import { guestAccess, otherTenant, ownTenant } from '../guests.ts';
import { insidesOf, wantsOf } from '../insides.ts';
import type { Life } from '../life.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

export const guests: Check = {
  name: 'guests',
  begin(world) {
    if (world.guests.length === 0) return;
    world.watches.push({
      started(life) {
        if (life.site.tenant === null) nothingOfOthers(world, life);
      },
    });
  },
  always(world) {
    if (world.guests.length === 0) return;
    for (const life of world.living()) {
      ownNamesOnly(world, life);
      nothingForged(world, life);
    }
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

/** What concerns others than the two ends of a link, whoever is at the other. */
const ofOthers: ReadonlySet<string> = new Set([
  'view',
  'probe',
  'probe_alive',
  'registry_origins',
  'registry_heads',
  'supervisor',
]);

/** What the fence let in, said once more in other words. */
function nothingOfOthers(world: World, life: Life): void {
  const inside = insidesOf(life.node);
  const { frame: take } = inside;
  inside.frame = (link, frame) => {
    const from = nodeOf(link.peer!.identity);
    if (from !== null && from.tenant !== null && isOfOthers(life, from.name, frame))
      world.fail(`${life.name} takes ${frame.kind} of ${from.name}, a tenant's node`);
    take.call(inside, link, frame);
  };
}

function isOfOthers(life: Life, from: string, frame: Frame): boolean {
  if (ofOthers.has(frame.kind)) return true;
  if (frame.kind !== 'registry_delta' && frame.kind !== 'registry_fetch') return false;
  const { origin, tenant } = frame.header;
  const owner = frame.kind === 'registry_delta' ? from : life.name;
  return origin !== owner || tenant !== ownTenant;
}

/** Neither the node of which only lies tell, nor the names and children, nor a boot that nobody has. */
function nothingForged(world: World, life: Life): void {
  const { members } = insidesOf(life.node);
  const { peers, candidates } = members.state;
  if (peers.has(forgedWord) || candidates.has(forgedWord))
    world.fail(`${life.name} believes a tenant's node that there is a node ${forgedWord}`);
  for (const { key, node } of life.node.names.list({ partition: forgedWord }))
    world.fail(`${life.name} lists ${key.tenant}/${key.kind}/${key.id} of ${node}, which was forged`);
  for (const id of wantsOf(life.node).keys())
    if (id.startsWith(forgedWord)) world.fail(`${life.name} wants ${id}, which a tenant's node started`);
  for (const { name, bootMax } of world.sites)
    if ((candidates.get(name)?.boot ?? 0) > bootMax)
      world.fail(`${life.name} looks for a boot of ${name} that never was`);
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

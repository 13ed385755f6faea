/**
 * Faults of the fence around tenants' nodes, planted where a link gets its fence, where it is asked, and behind it: what it
 * refuses is taken all the same. Behind it stands a second guard (membership and the merge look whose word it is), so what
 * comes of a lie shows only where both are passed.
 */

import { readWord, type Word } from '../../../cluster/children-wire.ts';
import type { LinkFence } from '../../../cluster/fence-link.ts';
import type { Frame } from '../../../cluster/frame.ts';
import { tenantOfNode } from '../../../cluster/index.ts';
import type { Link } from '../../../cluster/link.ts';
import { originFor } from '../../../cluster/registry-exchange.ts';
import { readRegistryFrame } from '../../../cluster/registry-frames.ts';
import { shardOf } from '../../../cluster/registry-shard.ts';
import {
  groupFor,
  putClaim,
  type RegistryEffect,
  type RegistryState,
} from '../../../cluster/registry-state.ts';
import { insidesOf } from '../insides.ts';
import type { Life } from '../life.ts';
import type { World } from '../world.ts';
import type { Planted } from './planted.ts';

interface Fences {
  of(...peer: unknown[]): LinkFence | null;
}

const fencesOf = (life: Life) =>
  (insidesOf(life.node).mesh as unknown as { options: { fences: Fences } }).options.fences;

/** Lets these kinds in on every link of a tenant's node. */
function letIn(life: Life, kinds: readonly Frame['kind'][]): void {
  if (life.site.tenant !== null) return;
  const fences = fencesOf(life);
  const of = fences.of.bind(fences);
  fences.of = (...peer) => {
    const fence = of(...peer);
    if (fence === null) return null;
    const arrives = fence.arrives.bind(fence);
    fence.arrives = (frame) => (kinds.includes(frame.kind) ? null : arrives(frame));
    return fence;
  };
}

/** Takes what the fence refused. */
function takeRefused(life: Life, take: (link: Link, frame: Frame) => void): void {
  if (life.site.tenant !== null) return;
  const inside = insidesOf(life.node);
  const { refused } = inside;
  inside.refused = (link, frame) => {
    take(link, frame);
    refused.call(inside, link, frame);
  };
}

interface Names {
  readonly state: RegistryState;
  readonly needs: { holds: readonly string[] | null };
  apply(event: { type: string; tenant?: string | null }): void;
  receive(peer: string, frame: Frame): void;
  perform(effect: RegistryEffect): void;
}

const namesOf = (life: Life) => life.node.names as unknown as Names;

/** As if a node of ours had said it. */
function count(world: World, life: Life, kinds: readonly Frame['kind'][]): void {
  takeRefused(life, (link, frame) => {
    if (!kinds.includes(frame.kind)) return;
    const voter = world.living().find(({ name }) => life.linkedSinceMs.has(name));
    if (voter === undefined) return;
    const members = life.node.members as unknown as {
      receive(link: Link, name: string, boot: number, frame: Frame): void;
    };
    members.receive(link, voter.name, voter.boot, frame);
  });
}

export const guestFaults: readonly Planted[] = [
  {
    name: 'the fence is open in one direction: a tenant’s node is sent what all are sent',
    plant(life) {
      if (life.site.tenant !== null) return;
      const fences = fencesOf(life);
      const of = fences.of.bind(fences);
      fences.of = (...peer) => {
        const fence = of(...peer);
        return fence?.far.isTenants ? null : fence;
      };
    },
  },
  {
    name: 'the fence lets in what a tenant’s node says of others',
    plant: (life) => letIn(life, ['view', 'probe_alive']),
  },
  {
    name: 'the fence lets in whatever names a tenant’s node tells',
    plant: (life) => letIn(life, ['registry_delta']),
  },
  {
    name: 'the view of a tenant’s node is counted',
    plant: (life, world) => count(world, life, ['view']),
  },
  {
    name: 'a tenant’s node vouches for the dead',
    plant: (life, world) => count(world, life, ['probe_alive']),
  },
  {
    name: 'a tenant’s node writes names of other tenants',
    plant(life) {
      takeRefused(life, (_link, frame) => {
        if (frame.kind !== 'registry_delta' || tenantOfNode(frame.header.origin) === null) return;
        const event = readRegistryFrame(insidesOf(life.node).codec, frame.header.origin, frame);
        if (event === null || event === 'not_of_registry' || event.type !== 'delta') return;
        const names = namesOf(life);
        const { state } = names;
        const effects: RegistryEffect[] = [];
        const { origin: name, boot, tenant, puts } = event.delta;
        const origin = originFor(state, effects, name, boot);
        for (const [partition, kind, id, ref, metadata, sequence, clock, supervised] of puts) {
          if (origin === null) return;
          const shard = shardOf(origin, tenant);
          const group = groupFor(state, { tenant, partition, kind, id });
          if (group.slots.has(id)) continue;
          const claim = { group, id, shard, ref, metadata, sequence, clock, supervised };
          putClaim(state, effects, claim, null, undefined);
        }
        for (const effect of effects) names.perform(effect);
      });
    },
  },
  {
    name: 'a tenant’s node relays names of others',
    plant(life) {
      if (life.site.tenant !== null) return;
      const names = namesOf(life);
      const apply = names.apply.bind(names);
      names.apply = (event) => apply(event.type === 'link_up' ? { ...event, tenant: null } : event);
      takeRefused(life, ({ fence }, frame) => {
        if (frame.kind === 'registry_delta') names.receive(fence!.far.node, frame);
      });
    },
  },
  {
    name: 'a tenant’s node holds names of any kind',
    plant(life) {
      namesOf(life).needs.holds = null;
    },
  },
  {
    name: 'children of a tenant’s node are wanted',
    plant(life) {
      const supervisor = life.node.supervisor as unknown as { receive(peer: string, word: Word): void };
      takeRefused(life, ({ fence }, frame) => {
        if (frame.kind !== 'supervisor') return;
        const word = readWord(insidesOf(life.node).codec.decode(frame.payload));
        if (word !== null && typeof word !== 'string') supervisor.receive(fence!.far.node, word);
      });
    },
  },
  {
    name: 'names of others are told to a tenant’s node that asks for them',
    plant(life) {
      if (life.site.tenant !== null) return;
      const fences = fencesOf(life);
      const of = fences.of.bind(fences);
      fences.of = (...peer) => {
        const fence = of(...peer);
        if (fence !== null) fence.departs = () => true;
        return fence;
      };
      const names = namesOf(life);
      takeRefused(life, ({ fence }, frame) => {
        const scope = names.state.links.get(fence!.far.node);
        if (frame.kind !== 'registry_fetch' || scope === undefined) return;
        names.state.links.set(fence!.far.node, { ...scope, tenant: null });
        names.receive(fence!.far.node, frame);
        names.state.links.set(fence!.far.node, scope);
      });
    },
  },
];

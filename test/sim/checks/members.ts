/**
 * Members and links, when the world has settled: every node sees exactly the living lives as up, has one link to each
 * and nothing left over from those that are gone.
 */

import { tenantOfNode } from '../../../cluster/index.ts';
import { suspectAfterMs } from '../../../cluster/limits.ts';
import { viewHash } from '../../../cluster/membership-view.ts';
import { insidesOf } from '../insides.ts';
import type { Check } from './check.ts';

export const members: Check = {
  name: 'members',
  settled(world) {
    const living = new Map(world.living().map((life) => [life.name, life]));
    for (const life of living.values()) {
      const seen = new Map(life.node.members.list().map((member) => [member.name, member]));
      for (const other of living.values()) {
        const member = seen.get(other.name);
        const because = member?.because.at(-1);
        if (member === undefined) world.fail(`${life.name} does not know ${other.name}`);
        else if (member.boot !== other.boot)
          world.fail(`${life.name} knows boot ${member.boot} of ${other.name}, it is ${other.boot}`);
        else if (member.status !== 'up')
          world.fail(`${life.name} says that ${other.name} is ${member.status}: ${because}`);
      }
      const { state } = insidesOf(life.node).members;
      if (viewHash(state) !== viewHash({ ...state, viewHash: null }))
        world.fail(`${life.name} remembers a hash of its view that it no longer has`);
      for (const [name, { status }] of seen) {
        if (!living.has(name) && tenantOfNode(name) === null && (status === 'up' || status === 'suspect'))
          world.fail(`${life.name} says that ${name} is ${status}, it is gone`);
      }
    }
  },
};

/** Whoever is heard is not suspected, and whoever is told that it is says with a higher incarnation that it lives. */
export const refutes: Check = {
  name: 'refutes',
  always(world) {
    for (const life of world.living()) {
      const { mesh, members: vigil } = insidesOf(life.node);
      const nowMs = life.clock.monotonicMs();
      for (const [name, { status }] of vigil.state.peers) {
        const link = mesh.links.get(name);
        const heardAtMs = link?.beat?.heardAtMs ?? 0;
        if (status === 'suspect' && nowMs - heardAtMs < suspectAfterMs)
          world.fail(`${life.name} suspects ${name}, which it heard ${nowMs - heardAtMs} ms ago`);
      }
    }
  },
  begin(world) {
    world.watches.push({
      started(life) {
        const { members: vigil } = insidesOf(life.node);
        const apply = vigil.apply.bind(vigil);
        vigil.apply = (event) => {
          apply(event);
          if (event.type !== 'gossip' || vigil.state.peers.get(event.from)?.linked !== true) return;
          for (const { name, boot, status, incarnation } of event.entries) {
            if (
              name === life.name &&
              boot === life.boot &&
              status !== 'up' &&
              incarnation >= vigil.state.incarnation
            )
              world.fail(`${life.name} did not refute what ${event.from} says of it: ${status}`);
          }
        };
      },
    });
  },
};

export const links: Check = {
  name: 'links',
  settled(world) {
    const living = world.living();
    for (const life of living) {
      const { mesh, router } = insidesOf(life.node);
      const others = living.length - 1;
      const guests = [...mesh.links.keys()].filter((name) => tenantOfNode(name) !== null).length;
      if (mesh.links.size - guests !== others)
        world.fail(`${life.name} has ${mesh.links.size - guests} links to ${others} nodes`);
      const isFenced = (peer: string | null) => peer !== null && tenantOfNode(peer) !== null;
      const coming = [...mesh.open.values()].filter(isFenced).length - guests;
      if (mesh.open.size - coming !== mesh.links.size)
        world.fail(`${life.name} has ${mesh.open.size} connections for ${mesh.links.size} links`);
      const beating = [...mesh.open.keys()].filter(({ beat }) => beat !== null).length;
      if (coming === 0 && beating !== mesh.links.size)
        world.fail(`${life.name} keeps heartbeats of ${beating} links, there are ${mesh.links.size}`);
      if (router.calls.size > world.ledger.openCalls.size + 200)
        world.fail(`${life.name} keeps ${router.calls.size} remote calls`);
    }
  },
};

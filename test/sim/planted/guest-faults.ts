/** Faults of the fence around tenants' nodes, planted where a link gets its fence and where it is asked. */
import type { LinkFence } from '../../../cluster/fence-link.ts';
import { insidesOf } from '../insides.ts';
import type { Life } from '../life.ts';
import type { Planted } from './planted.ts';

interface Fences {
  of(...peer: unknown[]): LinkFence | null;
}

const fencesOf = (life: Life) =>
  (insidesOf(life.node).mesh as unknown as { options: { fences: Fences } }).options.fences;

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
    name: 'what a tenant’s node says of others is counted',
    plant(life) {
      if (life.site.tenant !== null) return;
      const fences = fencesOf(life);
      const of = fences.of.bind(fences);
      fences.of = (...peer) => {
        const fence = of(...peer);
        if (fence === null) return null;
        const arrives = fence.arrives.bind(fence);
        fence.arrives = (frame) =>
          frame.kind === 'view' || frame.kind === 'probe_alive' ? null : arrives(frame);
        return fence;
      };
    },
  },
  {
    name: 'a tenant’s node may write names of other tenants',
    plant(life) {
      if (life.site.tenant !== null) return;
      const fences = fencesOf(life);
      const of = fences.of.bind(fences);
      fences.of = (...peer) => {
        const fence = of(...peer);
        if (fence === null) return null;
        const arrives = fence.arrives.bind(fence);
        fence.arrives = (frame) => (frame.kind === 'registry_delta' ? null : arrives(frame));
        return fence;
      };
    },
  },
];

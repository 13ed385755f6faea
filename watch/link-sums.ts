/**
 * What went over a node's links, by peer, as numbers that only grow: a link counts from its own beginning, and a peer has
 * several in a life. Bounded: nodes of tenants are one peer, operators' commands another, and platform nodes past the bound
 * are told together. Pure.
 */
import type { LinkView } from '../cluster/index.ts';
import { fencedPeersMax, peersShownMax } from './limits.ts';

export interface LinkSum {
  framesIn: number;
  framesOut: number;
  bytesIn: number;
  bytesOut: number;
  refused: number;
}

const fields = ['framesIn', 'framesOut', 'bytesIn', 'bytesOut', 'refused'] as const;

export class LinkSums {
  readonly byPeer = new Map<string, LinkSum>();
  /** What the tenant fence refused, by rule. */
  readonly refusedByRule: Record<string, number> = {};
  /** By the peer's own name: the fence counts by peer, over all its links. */
  private readonly fencedBefore = new Map<string, LinkView['fenced']>();
  private seen = new Map<string, LinkSum>();

  /** The open links now; what a link carried since the last look and before its end is not in the sums. */
  look(links: readonly LinkView[]): void {
    const now = new Map<string, LinkSum>();
    for (const link of links) {
      const key = `${link.name} ${link.boot} ${link.since} ${link.dialled}`;
      const before = this.seen.get(key) ?? nothing();
      const sum = this.of(link);
      const read = nothing();
      for (const field of fields) {
        read[field] = link[field];
        sum[field] += Math.max(0, link[field] - before[field]);
      }
      now.set(key, read);
      if (link.tenant !== null && link.name !== null) this.lookAtFence(link.name, link.fenced);
    }
    this.seen = now;
  }

  /** What stands for a link's peer in a label. */
  peerOf({ name, role, tenant }: LinkView): string {
    if (tenant !== null) return 'tenants';
    if (name === null || role === 'operator') return 'operators';
    const isShown = this.byPeer.has(name) || this.byPeer.size < peersShownMax + 3;
    return isShown ? name : 'others';
  }

  private lookAtFence(name: string, fenced: LinkView['fenced']): void {
    const before: Record<string, number> = this.fencedBefore.get(name) ?? {};
    for (const [rule, count] of Object.entries(fenced))
      this.refusedByRule[rule] = (this.refusedByRule[rule] ?? 0) + Math.max(0, count - (before[rule] ?? 0));
    this.fencedBefore.delete(name);
    this.fencedBefore.set(name, { ...fenced });
    const [longestAway] = this.fencedBefore.keys();
    if (this.fencedBefore.size > fencedPeersMax) this.fencedBefore.delete(longestAway!);
  }

  private of(link: LinkView): LinkSum {
    const peer = this.peerOf(link);
    const known = this.byPeer.get(peer);
    if (known !== undefined) return known;
    const sum = nothing();
    this.byPeer.set(peer, sum);
    return sum;
  }
}

function nothing(): LinkSum {
  return { framesIn: 0, framesOut: 0, bytesIn: 0, bytesOut: 0, refused: 0 };
}

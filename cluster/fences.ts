/**
 * All fenced peers of a node: who may have a link, the fence of each life, and what is remembered beyond it. Between the
 * mesh (links) and fence-link.ts (one peer).
 */
import type { PeerIdentity } from '../certs/index.ts';
import type { Clock, Log } from '../runtime/index.ts';
import type { ActorLabels } from './actor-labels.ts';
import { linkRestMs, newBudget, spendLink } from './admission/fence-budget.ts';
import { type FenceHolder, type FenceVerdict, judgePeer, nodeOf, type TenantAccess } from './fence.ts';
import { mayLink, noRefusals } from './fence-count.ts';
import { type Conduct, type FenceNeeds, LinkFence } from './fence-link.ts';
import { fencedPeersKeptMax } from './limits.ts';
import { tenantOfNode } from './names.ts';

export class Fences {
  private readonly needs: FenceNeeds;
  private readonly holder: FenceHolder;
  private readonly live = new Map<string, LinkFence>();
  /** By node name, the latest last. */
  private readonly conducts = new Map<string, Conduct>();

  constructor(needs: FenceNeeds, holder: FenceHolder) {
    this.needs = needs;
    this.holder = holder;
  }

  admit(identity: PeerIdentity): FenceVerdict {
    const verdict = judgePeer(identity, this.holder);
    const node = nodeOf(identity);
    if (!verdict.allowed || node === null || node.tenant === null) return verdict;
    const nowMs = this.needs.monotonicMs();
    const { refusals, budget } = this.conductOf(node.name);
    if (!mayLink(refusals, nowMs))
      return { allowed: false, detail: `${refusals.total} refusals: it may link again a little later` };
    const restMs = linkRestMs(budget, nowMs);
    if (restMs > 0)
      return { allowed: false, detail: `it took more than its share: it may link again in ${restMs} ms` };
    spendLink(budget, nowMs);
    return verdict;
  }

  /** The fence of that life of the peer; null between nodes of the platform. */
  of(identity: PeerIdentity, boot: number): LinkFence | null {
    const node = nodeOf(identity);
    const tenant = node?.tenant ?? this.holder.tenant;
    if (node === null || tenant === null) return null;
    const present = this.live.get(node.name);
    if (present !== undefined && present.far.boot === boot) return present;
    const far = { node: node.name, boot, isTenants: node.tenant !== null };
    const fence = new LinkFence(this.needs, tenant, far, this.conductOf(node.name));
    this.live.set(node.name, fence);
    return fence;
  }

  /** The peer's last link is gone. */
  lost(name: string, boot: number): void {
    if (this.live.get(name)?.far.boot === boot) this.live.delete(name);
  }

  private conductOf(name: string): Conduct {
    const conduct = this.conducts.get(name) ?? { refusals: noRefusals(), budget: newBudget() };
    this.conducts.delete(name);
    this.conducts.set(name, conduct);
    if (this.conducts.size > fencedPeersKeptMax) this.conducts.delete(this.conducts.keys().next().value!);
    return conduct;
  }
}

/** An address is what the peer says: no node of the platform connects somewhere because a customer's does. It dials us. */
export function mayDial(own: string | null, peer: string): boolean {
  return own !== null || tenantOfNode(peer) === null;
}

export interface FencedNode {
  readonly node: string;
  readonly boot: number;
  readonly tenant: string | null;
  readonly procedures: { isForTenants(procedure: string): boolean };
}

export function fencesOf(
  { node, boot, tenant, procedures }: FencedNode,
  labels: ActorLabels,
  options: { readonly log: Log; readonly clock: Clock; readonly tenantAccess?: TenantAccess | null },
): Fences {
  return new Fences(
    {
      near: { node, boot, isTenants: tenant !== null },
      labelOf: (id) => tenant ?? labels.tenantOf(id),
      isDoorOf: (id, asking) => labels.isDoorOf(id, asking),
      mayCall: (procedure) => procedures.isForTenants(procedure),
      log: options.log,
      monotonicMs: () => options.clock.monotonicMs(),
      busyMs: () => options.clock.busyMs(),
    },
    { tenant, access: options.tenantAccess ?? null },
  );
}

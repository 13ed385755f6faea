/**
 * The agents of this node: an actor for each that has a connection here, started with its first and ended a little after its
 * last. Between the connections, which come and go, and the actors. Names are the registry's business.
 */
import type { ActorSystem, Clock, Ref } from '../runtime/index.ts';
import type { EdgeAgentProtocol } from './edge-agent.ts';
import { agentLingerMs } from './limits.ts';
import { type EdgePeer, holderOf } from './peer.ts';

interface Present {
  readonly peer: EdgePeer;
  ref: Ref<EdgeAgentProtocol> | null;
  connections: number;
  stopWaiting: (() => void) | null;
}

export interface AgentsNeeds {
  readonly system: ActorSystem;
  readonly clock: Clock;
  readonly start: (peer: EdgePeer) => Ref<EdgeAgentProtocol>;
}

export class Agents {
  private readonly needs: AgentsNeeds;
  private readonly present = new Map<string, Present>();
  /** The same by tenant: what changes in one is told to its own, of thousands. */
  private readonly ofTenant = new Map<string, Set<Present>>();

  constructor(needs: AgentsNeeds) {
    this.needs = needs;
  }

  joined(peer: EdgePeer): void {
    const key = holderOf(peer);
    const one = this.present.get(key) ?? { peer, ref: null, connections: 0, stopWaiting: null };
    one.connections += 1;
    one.stopWaiting?.();
    one.stopWaiting = null;
    this.present.set(key, one);
    const own = this.ofTenant.get(peer.tenantId) ?? new Set<Present>();
    this.ofTenant.set(peer.tenantId, own.add(one));
    this.actorOf(peer);
  }

  left(peer: EdgePeer): void {
    const key = holderOf(peer);
    const one = this.present.get(key);
    if (one === undefined) return;
    one.connections -= 1;
    if (one.connections > 0) return;
    one.stopWaiting = this.needs.clock.timer(agentLingerMs, () => this.end(key));
  }

  /** Its actor, started anew when it crashed; null when the agent has no connection here. */
  actorOf(peer: EdgePeer): Ref<EdgeAgentProtocol> | null {
    const one = this.present.get(holderOf(peer));
    if (one === undefined) return null;
    if (one.ref === null) {
      const ref = this.needs.start(one.peer);
      one.ref = ref;
      void this.needs.system.ended(ref).then(() => {
        if (one.ref === ref) one.ref = null;
      });
    }
    return one.ref;
  }

  /** Their configs may be other ones now. */
  lookAgain(tenantId: string): void {
    for (const { ref } of this.ofTenant.get(tenantId) ?? [])
      if (ref !== null) this.needs.system.cast(ref).lookAgain();
  }

  of(tenantId: string): EdgePeer[] {
    return Array.from(this.ofTenant.get(tenantId) ?? [], ({ peer }) => peer);
  }

  get size(): number {
    return this.present.size;
  }

  /** Resolves when all of their actors have ended. */
  async endAll(): Promise<void> {
    const refs = [...this.present.keys()].map((key) => this.end(key));
    await Promise.all(refs);
  }

  private async end(key: string): Promise<void> {
    const one = this.present.get(key);
    if (one === undefined) return;
    this.present.delete(key);
    const { tenantId } = one.peer;
    const own = this.ofTenant.get(tenantId);
    own?.delete(one);
    if (own?.size === 0) this.ofTenant.delete(tenantId);
    one.stopWaiting?.();
    const { ref } = one;
    if (ref === null) return;
    const ended = this.needs.system.ended(ref);
    this.needs.system.exit(ref, 'shutdown');
    await ended;
  }
}

/**
 * What calls that are under way hold of what agents sent: bounded for each agent, each tenant and the whole door. While much is held,
 * which it is when the store falls behind, no further stream is read; those that were begun go on, so none waits for another.
 */
import type { Clock } from '../runtime/index.ts';
import {
  agentCalmBytes,
  agentHeldBytesMax,
  doorCalmBytes,
  doorHeldBytesMax,
  roomWaitMs,
  tenantHeldBytesMax,
} from './limits.ts';
import { tenantOfHolder } from './peer.ts';

interface Waiting {
  readonly agent: string;
  readonly done: (isRoom: boolean) => void;
}

export class HeldBytes {
  private readonly clock: Clock;
  private readonly byAgent = new Map<string, number>();
  private readonly byTenant = new Map<string, number>();
  private readonly waiting = new Set<Waiting>();
  private total = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** False: it would be too much, and nothing was taken. */
  take(agent: string, bytes: number): boolean {
    const held = this.byAgent.get(agent) ?? 0;
    const tenant = tenantOfHolder(agent);
    const ofTenant = this.byTenant.get(tenant) ?? 0;
    if (held + bytes > agentHeldBytesMax || this.total + bytes > doorHeldBytesMax) return false;
    if (ofTenant + bytes > tenantHeldBytesMax) return false;
    this.byAgent.set(agent, held + bytes);
    this.byTenant.set(tenant, ofTenant + bytes);
    this.total += bytes;
    return true;
  }

  give(agent: string, bytes: number): void {
    lessen(this.byAgent, agent, bytes);
    lessen(this.byTenant, tenantOfHolder(agent), bytes);
    this.total -= bytes;
    for (const one of [...this.waiting]) if (this.isCalm(one.agent)) one.done(true);
  }

  /** Resolves when a stream of the agent may be read; false when that takes too long. */
  calm(agent: string): Promise<boolean> {
    if (this.isCalm(agent)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const one: Waiting = {
        agent,
        done: (isRoom) => {
          cancel();
          this.waiting.delete(one);
          resolve(isRoom);
        },
      };
      const cancel = this.clock.timer(roomWaitMs, () => one.done(false));
      this.waiting.add(one);
    });
  }

  get bytes(): number {
    return this.total;
  }

  private isCalm(agent: string): boolean {
    return (this.byAgent.get(agent) ?? 0) <= agentCalmBytes && this.total <= doorCalmBytes;
  }
}

function lessen(held: Map<string, number>, key: string, bytes: number): void {
  const left = (held.get(key) ?? 0) - bytes;
  if (left > 0) held.set(key, left);
  else held.delete(key);
}
